/** Sends events in batches, without a timer: events that arrive during a request wait for the next one. */

import { milliseconds, now } from "./clock.js";
import { MAX_BATCH_BYTES, MAX_BATCH_EVENTS } from "./enqueuing.js";
import type { EnqueueResult, NewBody } from "./enqueuing.js";
import { BufferFull, EventLeaseError, Unavailable } from "./errors.js";

const MAX_WAITING_EVENTS = 10_000;
const MAX_WAITING_BYTES = 32 * 1024 * 1024;

interface Waiting {
  readonly body: NewBody;
  readonly since: number;
  readonly resolve: (result: EnqueueResult) => void;
}

/** A buffer of events, and the loop that sends them. */
export class Coalescer {
  readonly #send: (bodies: NewBody[]) => Promise<EnqueueResult[]>;
  readonly #timeoutSeconds: number;
  readonly #throwsWhenFull: boolean;
  readonly #waitingForRoom: (() => void)[] = [];
  #waiting: Waiting[] = [];
  #waitingBytes = 0;
  #underWay = 0;
  #isClosed = false;
  #running: Promise<void> | null = null;

  constructor(send: (bodies: NewBody[]) => Promise<EnqueueResult[]>, timeoutSeconds: number, throwsWhenFull: boolean) {
    this.#send = send;
    this.#timeoutSeconds = timeoutSeconds;
    this.#throwsWhenFull = throwsWhenFull;
  }

  /** Resolves with the result for the event. Throws Unavailable when closed, and BufferFull. */
  async add(body: NewBody): Promise<EnqueueResult> {
    while (this.#waiting.length >= MAX_WAITING_EVENTS || this.#waitingBytes >= MAX_WAITING_BYTES) {
      if (this.#throwsWhenFull) throw new BufferFull("too many events wait to be enqueued");
      if (this.#isClosed) break;
      await new Promise<void>((resolve) => this.#waitingForRoom.push(resolve));
    }
    if (this.#isClosed) throw new Unavailable("the client is closed");
    return new Promise((resolve) => {
      this.#waiting.push({ body, since: now(), resolve });
      this.#waitingBytes += body.bytes;
      this.#running ??= this.#run();
    });
  }

  /** Sends the waiting events, for at most `seconds`. Resolves with the number of events not acknowledged by then. */
  async close(seconds: number): Promise<number> {
    this.#isClosed = true;
    this.#wake(this.#waitingForRoom.length);
    if (this.#running !== null) {
      let timer: NodeJS.Timeout | undefined;
      const limit = new Promise<void>((resolve) => (timer = setTimeout(resolve, milliseconds(seconds))));
      await Promise.race([this.#running, limit]);
      clearTimeout(timer);
    }
    const left = this.#waiting;
    const count = left.length + this.#underWay;
    this.#waiting = [];
    refuse(left, "the client was closed before the event was sent");
    return count;
  }

  async #run(): Promise<void> {
    await Promise.resolve(); // so that events of the same turn of the event loop share a request
    while (this.#waiting.length > 0) {
      const { batch, expired } = this.#take();
      refuse(expired, "the event was not sent in time");
      this.#wake(batch.length + expired.length);
      this.#underWay = batch.length;
      if (batch.length > 0) {
        const results = await this.#results(batch.map((event) => event.body));
        batch.forEach((event, number) => {
          event.resolve(results[number] as EnqueueResult);
        });
      }
      this.#underWay = 0;
    }
    this.#running = null;
  }

  async #results(bodies: NewBody[]): Promise<EnqueueResult[]> {
    try {
      return await this.#send(bodies);
    } catch (error) {
      const known =
        error instanceof EventLeaseError ? error : new EventLeaseError("enqueuing failed", { cause: error });
      return bodies.map(() => known);
    }
  }

  /** The events of the next request, which all have a key or none has, and those that have waited too long. */
  #take(): { batch: Waiting[]; expired: Waiting[] } {
    const batch: Waiting[] = [];
    const expired: Waiting[] = [];
    const oldest = now() - this.#timeoutSeconds;
    let size = 0;
    let taken = 0;
    for (const event of this.#waiting) {
      const { bytes, hasKey } = event.body;
      const [first] = batch;
      if (batch.length === MAX_BATCH_EVENTS) break;
      if (first !== undefined && (hasKey !== first.body.hasKey || size + bytes > MAX_BATCH_BYTES)) break;
      taken++;
      this.#waitingBytes -= bytes;
      if (event.since < oldest) {
        expired.push(event);
      } else {
        batch.push(event);
        size += bytes;
      }
    }
    this.#waiting.splice(0, taken);
    return { batch, expired };
  }

  /** Wakes as many callers as there is room for, or all if the buffer is empty: nothing would wake them later. */
  #wake(count: number): void {
    const woken = this.#waiting.length === 0 ? this.#waitingForRoom.length : Math.max(count, 1);
    for (const wake of this.#waitingForRoom.splice(0, woken)) wake();
  }
}

function refuse(events: readonly Waiting[], why: string): void {
  for (const event of events) event.resolve(new Unavailable(why));
}
