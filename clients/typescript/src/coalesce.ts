/** Sends events in batches, without a timer: events that arrive during a request wait for the next one. */

import { after, now, sleep } from "./clock.js";
import { MAX_BATCH_BYTES, MAX_BATCH_EVENTS } from "./enqueuing.js";
import type { EnqueueResult, NewBody } from "./enqueuing.js";
import { BufferFull, EventLeaseError, Unavailable } from "./errors.js";
import { LEAST_TRY_SECONDS } from "./tries.js";

const MAX_WAITING_EVENTS = 10_000;
const MAX_WAITING_BYTES = 32 * 1024 * 1024;

/** Sends events within so many seconds. */
export type Send = (bodies: NewBody[], seconds: number) => Promise<EnqueueResult[]>;

interface Waiting {
  readonly body: NewBody;
  /** When its time is over, which began when it was added. */
  readonly until: number;
  readonly resolve: (result: EnqueueResult) => void;
}

/** A buffer of events, and the loop that sends them. */
export class Coalescer {
  readonly #send: Send;
  readonly #timeoutSeconds: number;
  readonly #throwsWhenFull: boolean;
  /** In the order in which they were added. */
  readonly #waiting: Set<Waiting> = new Set();
  #waitingBytes = 0;
  #underWay = 0;
  #isClosed = false;
  #running: Promise<void> | null = null;

  constructor(send: Send, timeoutSeconds: number, throwsWhenFull: boolean) {
    this.#send = send;
    this.#timeoutSeconds = timeoutSeconds;
    this.#throwsWhenFull = throwsWhenFull;
  }

  /**
   * Resolves with the result for the event, which is Unavailable when its time is over, whatever became of the requests
   * before. Throws Unavailable when closed, and BufferFull.
   */
  async add(body: NewBody): Promise<EnqueueResult> {
    if (this.#isClosed) throw new Unavailable("the client is closed");
    const isFull = this.#waiting.size >= MAX_WAITING_EVENTS || this.#waitingBytes >= MAX_WAITING_BYTES;
    if (isFull && this.#throwsWhenFull) throw new BufferFull("too many events wait to be enqueued");
    let stop = (): void => undefined;
    const result = await new Promise<EnqueueResult>((resolve) => {
      const event = { body, until: now() + this.#timeoutSeconds, resolve };
      const fail = (message: string, isUnknown: boolean): void => {
        resolve(new Unavailable(message, { isUnknown }));
      };
      stop = after(this.#timeoutSeconds, () => {
        if (this.#remove(event)) {
          fail("the event was not sent in time", false);
        } else {
          // The last try of a call may take a moment longer, too.
          stop = after(LEAST_TRY_SECONDS, () => {
            fail("the event was not acknowledged in time", true);
          });
        }
      });
      this.#waiting.add(event);
      this.#waitingBytes += body.bytes;
      this.#running ??= this.#run();
    });
    stop();
    return result;
  }

  /** Sends the waiting events, for at most `seconds`. Resolves with the number of events not acknowledged by then. */
  async close(seconds: number): Promise<number> {
    this.#isClosed = true;
    if (this.#running !== null) {
      const ended = new AbortController();
      await Promise.race([this.#running, sleep(seconds, ended.signal)]);
      ended.abort();
    }
    const count = this.#waiting.size + this.#underWay;
    for (const { resolve } of this.#waiting)
      resolve(new Unavailable("the client was closed before the event was sent"));
    this.#waiting.clear();
    return count;
  }

  async #run(): Promise<void> {
    await Promise.resolve(); // so that events of the same turn of the event loop share a request
    while (this.#waiting.size > 0) {
      const batch = this.#take();
      this.#underWay = batch.length;
      const results = await this.#results(batch);
      batch.forEach((event, number) => {
        event.resolve(results[number] as EnqueueResult);
      });
      this.#underWay = 0;
    }
    this.#running = null;
  }

  async #results(batch: readonly Waiting[]): Promise<EnqueueResult[]> {
    // What is left for the newest event; a server that does not answer has a moment for each request nevertheless.
    const left = Math.max(...batch.map((event) => event.until)) - now();
    const seconds = Math.min(Math.max(left, LEAST_TRY_SECONDS), this.#timeoutSeconds);
    try {
      return await this.#send(
        batch.map((event) => event.body),
        seconds,
      );
    } catch (error) {
      const known =
        error instanceof EventLeaseError ? error : new EventLeaseError("enqueuing failed", { cause: error });
      return batch.map(() => known);
    }
  }

  /** The events of the next request, which all have a key or none has. */
  #take(): Waiting[] {
    const batch: Waiting[] = [];
    let size = 0;
    for (const event of this.#waiting) {
      const { bytes, hasKey } = event.body;
      const [first] = batch;
      if (batch.length === MAX_BATCH_EVENTS) break;
      if (first !== undefined && (hasKey !== first.body.hasKey || size + bytes > MAX_BATCH_BYTES)) break;
      this.#remove(event);
      batch.push(event);
      size += bytes;
    }
    return batch;
  }

  /** False if the event does not wait. */
  #remove(event: Waiting): boolean {
    const isWaiting = this.#waiting.delete(event);
    if (isWaiting) this.#waitingBytes -= event.body.bytes;
    return isWaiting;
  }
}
