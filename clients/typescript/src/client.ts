/** The client of producers, and of programs that follow events and runs. */

import { Calls } from "./calls.js";
import { called } from "./callers.js";
import { tokenOf } from "./credentials.js";
import type { TokenSource } from "./credentials.js";
import type { Json } from "./encoding.js";
import { checkClient, checkEnqueue, checkEnqueueMany, checkWait } from "./client-options.js";
import { Enqueuer } from "./enqueuer.js";
import { CALL_SECONDS } from "./enqueuing.js";
import type { EnqueueOptions, EnqueueResult, Enqueued, NewClientEvent } from "./enqueuing.js";
import { TimeoutError, Unavailable, orInvalid, refusedHere } from "./errors.js";
import type { EventLeaseError } from "./errors.js";
import { defaultLogger, guarded } from "./logger.js";
import type { Logger } from "./logger.js";
import { LEAST_TRY_SECONDS } from "./tries.js";
import type { Fetch } from "./transport.js";
import { checkUrls, urlsOf } from "./urls.js";
import { REPLY_SECONDS, TimeLimit, checkedId, isRunOpen, runPath } from "./waiting.js";
import type { Ended, WaitOptions } from "./waiting.js";
import { Watcher } from "./watcher.js";
import type { Method, ReplyTo, Schemas } from "./wire.js";

const CLOSE_SECONDS = 5;
/** More requests at once would make the server refuse some, those of engines too. */
const MAX_AT_ONCE = 16;

/** The options of a client. */
export interface ClientOptions {
  /** The address of the server, or those of several replicas. Default: EVENTLEASE_URL or http://127.0.0.1:8080. */
  url?: string | readonly string[] | undefined;
  /** Default: EVENTLEASE_TOKEN. A function is called again after a 401. */
  token?: TokenSource | undefined;
  /** While too many events wait to be sent, `enqueue` waits (the default) or throws BufferFull. */
  onFull?: "wait" | "throw" | undefined;
  /** How long a call may take, with its repeats, before it throws Unavailable. Each try has at least 2 s. Default: 30. */
  timeoutSeconds?: number | undefined;
  json?: Json | undefined;
  fetch?: Fetch | undefined;
  logger?: Logger | undefined;
}

/** The options of one call. */
export interface ClientCallOptions {
  readonly headers?: Readonly<Record<string, string>> | undefined;
  /** The time limit of each try. Default: what is left of the client's `timeoutSeconds`, at most 30. */
  readonly seconds?: number | undefined;
  /** True if the call may be repeated after a lost reply. Default: true for GET, PUT and DELETE. */
  readonly isSafe?: boolean | undefined;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Enqueues events, waits for their results, and reads and cancels events and runs. `call` makes any other call.
 *
 * Events that are enqueued at the same time share a request, and so do events that are awaited at the same time.
 */
export class Client {
  readonly #calls: Calls;
  readonly #closing: AbortController = new AbortController();
  readonly #enqueuer: Enqueuer;
  readonly #logger: Logger;
  readonly #timeoutSeconds: number;
  readonly #watcher: Watcher;

