/** A client for producers and orchestrators. */

import { Calls } from "./calls.js";
import { Coalescer } from "./coalesce.js";
import type { Answer } from "./coalesce.js";
import { tokenOf } from "./credentials.js";
import type { TokenSource } from "./credentials.js";
import type { Json } from "./encoding.js";
import { CALL_SECONDS, MAX_BATCH_EVENTS, NewBody, batches, enqueueBatch } from "./enqueuing.js";
import type { EnqueueOptions, Enqueued, NewClientEvent } from "./enqueuing.js";
import { ConfigurationError, EventLeaseError, InvalidInput, TimeoutError, Unavailable, refusedHere } from "./errors.js";
import { defaultLogger, guarded } from "./logger.js";
import type { Logger } from "./logger.js";
import { loadTracing } from "./tracing.js";
import type { Fetch } from "./transport.js";
import { checkUrls, urlsOf } from "./urls.js";
import { REPLY_SECONDS, TimeLimit, checkedId, isRunOpen, runPath } from "./waiting.js";
import type { Ended, WaitOptions } from "./waiting.js";
import { Watcher } from "./watcher.js";
import type { Method, ReplyTo, Schemas } from "./wire.js";

const CLOSE_SECONDS = 5;
const MAX_SAID = 1000;

/** How a client works. */
export interface ClientOptions {
  /** One base address, or several replicas; else those of EVENTLEASE_URL, else http://127.0.0.1:8080. */
  url?: string | readonly string[] | undefined;
  /** Else that of EVENTLEASE_TOKEN. A function is called again after a 401. */
  token?: TokenSource | undefined;
  /** What `enqueue` does while too many events wait to be sent: it waits, or throws BufferFull. */
  onFull?: "wait" | "throw" | undefined;
  /** For so long calls are repeated; then they throw Unavailable. 30 where it is left out. */
  timeoutSeconds?: number | undefined;
  json?: Json | undefined;
  fetch?: Fetch | undefined;
  logger?: Logger | undefined;
}

/** How one call is made. */
export interface ClientCallOptions {
  readonly headers?: Readonly<Record<string, string>> | undefined;
  /** Limits one try; 30 where it is left out. */
  readonly seconds?: number | undefined;
  /** It may be sent again where its reply was lost; else that is so for GET, PUT and DELETE. */
  readonly isSafe?: boolean | undefined;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Enqueues events, waits for their ends, follows and cancels events and runs. `call` reaches everything else.
 *
 * Events that are enqueued at the same time go in one request; so do events that are waited for.
 */
export class Client {
  readonly #calls: Calls;
  readonly #closing: AbortController = new AbortController();
  readonly #coalescer: Coalescer;
  readonly #logger: Logger;
  readonly #said: Set<string> = new Set();
  readonly #timeoutSeconds: number;
  readonly #watcher: Watcher;

