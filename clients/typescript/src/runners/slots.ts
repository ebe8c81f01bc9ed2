/** Which handlers run: at most `concurrency` at once, in the order in which their events came. */
import { abortFor } from "../abort.js";
import { Failed, type Report } from "../outcomes.js";
import { reportOf } from "../reports.js";
import type { Row } from "../rules/leases.js";
import type { Settings } from "../settings.js";
import { attempt } from "./attempt.js";

/** Handlers that end at once may hold the event loop for so long until other work gets its turn. */
const TURN_SECONDS = 0.01;

/** What slots need of the leases of their engine. */
export interface LeasesOfSlots {
  now(): number;
  begin(row: Row): boolean;
  finish(row: Row, report: Report | null): void;
}

/** Counts running handlers, and keeps the events that wait for one to end. */
export class Slots {
  /** What the lifespan has yielded. */
  state: unknown = undefined;
  /** Handlers that run and were not given up. */
  running = 0;
  /** Handlers that were given up and run on. */
  hung = 0;
  readonly #settings: Settings;
  readonly #leases: LeasesOfSlots;
  #waiting: Row[] = [];
  #turnBeganAt = 0;

  constructor(settings: Settings, leases: LeasesOfSlots) {
    this.#settings = settings;
    this.#leases = leases;
  }

  /** Events whose handler has not begun. */
  get waiting(): number {
    return this.#waiting.length;
  }

  /** Begins what can begin; the rest waits. */
  add(rows: readonly Row[]): void {
    this.#turnBeganAt = this.#leases.now(); // a reply has brought them
    for (const row of rows) this.#waiting.push(row);
    this.#fill();
  }

  /** Its handler was told to stop and is not waited for any more: it is reported, and another gets its slot. */
  giveUp(row: Row): void {
    if (row.state !== "running" || row.told === null || row.givenUp) return;
    row.givenUp = true;
    this.running -= 1;
    this.hung += 1;
    this.#leases.finish(row, reportOf(abortFor(row.told), row));
    this.#fill();
  }

  /** True if as many handlers hang as may run at once. */
  isStuck(): boolean {
    return this.hung >= this.#settings.concurrency;
  }

  /** Takes what waits out of the queue, as far as it is wanted. */
  takeWaiting(wanted: (row: Row) => boolean): Row[] {
    const taken: Row[] = [];
    const kept: Row[] = [];
    for (const row of this.#waiting) (wanted(row) ? taken : kept).push(row);
    this.#waiting = kept;
    return taken;
  }

  #fill(): void {
    while (this.running < this.#settings.concurrency) {
      const row = this.#waiting.shift();
      if (row === undefined) return;
      this.running += 1;
      void this.#work(row);
    }
  }

  /** Runs handlers one after the other in a slot; never rejects. What need not be awaited costs no promise. */
  async #work(first: Row): Promise<void> {
    for (let row: Row | undefined = first; row !== undefined; row = this.#next(row)) {
      if (this.#leases.now() - this.#turnBeganAt >= TURN_SECONDS) await this.#turn();
      try {
        const performing = this.#perform(row);
        if (performing !== undefined) await performing;
      } catch (error) {
        // The library itself has thrown, or something that an author has given it; neither event nor slot is lost.
        this.#settings.logger.error(row.fields({ err: error }), `the handler of ${row.toString()} could not be run`);
        this.#broke(row);
      }
    }
  }

  #broke(row: Row): void {
    try {
      this.#leases.finish(row, new Failed({ type: "ClientBug", message: "the client library threw an error" }));
    } catch (error) {
      this.#settings.logger.error(row.fields({ err: error }), `${row.toString()} could not be reported`);
    }
  }

  /** Lets timers and sockets have their turn, where handlers have gone on without a pause. */
  async #turn(): Promise<void> {
    await new Promise((resolve) => setImmediate(resolve));
    this.#turnBeganAt = this.#leases.now();
  }

  #perform(row: Row): Promise<void> | undefined {
    if (!this.#leases.begin(row)) return undefined;
    const { event, handler } = row;
    if (event === null || handler === null) throw new Error("a row without an event or a handler has begun");
    this.#settings.logger.debug(row.fields({ engineType: this.#settings.engineType }), `${row.toString()} begins`);
    const report = attempt(row, event, handler, this.state, this.#settings);
    if (report instanceof Promise) {
      return report.then((reported) => {
        this.#leases.finish(row, reported);
      });
    }
    this.#leases.finish(row, report);
    return undefined;
  }

  /** A handler has ended: what begins next in its slot; none where another has got the slot. */
  #next(ended: Row): Row | undefined {
    if (ended.givenUp) {
      this.hung -= 1;
      return undefined;
    }
    const row = this.#waiting.shift();
    if (row === undefined) this.running -= 1;
    return row;
  }
}
