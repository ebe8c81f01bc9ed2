/** HTTP calls with credentials and repeats, whose replies become values or errors. */

import { onAbort } from "./abort-listeners.js";
import { STANDARD, byteLength, textOf } from "./encoding.js";
import type { Json } from "./encoding.js";
import { Connections } from "./connections.js";
import type { Credentials } from "./credentials.js";
import { NotEventLease, Unauthenticated, problemError, refusedHere } from "./errors.js";
import type { Problem } from "./errors.js";
import { defaultLogger } from "./logger.js";
import type { Logger } from "./logger.js";
import { failureOfReply } from "./rules/repeats.js";
import type { Repeat } from "./rules/repeats.js";
import { TIMING, Tries } from "./tries.js";
import type { Timing } from "./tries.js";
import { TransportError, baseOf, exchange } from "./transport.js";
import type { Fetch, Received, Request } from "./transport.js";
import { Turns } from "./turns.js";
import { VERSION } from "./version.js";

/** How this client names itself to the server. */
export const CLIENT: string = `eventlease-typescript/${VERSION}`;
export const USER_AGENT: string = `${CLIENT} (node ${process.versions.node}; ${process.platform})`;
const MAX_BODY_BYTES = 15 * 1024 * 1024;

/** How one call is made. */
export interface CallOptions {
  /** The time limit of each try, which is also limited to what is left of the time for repeats (and at least 2 s). */
  readonly seconds: number;
  /** How much longer than what is left a try may take. Default: 0. */
  readonly spareSeconds?: number | undefined;
  readonly repeat: Repeat;
  readonly headers?: Readonly<Record<string, string>> | undefined;
  /** Aborts the call, which then throws the signal's reason. */
  readonly signal?: AbortSignal | undefined;
  /** Statuses from 400 that count as success if the body is not a problem document. */
  readonly accept?: readonly number[];
  /** True if the server waits before it answers; then the call does not count among those at once. */
  readonly isWaiting?: boolean | undefined;
}

/** What all calls of a caller share. */
export interface CallsOptions extends Partial<Timing> {
  readonly credentials: Credentials;
  readonly fetch?: Fetch | undefined;
  readonly json?: Json | undefined;
  readonly logger?: Logger | undefined;
  /** How many requests may be under way at once. Default: any number. */
  readonly atOnce?: number | undefined;
}

/** A successful reply. */
export interface Reply extends Received {
  /** When the successful try was sent, in monotonic seconds. */
  readonly sentAt: number;
}

/** Makes calls. When one base address fails, the next is used. */
export class Calls {
  readonly #urls: string[];
  readonly #credentials: Credentials;
  /** Null: node:http is used instead. */
  readonly #fetch: Fetch | null;
  readonly #connections: Connections = new Connections();
  readonly #json: Json;
  readonly #logger: Logger;
  readonly #timing: Timing;
  readonly #turns: Turns | null;
  readonly #underWay: Set<AbortController> = new Set();
  #isClosed = false;
  /** When the last try was sent, whether or not it succeeded. */
  sentAt = 0;

  constructor(urls: readonly string[], options: CallsOptions) {
    this.#urls = urls.map(baseOf);
    this.#credentials = options.credentials;
    this.#fetch = options.fetch ?? null;
    this.#json = options.json ?? STANDARD;
    this.#logger = options.logger ?? defaultLogger();
    const { signal, now, random, sleep } = { ...TIMING, ...options };
    this.#timing = { signal, now, random, sleep };
    this.#turns = options.atOnce === undefined ? null : new Turns(options.atOnce);
  }

