/** Many events in one request, without a timer: while a request is under way, what arrives waits for the next one. */

import { now } from "./clock.js";
import { MAX_BATCH_BYTES, MAX_BATCH_EVENTS } from "./enqueuing.js";
import type { Enqueued, NewBody } from "./enqueuing.js";
import { BufferFull, EventLeaseError, Unavailable } from "./errors.js";

const MAX_WAITING_EVENTS = 10_000;
const MAX_WAITING_BYTES = 32 * 1024 * 1024;

/** What becomes of an event. */
export type Answer = Enqueued | EventLeaseError;

interface Waiting {
  readonly body: NewBody;
  readonly since: number;
  readonly answer: (answer: Answer) => void;
}

/** A buffer, and the loop that empties it. */
export class Coalescer {
  readonly #send: (bodies: NewBody[]) => Promise<Answer[]>;
  readonly #timeoutSeconds: number;
  readonly #throwsWhenFull: boolean;
  readonly #roomWanted: (() => void)[] = [];
  #waiting: Waiting[] = [];
  #waitingBytes = 0;
  #underWay = 0;
  #isClosed = false;
  #running: Promise<void> | null = null;

  constructor(send: (bodies: NewBody[]) => Promise<Answer[]>, timeoutSeconds: number, throwsWhenFull: boolean) {
    this.#send = send;
    this.#timeoutSeconds = timeoutSeconds;
    this.#throwsWhenFull = throwsWhenFull;
  }

  /** Resolves with what became of the event. Rejects once it is closed, and if it is full and callers do not wait. */
  async add(body: NewBody): Promise<Answer> {
    while (this.#waiting.length >= MAX_WAITING_EVENTS || this.#waitingBytes >= MAX_WAITING_BYTES) {
      if (this.#throwsWhenFull) throw new BufferFull("too many events wait to be enqueued");
      if (this.#isClosed) break;
      await new Promise<void>((resolve) => this.#roomWanted.push(resolve));
    }
    if (this.#isClosed) throw new Unavailable("the client is closed");
    return new Promise((answer) => {
      this.#waiting.push({ body, since: now(), answer });
      this.#waitingBytes += body.bytes;
      this.#running ??= this.#run();
    });
  }

  /** Sends what waits, for that long at most; says how many events were not acknowledged by then. */
  async close(seconds: number): Promise<number> {
    this.#isClosed = true;
    this.#callRoomWanted(this.#roomWanted.length);
    if (this.#running !== null) {
      let timer: NodeJS.Timeout | undefined;
      const limit = new Promise<void>((resolve) => (timer = setTimeout(resolve, seconds * 1000)));
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
    await Promise.resolve(); // what is enqueued in the same moment goes together
    while (this.#waiting.length > 0) {
      const { batch, expired } = this.#take();
      refuse(expired, "the event was not sent in time");
      this.#callRoomWanted(batch.length + expired.length);
      this.#underWay = batch.length;
      if (batch.length > 0) {
        const answers = await this.#answers(batch.map((event) => event.body));
        batch.forEach((event, number) => {
          event.answer(answers[number] as Answer);
        });
      }
      this.#underWay = 0;
    }
    this.#running = null;
  }

  async #answers(bodies: NewBody[]): Promise<Answer[]> {
    try {
      return await this.#send(bodies);
    } catch (error) {
      const known =
        error instanceof EventLeaseError ? error : new EventLeaseError("enqueuing failed", { cause: error });
      return bodies.map(() => known);
    }
  }

  /** The events of the next request, and those that have waited for too long. All or none may be repeated. */
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

  /** As many as there is room for now; all of them where nothing waits, lest none be called again. */
  #callRoomWanted(count: number): void {
    const called = this.#waiting.length === 0 ? this.#roomWanted.length : Math.max(count, 1);
    for (const call of this.#roomWanted.splice(0, called)) call();
  }
}

function refuse(events: readonly Waiting[], why: string): void {
  for (const event of events) event.answer(new Unavailable(why));
}
