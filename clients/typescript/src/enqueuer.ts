/** Enqueues the events of a client: those that come one by one go together, and lists go in batches. */

import type { Calls } from "./calls.js";
import { sleep } from "./clock.js";
import { Coalescer } from "./coalesce.js";
import { MAX_BATCH_EVENTS, NewBody, batches, enqueueBatch } from "./enqueuing.js";
import type { EnqueueResult, Enqueued, NewClientEvent } from "./enqueuing.js";
import { EventLeaseError, InvalidInput, orInvalid, refusedHere } from "./errors.js";
import type { Logger } from "./logger.js";
import { loadTracing } from "./tracing.js";

const MAX_WARNED_TYPES = 1000;

/** How many events of a list are not acknowledged yet, as far as they are known. */
interface Unacknowledged {
  count: number;
}

export class Enqueuer {
  readonly #calls: Calls;
  readonly #coalescer: Coalescer;
  readonly #logger: Logger;
  readonly #lists: Map<Unacknowledged, Promise<unknown>> = new Map();
  readonly #timeoutSeconds: number;
  readonly #warnedTypes: Set<string> = new Set();

  constructor(calls: Calls, logger: Logger, timeoutSeconds: number, throwsWhenFull: boolean) {
    this.#calls = calls;
    this.#logger = logger;
    this.#timeoutSeconds = timeoutSeconds;
    this.#coalescer = new Coalescer((bodies, seconds) => this.#send(bodies, seconds), timeoutSeconds, throwsWhenFull);
  }

  /** Resolves when the event is stored. */
  async one(event: NewClientEvent): Promise<Enqueued> {
    const loading = loadTracing();
    if (loading !== null) await loading; // an event is in the buffer when the call returns, so that `close` waits for it
    const result = await this.#coalescer.add(new NewBody(this.#calls, event));
    if (result instanceof EventLeaseError) throw result;
    return result;
  }

  /** The results of any number of events; if `atomic`, of up to 1000 in one request. */
  async many(events: Iterable<NewClientEvent>, atomic: boolean): Promise<EnqueueResult[]> {
    const loading = loadTracing();
    if (loading !== null) await loading;
    const left = { count: Array.isArray(events) ? events.length : 0 };
    const results = atomic ? this.#together([...this.#bodies(events)], left) : this.#inBatches(events, left);
    this.#lists.set(left, results);
    try {
      return await results;
    } finally {
      this.#lists.delete(left);
    }
  }

  /** Sends what waits, for at most `seconds`. Resolves with the number of events not acknowledged by then. */
  async close(seconds: number): Promise<number> {
    const ended = new AbortController();
    const lists = Promise.race([Promise.allSettled(this.#lists.values()), sleep(seconds, ended.signal)]);
    const [waiting] = await Promise.all([this.#coalescer.close(seconds), lists]);
    ended.abort();
    return [...this.#lists.keys()].reduce((sum, left) => sum + left.count, waiting);
  }

  async #inBatches(events: Iterable<NewClientEvent>, left: Unacknowledged): Promise<EnqueueResult[]> {
    const results: EnqueueResult[] = [];
    for (const batch of batches(this.#bodies(events))) {
      left.count = Math.max(left.count, batch.length);
      const stored = (await this.#send(batch.filter((body) => body instanceof NewBody))).values();
      for (const body of batch) results.push(body instanceof NewBody ? (stored.next().value as EnqueueResult) : body);
      left.count -= batch.length;
    }
    return results;
  }

  async #together(bodies: (NewBody | InvalidInput)[], left: Unacknowledged): Promise<EnqueueResult[]> {
    left.count = bodies.length;
    const refused = bodies.find((body) => body instanceof InvalidInput);
    if (refused !== undefined) return bodies.map(() => refused);
    if (bodies.length > MAX_BATCH_EVENTS) {
      throw refusedHere(`an atomic request may have ${MAX_BATCH_EVENTS} events, not ${bodies.length}`);
    }
    return this.#send(bodies as NewBody[], this.#timeoutSeconds, true);
  }

  *#bodies(events: Iterable<NewClientEvent>): Generator<NewBody | InvalidInput> {
    for (const event of events) yield orInvalid(() => new NewBody(this.#calls, event));
  }

  /** Sends up to 1000 events in one request. */
  async #send(
    bodies: readonly NewBody[],
    seconds: number = this.#timeoutSeconds,
    atomic: boolean = false,
  ): Promise<EnqueueResult[]> {
    const results = await enqueueBatch(this.#calls, bodies, seconds, atomic);
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