  /** Aborts all requests. Their calls throw Unavailable once they are not repeated. */
  close(): void {
    this.#isClosed = true;
    for (const controller of this.#underWay) controller.abort();
    this.#connections.close();
  }

  /** The decoded body of the reply; undefined if it is empty. */
  async call(method: string, path: string, body: unknown, options: CallOptions): Promise<unknown> {
    const reply = await this.send(method, path, body === undefined ? undefined : this.textOf(body), options);
    return reply.text === "" ? undefined : this.decode(reply);
  }

  /** A request body as JSON. Throws InvalidInput for whatever goes wrong, even in a caller's `toJSON`. */
  textOf(body: unknown): string {
    try {
      return textOf(body, this.#json);
    } catch (error) {
      throw refusedHere(
        `this cannot be written as JSON: ${error instanceof Error ? error.message : String(error)}`,
        422,
        error,
      );
    }
  }

  /** The decoded object of a reply. Throws NotEventLease if one of these members is missing. */
  decodeObject<Members extends object = Record<string, unknown>>(
    reply: Received,
    ...members: (keyof Members & string)[]
  ): Members {
    const value = this.decode(reply);
    if (typeof value !== "object" || value === null || !members.every((name) => name in value)) {
      throw notEventLease(reply);
    }
    return value as Members;
  }

  /** The decoded body of a reply. Throws NotEventLease if it is not JSON. */
  decode(reply: Received): unknown {
    try {
      return this.#json.parse(reply.text);
    } catch {
      throw notEventLease(reply);
    }
  }

  /**
   * The successful reply to a request, whose body is a JSON text.
   *
   * Throws a ProblemError if the server refuses it, Unavailable without a definite answer, and NotEventLease.
   */
  async send(method: string, path: string, body: string | undefined, options: CallOptions): Promise<Reply> {
    const bytes = body === undefined ? 0 : byteLength(body);
    if (bytes > MAX_BODY_BYTES) {
      throw refusedHere(`a body of ${bytes} bytes is longer than the limit of ${MAX_BODY_BYTES}`, 413);
    }
    const tries = new Tries(
      `${method} ${path.split("?", 1)[0] ?? ""}`,
      options.repeat,
      this.#timing,
      this.#logger,
      options.signal ?? null,
    );
    let wasRenewed = false;
    for (;;) {
      const shown = await this.#credentials.headers();
      options.signal?.throwIfAborted();
      const base = this.#urls[0] ?? "";
      const headers = { "User-Agent": USER_AGENT, Accept: "application/json", ...shown, ...options.headers };
      const content = body === undefined ? headers : { "Content-Type": "application/json", ...headers };
      const turns = options.isWaiting === true ? null : this.#turns;
      const spare = options.spareSeconds ?? 0;
      let received: Received;
      let sentAt: number;
      try {
        if (turns !== null) await this.#turn(turns, tries.secondsLeft(spare), options.signal);
        try {
          options.signal?.throwIfAborted();
          sentAt = this.sentAt = this.#timing.now();
          const seconds = tries.trySeconds(options.seconds, spare);
          received = await this.#exchange(base, { method, path, headers: content, body }, seconds, options.signal);
        } finally {
          turns?.give();
        }
      } catch (error) {
        if (!(error instanceof TransportError)) throw error;
        options.signal?.throwIfAborted();
        if (await tries.failed(error.failure, `${base}: ${error.message}`, { error })) this.#moveBack(base);
        continue;
      }
      const { status } = received;
      const problem = status < 400 ? null : problemOf(received);
      const failure = status < 400 ? null : failureOfReply(status, problem?.code ?? null);
      if (failure !== null) {
        if (await tries.failed(failure, `${base}: status ${status}`, { reply: received, problem }))
          this.#moveBack(base);
      } else if (status < 300 || (problem === null && options.accept?.includes(status) === true)) {
        tries.answered();
        return { ...received, sentAt };
      } else if (problem === null) {
        throw notEventLease(received);
      } else {
        const refused = problemError(problem, status, received.headers.get("x-request-id"));
        if (wasRenewed || !(refused instanceof Unauthenticated) || !(await this.#hasOthers(shown))) throw refused;
        wasRenewed = true;
      }
    }
  }

  /** Waits until fewer calls are under way. */
  async #turn(turns: Turns, seconds: number, signal?: AbortSignal): Promise<void> {
    if (await turns.take(seconds, this.#timing.signal, signal)) return;
    throw new TransportError("not sent in time, because too many other calls are under way", "not_sent");
  }

  async #exchange(base: string, request: Request, seconds: number, signal?: AbortSignal): Promise<Received> {
    if (this.#isClosed) throw new TransportError("the client is closed", "not_sent");
    const controller = new AbortController();
    const end = (): void => {
      controller.abort();
    };
    this.#underWay.add(controller);
    const forget = signal === undefined ? undefined : onAbort(signal, end);
    try {
      if (this.#fetch !== null) return await exchange(this.#fetch, base, request, seconds, controller);
      return await this.#connections.exchange(base, request, seconds, controller.signal);
    } finally {
      forget?.();
      this.#underWay.delete(controller);
    }
  }

  /** True if the credentials are no longer those that were refused. */
  async #hasOthers(refused: Readonly<Record<string, string>>): Promise<boolean> {
    const known = await this.#credentials.headers();
    return known["Authorization"] !== refused["Authorization"] || (await this.#credentials.renew());
  }

  /** Puts a base address last, unless another call already has. */
  #moveBack(base: string): void {
    if (this.#urls.length > 1 && this.#urls[0] === base) this.#urls.push(this.#urls.shift() as string);
  }
}

function problemOf(reply: Received): Problem | null {
  if (reply.headers.get("content-type")?.startsWith("application/problem+json") !== true) return null;
  try {
    const problem: unknown = JSON.parse(reply.text);
    // Proxies answer with problem documents, too, but only those of EventLease have a code.
    return typeof problem === "object" && problem !== null && "code" in problem
      ? { ...problem, code: String(problem.code) }
      : null;
  } catch {
    return null;
  }
}

function notEventLease(reply: Received): NotEventLease {
  const kind = reply.headers.get("content-type") ?? "no content type";
  const start = reply.text.slice(0, 200);
  return new NotEventLease(`the reply is not from an EventLease server: status ${reply.status}, ${kind}: ${start}`);
}