  constructor(options: ClientOptions = {}) {
    const urls = urlsOf(options.url);
    checkUrls(urls);
    const { onFull = "wait", timeoutSeconds = 30, json, fetch } = options;
    if (!["wait", "throw"].includes(onFull)) throw new ConfigurationError('onFull: "wait" or "throw"');
    if (!(timeoutSeconds >= 0)) throw new ConfigurationError("timeoutSeconds: a number from 0");
    this.#logger = guarded(options.logger ?? defaultLogger());
    this.#timeoutSeconds = timeoutSeconds;
    const credentials = tokenOf(options.token, this.#logger);
    const { signal } = this.#closing;
    this.#calls = new Calls(urls, { credentials, fetch, json, signal, logger: this.#logger });
    this.#coalescer = new Coalescer((bodies) => this.#send(bodies), timeoutSeconds, onFull === "throw");
    this.#watcher = new Watcher(this.#calls, signal);
  }

  /**
   * Waits up to 5 s for what is enqueued, and ends all other calls.
   *
   * Resolves with the number of events that were not acknowledged; the server may have some of them.
   */
  async close(seconds: number = CLOSE_SECONDS): Promise<number> {
    const count = await this.#coalescer.close(seconds);
    this.#closing.abort();
    this.#calls.close();
    if (count > 0) this.#logger.warn({ count }, "closed with events that were not acknowledged");
    return count;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close().then(() => undefined);
  }

  /**
   * Any call of the HTTP interface; `path` stands below /api/v1. The decoded reply, typed where the compiler knows
   * the path; undefined where it has no body.
   */
  async call<M extends Method, const Path extends `/${string}`>(
    method: M,
    path: Path,
    body?: unknown,
    options: ClientCallOptions = {},
  ): Promise<ReplyTo<M, Path>> {
    const isSafe = options.isSafe ?? ["GET", "PUT", "DELETE"].includes(method);
    const repeat = { isSafe, withinSeconds: this.#timeoutSeconds };
    const { seconds = CALL_SECONDS, headers, signal } = options;
    return (await this.#open().call(method, path, body, { seconds, repeat, headers, signal })) as ReplyTo<M, Path>;
  }

  /** Resolves when the event is stored. Throws InvalidInput where it is refused, Unavailable without an answer. */
  async enqueue(
    engineType: string,
    eventType: string,
    payload: unknown,
    options: EnqueueOptions = {},
  ): Promise<Enqueued> {
    const loading = loadTracing();
    if (loading !== null) await loading;
    const answer = await this.#coalescer.add(new NewBody(this.#open(), { ...options, engineType, eventType, payload }));
    if (answer instanceof EventLeaseError) throw answer;
    return answer;
  }

  /**
   * For each event, in order, what was stored or why it was not. Any number of events, in requests of up to 1000.
   *
   * With `atomic` there is one request, and all events are stored or none. Throws nothing that concerns one event
   * alone: look at what is returned.
   */
  async enqueueMany(
    events: Iterable<NewClientEvent>,
    { atomic = false }: { atomic?: boolean } = {},
  ): Promise<(Enqueued | EventLeaseError)[]> {
    const loading = loadTracing();
    if (loading !== null) await loading;
    if (atomic) return this.#enqueueAll([...this.#bodies(events)]);
    const answers: Answer[] = [];
    for (const batch of batches(this.#bodies(events))) {
      const stored = (await this.#send(batch.filter((body) => body instanceof NewBody))).values();
      for (const body of batch) answers.push(body instanceof NewBody ? (stored.next().value as Answer) : body);
    }
    return answers;
  }

  /**
   * The result of an event. Throws EventFailed, EventCancelled, NotFound, or TimeoutError.
   *
   * TimeoutError says that the event is open still; without an answer of the server it is Unavailable.
   */
  async wait<Result = unknown>(eventId: string, options: WaitOptions = {}): Promise<Result> {
    const checked = checkedId(eventId);
    const end = (await this.#watcher.ends([checked], options)).get(checked) as Ended;
    if ("error" in end) throw end.error;
    return end.result as Result;
  }

  /** For each event, in order, its result or else the error that `wait` would throw. */
  async waitMany<Result = unknown>(
    eventIds: Iterable<string>,
    options: WaitOptions = {},
  ): Promise<(Result | EventLeaseError)[]> {
    const asked = [...eventIds].map(checkedOrError);
    const ends = await this.#watcher.ends(new Set(asked.filter((each) => typeof each === "string")), options);
    return asked.map((each) => {
      if (typeof each !== "string") return each;
      const end = ends.get(each) as Ended;
      return "error" in end ? end.error : (end.result as Result);
    });
  }

  /** Where an event stands, with its result or last error. */
  async read(eventId: string): Promise<Schemas["Event"]> {
    return this.#known("GET", `/events/${checkedId(eventId)}`, "event_id", "status");
  }

  /** Cancels an event. While an engine works on it, it is `processing` still, with `cancel_requested`. */
  async cancel(eventId: string): Promise<Schemas["Event"]> {
    return this.#known("POST", `/events/${checkedId(eventId)}/cancel`, "event_id", "status");
  }

  /** How many of a run's events are in each status. */
  async readRun(scenarioRunId: string | number): Promise<Schemas["ScenarioRun"]> {
    return this.#known("GET", runPath(scenarioRunId), "counts");
  }

  /** Resolves when none of a run's events is open, as at once for a run that has none yet; else TimeoutError. */
  async waitForRun(scenarioRunId: string | number, options: WaitOptions = {}): Promise<Schemas["ScenarioRun"]> {
    const limit = new TimeLimit(options.timeoutSeconds);
    const { signal } = options;
    for (;;) {
      const waitSeconds = limit.waitSeconds();
      const path = `${runPath(scenarioRunId)}?wait_seconds=${waitSeconds}`;
      const how = { seconds: waitSeconds + REPLY_SECONDS, repeat: limit.repeat(), signal };
      const calls = this.#open();
      const run = calls.decodeObject<Schemas["ScenarioRun"]>(await calls.send("GET", path, undefined, how), "counts");
      if (!isRunOpen(run)) return run;
      if (limit.left() === 0) throw new TimeoutError(`run ${scenarioRunId} has open events still`);
      await limit.pause(signal, this.#closing.signal);
      signal?.throwIfAborted();
    }
  }

  /** Cancels what is open of a run. Until it is reopened, it takes no events. */
  async cancelRun(scenarioRunId: string | number): Promise<Schemas["CancelledRun"]> {
    return this.#known("POST", `${runPath(scenarioRunId)}/cancel`, "cancelled");
  }

  /** Lets a cancelled run take events again. */
  async reopenRun(scenarioRunId: string | number): Promise<Schemas["ReopenedRun"]> {
    return this.#known("POST", `${runPath(scenarioRunId)}/reopen`, "reopened");
  }

  #open(): Calls {
    if (this.#closing.signal.aborted) throw new Unavailable("the client is closed");
    return this.#calls;
  }

  /** A call that is safe, and whose reply has these members. */
  async #known<Reply extends object>(
    method: Method,
    path: string,
    ...members: (keyof Reply & string)[]
  ): Promise<Reply> {
    const calls = this.#open();
    const repeat = { isSafe: true, withinSeconds: this.#timeoutSeconds };
    const reply = await calls.send(method, path, undefined, { seconds: CALL_SECONDS, repeat });
    return calls.decodeObject<Reply>(reply, ...members);
  }

  *#bodies(events: Iterable<NewClientEvent>): Generator<NewBody | InvalidInput> {
    for (const event of events) {
      try {
        yield new NewBody(this.#open(), event);
      } catch (error) {
        if (!(error instanceof InvalidInput)) throw error;
        yield error;
      }
    }
  }

  async #enqueueAll(bodies: (NewBody | InvalidInput)[]): Promise<Answer[]> {
    const refused = bodies.find((body) => body instanceof InvalidInput);
    if (refused !== undefined) return bodies.map(() => refused);
    if (bodies.length > MAX_BATCH_EVENTS) {
      throw refusedHere(`${bodies.length} events are more than the ${MAX_BATCH_EVENTS} of a transaction`);
    }
    return this.#send(bodies as NewBody[], true);
  }

  /** Up to 1000 events in one request, or in none where there are none. */
  async #send(bodies: readonly NewBody[], atomic: boolean = false): Promise<Answer[]> {
    const answers = await enqueueBatch(this.#open(), bodies, this.#timeoutSeconds, atomic);
    for (const answer of answers) if (!(answer instanceof EventLeaseError) && answer.notice !== null) this.#say(answer);
    return answers;
  }

  /** Logs once for each engine type that no engine of it is registered. */
  #say({ reply, eventId }: Enqueued): void {
    const engineType = "engine_type" in reply ? reply.engine_type : "";
    if (this.#said.has(engineType) || this.#said.size >= MAX_SAID) return;
    this.#said.add(engineType);
    this.#logger.warn({ engineType, eventId }, "an event was enqueued for which no engine is registered");
  }
}

function checkedOrError(eventId: string): string | InvalidInput {
  try {
    return checkedId(eventId);
  } catch (error) {
    if (error instanceof InvalidInput) return error;
    throw error;
  }
}