  constructor(options: ClientOptions = {}) {
    checkClient(options);
    const urls = urlsOf(options.url);
    checkUrls(urls, options.url);
    const { onFull = "wait", timeoutSeconds = 30, json, fetch } = options;
    this.#logger = guarded(options.logger ?? defaultLogger());
    this.#timeoutSeconds = timeoutSeconds;
    const credentials = tokenOf(options.token, this.#logger);
    const { signal } = this.#closing;
    this.#calls = new Calls(urls, { credentials, fetch, json, signal, logger: this.#logger, atOnce: MAX_AT_ONCE });
    this.#enqueuer = new Enqueuer(this.#calls, this.#logger, timeoutSeconds, onFull === "throw");
    this.#watcher = new Watcher(this.#calls, signal);
  }

  /**
   * Sends the events that wait, for up to 5 s, and aborts all other calls.
   *
   * Resolves with the number of events that were not acknowledged; the server may have stored some of them.
   */
  async close(seconds: number = CLOSE_SECONDS): Promise<number> {
    const count = await this.#enqueuer.close(seconds);
    this.#closing.abort();
    this.#calls.close();
    if (count > 0) this.#logger.warn({ count }, "the client was closed while events were not acknowledged");
    return count;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close().then(() => undefined);
  }

  /**
   * Makes any call of the HTTP interface; `path` is relative to /api/v1.
   *
   * Resolves with the decoded reply, typed if the compiler knows the path, or with undefined if it has no body.
   */
  call<M extends Method, const Path extends `/${string}`>(
    method: M,
    path: Path,
    body?: unknown,
    options: ClientCallOptions = {},
  ): Promise<ReplyTo<M, Path>> {
    const isSafe = options.isSafe ?? ["GET", "PUT", "DELETE"].includes(method);
    const repeat = { isSafe, withinSeconds: this.#timeoutSeconds };
    const { seconds = CALL_SECONDS, headers, signal } = options;
    const isWaiting =
      path.includes("wait_seconds") || (typeof body === "object" && body !== null && "wait_seconds" in body);
    const how = { seconds, spareSeconds: options.seconds, repeat, headers, signal, isWaiting };
    return called(() => this.#open().call(method, path, body, how) as Promise<ReplyTo<M, Path>>);
  }

  /** Resolves when the event is stored. Throws InvalidInput if it is refused, and Unavailable without an answer. */
  enqueue(engineType: string, eventType: string, payload: unknown, options: EnqueueOptions = {}): Promise<Enqueued> {
    return called(() => {
      checkEnqueue(options);
      return this.#enqueuer.one({ ...options, engineType, eventType, payload });
    });
  }

  /**
   * Enqueues any number of events, in requests of up to 1000. Resolves with one result for each event, in order: an
   * event that was refused does not throw, but its result is the error.
   *
   * With `atomic` there is one request of up to 1000 events, and either all of them are stored or none is.
   */
  enqueueMany(
    events: Iterable<NewClientEvent>,
    { atomic = false }: { atomic?: boolean } = {},
  ): Promise<EnqueueResult[]> {
    return called(() => {
      checkEnqueueMany(atomic);
      this.#open();
      return this.#enqueuer.many(events, atomic);
    });
  }

  /**
   * Resolves with the result of an event. Throws EventFailed, EventCancelled, NotFound or TimeoutError.
   *
   * TimeoutError means that the server has confirmed that the event is still open; otherwise it is Unavailable.
   */
  wait<Result = unknown>(eventId: string, options: WaitOptions = {}): Promise<Result> {
    return called(async () => {
      checkWait(options);
      const checked = checkedId(eventId);
      const end = (await this.#watcher.ends([checked], options)).get(checked) as Ended;
      if ("error" in end) throw end.error;
      return end.result as Result;
    });
  }

  /** Resolves with one value for each event, in order: its result, or the error that `wait` would throw. */
  waitMany<Result = unknown>(
    eventIds: Iterable<string>,
    options: WaitOptions = {},
  ): Promise<(Result | EventLeaseError)[]> {
    return called(async () => {
      checkWait(options);
      if (typeof eventIds === "string") throw refusedHere("waitMany takes several event ids, not one: call wait");
      const asked = [...eventIds].map((eventId) => orInvalid(() => checkedId(eventId)));
      const ends = await this.#watcher.ends(new Set(asked.filter((each) => typeof each === "string")), options);
      return asked.map((each) => {
        if (typeof each !== "string") return each;
        const end = ends.get(each) as Ended;
        return "error" in end ? end.error : (end.result as Result);
      });
    });
  }

  /** Reads an event, with its status and its result or last error. */
  read(eventId: string): Promise<Schemas["Event"]> {
    return this.#callFor("GET", () => `/events/${checkedId(eventId)}`, "event_id", "status");
  }

  /** Cancels an event. If an engine works on it, it stays `processing`, with `cancel_requested`, until that ends. */
  cancel(eventId: string): Promise<Schemas["Event"]> {
    return this.#callFor("POST", () => `/events/${checkedId(eventId)}/cancel`, "event_id", "status");
  }

  /** Reads a run, with the number of its events in each status. */
  readRun(scenarioRunId: string | number): Promise<Schemas["ScenarioRun"]> {
    return this.#callFor("GET", () => runPath(scenarioRunId), "counts");
  }

  /** Resolves when no event of a run is open, which is at once for a run without events. Throws TimeoutError. */
  waitForRun(scenarioRunId: string | number, options: WaitOptions = {}): Promise<Schemas["ScenarioRun"]> {
    return called(async () => {
      checkWait(options);
      const limit = new TimeLimit(options.timeoutSeconds);
      const { signal } = options;
      for (;;) {
        const waitSeconds = limit.waitSeconds();
        const path = `${runPath(scenarioRunId)}?wait_seconds=${waitSeconds}`;
        const seconds = waitSeconds + REPLY_SECONDS;
        const how = {
          seconds,
          spareSeconds: LEAST_TRY_SECONDS,
          repeat: limit.repeat(),
          signal,
          isWaiting: waitSeconds > 0,
        };
        const calls = this.#open();
        const run = calls.decodeObject<Schemas["ScenarioRun"]>(await calls.send("GET", path, undefined, how), "counts");
        if (!isRunOpen(run)) return run;
        if (limit.left() === 0) throw new TimeoutError(`run ${scenarioRunId} still has open events`);
        await limit.pause(signal, this.#closing.signal);
        signal?.throwIfAborted();
      }
    });
  }

  /** Cancels the open events of a run. The run takes no new events until it is reopened. */
  cancelRun(scenarioRunId: string | number): Promise<Schemas["CancelledRun"]> {
    return this.#callFor("POST", () => `${runPath(scenarioRunId)}/cancel`, "cancelled");
  }

  /** Lets a cancelled run take new events again. */
  reopenRun(scenarioRunId: string | number): Promise<Schemas["ReopenedRun"]> {
    return this.#callFor("POST", () => `${runPath(scenarioRunId)}/reopen`, "reopened");
  }

  #open(): Calls {
    if (this.#closing.signal.aborted) throw new Unavailable("the client is closed");
    return this.#calls;
  }

  /** A call that may be repeated, and whose reply has these members. */
  #callFor<Reply extends object>(
    method: Method,
    path: () => string,
    ...members: (keyof Reply & string)[]
  ): Promise<Reply> {
    return called(async () => {
      const calls = this.#open();
      const repeat = { isSafe: true, withinSeconds: this.#timeoutSeconds };
      const reply = await calls.send(method, path(), undefined, { seconds: CALL_SECONDS, repeat });
      return calls.decodeObject<Reply>(reply, ...members);
    });
  }
}
