/** The client of producers, and of programs that follow events and runs. */

import { Calls } from "./calls.js";
import { sleep } from "./clock.js";
import { Coalescer } from "./coalesce.js";
import { tokenOf } from "./credentials.js";
import type { TokenSource } from "./credentials.js";
import type { Json } from "./encoding.js";
import { checkClient, checkEnqueue, checkEnqueueMany, checkWait } from "./client-options.js";
import { CALL_SECONDS, MAX_BATCH_EVENTS, Many, NewBody, batches, enqueueBatch } from "./enqueuing.js";
import type { EnqueueOptions, EnqueueResult, Enqueued, NewClientEvent } from "./enqueuing.js";
import { EventLeaseError, InvalidInput, TimeoutError, Unavailable, refusedHere, withCaller } from "./errors.js";
import { defaultLogger, guarded } from "./logger.js";
import type { Logger } from "./logger.js";
import { loadTracing } from "./tracing.js";
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
const MAX_WARNED_TYPES = 1000;

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
  readonly #coalescer: Coalescer;
  readonly #logger: Logger;
  readonly #manyUnderWay: Set<Many> = new Set();
  readonly #warnedTypes: Set<string> = new Set();
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
    this.#coalescer = new Coalescer((bodies) => this.#send(bodies), timeoutSeconds, onFull === "throw");
    this.#watcher = new Watcher(this.#calls, signal);
  }

  /**
   * Sends the events that wait, for up to 5 s, and aborts all other calls.
   *
   * Resolves with the number of events that were not acknowledged; the server may have stored some of them.
   */
  async close(seconds: number = CLOSE_SECONDS): Promise<number> {
    const [waiting] = await Promise.all([this.#coalescer.close(seconds), this.#manyEnded(seconds)]);
    const count = [...this.#manyUnderWay].reduce((sum, many) => sum + many.left, waiting);
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
  async call<M extends Method, const Path extends `/${string}`>(
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
    return (await this.#open().call(method, path, body, how)) as ReplyTo<M, Path>;
  }

  /** Resolves when the event is stored. Throws InvalidInput if it is refused, and Unavailable without an answer. */
  async enqueue(
    engineType: string,
    eventType: string,
    payload: unknown,
    options: EnqueueOptions = {},
  ): Promise<Enqueued> {
    checkEnqueue(options);
    const loading = loadTracing();
    if (loading !== null) await loading;
    const result = await this.#coalescer.add(new NewBody(this.#open(), { ...options, engineType, eventType, payload }));
    if (result instanceof EventLeaseError) throw withCaller(result);
    return result;
  }

  /**
   * Enqueues any number of events, in requests of up to 1000. Resolves with one result for each event, in order: an
   * event that was refused does not throw, but its result is the error.
   *
   * With `atomic` there is one request of up to 1000 events, and either all of them are stored or none is.
   */
  async enqueueMany(
    events: Iterable<NewClientEvent>,
    { atomic = false }: { atomic?: boolean } = {},
  ): Promise<EnqueueResult[]> {
    const loading = loadTracing();
    if (loading !== null) await loading;
    checkEnqueueMany(atomic);
    this.#open();
    const many = new Many(Array.isArray(events) ? events.length : 0);
    this.#manyUnderWay.add(many);
    try {
      if (atomic) return await this.#enqueueAll([...this.#bodies(events)], many);
      const results: EnqueueResult[] = [];
      for (const batch of batches(this.#bodies(events))) {
        many.sending(batch.length);
        const stored = (await this.#send(batch.filter((body) => body instanceof NewBody))).values();
        for (const body of batch) results.push(body instanceof NewBody ? (stored.next().value as EnqueueResult) : body);
        many.sent(batch.length);
      }
      return results;
    } finally {
      this.#manyUnderWay.delete(many);
      many.end();
    }
  }

  /**
   * Resolves with the result of an event. Throws EventFailed, EventCancelled, NotFound or TimeoutError.
   *
   * TimeoutError means that the server has confirmed that the event is still open; otherwise it is Unavailable.
   */
  async wait<Result = unknown>(eventId: string, options: WaitOptions = {}): Promise<Result> {
    checkWait(options);
    const checked = checkedId(eventId);
    const end = (await this.#watcher.ends([checked], options)).get(checked) as Ended;
    if ("error" in end) throw withCaller(end.error);
    return end.result as Result;
  }

  /** Resolves with one value for each event, in order: its result, or the error that `wait` would throw. */
  async waitMany<Result = unknown>(
    eventIds: Iterable<string>,
    options: WaitOptions = {},
  ): Promise<(Result | EventLeaseError)[]> {
    checkWait(options);
    if (typeof eventIds === "string") throw refusedHere("waitMany takes several event ids, not one: call wait");
    const asked = [...eventIds].map(checkedOrError);
    const ends = await this.#watcher.ends(new Set(asked.filter((each) => typeof each === "string")), options);
    return asked.map((each) => {
      if (typeof each !== "string") return each;
      const end = ends.get(each) as Ended;
      return "error" in end ? end.error : (end.result as Result);
    });
  }

  /** Reads an event, with its status and its result or last error. */
  async read(eventId: string): Promise<Schemas["Event"]> {
    return this.#readObject("GET", `/events/${checkedId(eventId)}`, "event_id", "status");
  }

  /** Cancels an event. If an engine works on it, it stays `processing`, with `cancel_requested`, until that ends. */
  async cancel(eventId: string): Promise<Schemas["Event"]> {
    return this.#readObject("POST", `/events/${checkedId(eventId)}/cancel`, "event_id", "status");
  }

  /** Reads a run, with the number of its events in each status. */
  async readRun(scenarioRunId: string | number): Promise<Schemas["ScenarioRun"]> {
    return this.#readObject("GET", runPath(scenarioRunId), "counts");
  }

  /** Resolves when no event of a run is open, which is at once for a run without events. Throws TimeoutError. */
  async waitForRun(scenarioRunId: string | number, options: WaitOptions = {}): Promise<Schemas["ScenarioRun"]> {
    checkWait(options);
    const limit = new TimeLimit(options.timeoutSeconds);
    const { signal } = options;
    for (;;) {
      const waitSeconds = limit.waitSeconds();
      const path = `${runPath(scenarioRunId)}?wait_seconds=${waitSeconds}`;
      const seconds = waitSeconds + REPLY_SECONDS;
      const isWaiting = waitSeconds > 0;
      const how = { seconds, spareSeconds: LEAST_TRY_SECONDS, repeat: limit.repeat(), signal, isWaiting };
      const calls = this.#open();
      const run = calls.decodeObject<Schemas["ScenarioRun"]>(await calls.send("GET", path, undefined, how), "counts");
      if (!isRunOpen(run)) return run;
      if (limit.left() === 0) throw new TimeoutError(`run ${scenarioRunId} still has open events`);
      await limit.pause(signal, this.#closing.signal);
      signal?.throwIfAborted();
    }
  }

  /** Cancels the open events of a run. The run takes no new events until it is reopened. */
  async cancelRun(scenarioRunId: string | number): Promise<Schemas["CancelledRun"]> {
    return this.#readObject("POST", `${runPath(scenarioRunId)}/cancel`, "cancelled");
  }

  /** Lets a cancelled run take new events again. */
  async reopenRun(scenarioRunId: string | number): Promise<Schemas["ReopenedRun"]> {
    return this.#readObject("POST", `${runPath(scenarioRunId)}/reopen`, "reopened");
  }

  /** Resolves when no `enqueueMany` is under way, at the latest after so many seconds. */
  async #manyEnded(seconds: number): Promise<void> {
    const limit = new AbortController();
    const ended = Promise.all([...this.#manyUnderWay].map((many) => many.ended));
    await Promise.race([ended, sleep(seconds, limit.signal)]);
    limit.abort();
  }

  #open(): Calls {
    if (this.#closing.signal.aborted) throw new Unavailable("the client is closed");
    return this.#calls;
  }

  /** A call that may be repeated, and whose reply has these members. */
  async #readObject<Reply extends object>(
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
        yield new NewBody(this.#calls, event);
      } catch (error) {
        if (!(error instanceof InvalidInput)) throw error;
        yield error;
      }
    }
  }

  async #enqueueAll(bodies: (NewBody | InvalidInput)[], many: Many): Promise<EnqueueResult[]> {
    many.sending(bodies.length);
    const refused = bodies.find((body) => body instanceof InvalidInput);
    if (refused !== undefined) return bodies.map(() => refused);
    if (bodies.length > MAX_BATCH_EVENTS) {
      throw refusedHere(`an atomic request may have ${MAX_BATCH_EVENTS} events, not ${bodies.length}`);
    }
    return this.#send(bodies as NewBody[], true);
  }

  /** Sends up to 1000 events in one request. */
  async #send(bodies: readonly NewBody[], atomic: boolean = false): Promise<EnqueueResult[]> {
    const results = await enqueueBatch(this.#calls, bodies, this.#timeoutSeconds, atomic);
    for (const result of results) {
      if (!(result instanceof EventLeaseError) && result.notice !== null) this.#warn(result);
    }
    return results;
  }

  /** Logs, once for each engine type, that no engine of the type is registered. */
  #warn({ reply, eventId }: Enqueued): void {
    const engineType = "engine_type" in reply ? reply.engine_type : "";
    if (this.#warnedTypes.has(engineType) || this.#warnedTypes.size >= MAX_WARNED_TYPES) return;
    this.#warnedTypes.add(engineType);
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
