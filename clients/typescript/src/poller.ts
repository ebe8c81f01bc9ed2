import { numberOf } from "./encoding.js";
import { randomUUID } from "node:crypto";
import { problemError, type Problem } from "./errors.js";
import type { LeasedEvent } from "./leased-event.js";
import type { Settlement } from "./settlement.js";
import type { Life } from "./life.js";
import { pauseAfterNothing, pauseAskedFor } from "./rules/backoff.js";
import { WAITING_SECONDS } from "./rules/leases.js";
import { CALL_SECONDS, type Exchanged } from "./settlements.js";

export const WAIT_SECONDS = 20;
export const MAX_EVENTS = 100;
const ROUND_TRIP_WINDOW_SECONDS = 60;
const MAX_ROUND_TRIPS = 100;
const PAUSE_SECONDS = 1;

/** Asks for events, and carries settlements with the question. One that carries none waits for events. */
export class Poller {
  readonly #life: Life;
  readonly #path: string;
  readonly #more: string;
  /** Waits for events, or pauses: it takes no settlements meanwhile. */
  #isParked = false;
  #pausedUntil = 0;
  #roundTrips: { at: number; seconds: number }[] = [];

  constructor(life: Life) {
    this.#life = life;
    this.#path = `/events/queue/${life.settings.engineType}/lease`;
    const visibility = life.settings.visibilityTimeoutSeconds;
    this.#more = visibility === undefined ? "" : `,"visibility_timeout_seconds":${visibility}`;
  }

  /** True if settlements go with the next poll. */
  takesSettlements(): boolean {
    return !this.#isParked && this.#mayPoll();
  }

  /** True if a poll follows though nothing is to be settled. */
  takesRenewals(): boolean {
    return this.takesSettlements() && this.#free([]) > 0;
  }

  /** Ends a pause, as far as events are wanted. */
  mayPollAgain(): void {
    this.#pausedUntil = 0;
    this.#life.leases.changed.notify();
  }

  /** Until the engine stops. */
  async run(): Promise<void> {
    const { leases, settlements, stopped } = this.#life;
    for (;;) {
      this.#isParked = false;
      while (!stopped.aborted && !this.#hasWork()) {
        await leases.changed.wait(Math.max(leases.holdUntil - leases.now(), 0) || undefined);
      }
      if (stopped.aborted) {
        this.#isParked = true;
        return;
      }
      const sent = settlements.take();
      const free = this.#free(sent);
      this.#isParked = sent.length === 0;
      leases.isPolling = free > 0;
      if (this.#isParked) leases.changed.notify();
      let pause: number;
      try {
        if (free > 0) pause = await this.#poll(sent, Math.min(free, MAX_EVENTS));
        else pause = (await settlements.send(sent))?.isSettled === true ? 0 : PAUSE_SECONDS;
      } finally {
        settlements.polled();
      }
      if (pause > 0) await this.#pause(pause);
    }
  }

  #mayPoll(): boolean {
    const { isDraining, leases, stopped } = this.#life;
    return !isDraining && !stopped.aborted && leases.now() >= leases.holdUntil;
  }

  #hasWork(): boolean {
    return this.#mayPoll() && (this.#life.leases.outbox.length > 0 || this.#free([]) > 0);
  }

  #free(sent: readonly Settlement[]): number {
    const { leases, slots, settings } = this.#life;
    // What would wait for long is not leased beforehand: others may have a handler for it.
    const isLong = slots.running >= settings.concurrency && leases.now() - leases.beganAt > WAITING_SECONDS;
    const capacity = isLong ? settings.concurrency : leases.capacity;
    return capacity - leases.held + sent.filter((each) => each.report !== null).length;
  }

  /** How long to pause before the next. */
  async #poll(sent: readonly Settlement[], limit: number): Promise<number> {
    const { leases, settlements } = this.#life;
    const wait = sent.length > 0 ? 0 : WAIT_SECONDS;
    const members = `"poll_id":"${randomUUID()}","limit":${limit},"wait_seconds":${wait}${this.#more}`;
    const seconds = wait > 0 ? wait + 15 : CALL_SECONDS;
    const exchanged = await settlements.send(sent, { members, path: this.#path, seconds });
    if (exchanged === null) return PAUSE_SECONDS;
    return await this.#take(exchanged, wait, leases.now());
  }

  async #take({ answer, sentAt, isSettled }: Exchanged, wait: number, arrived: number): Promise<number> {
    const { leases, identity } = this.#life;
    const events = answer["events"] as LeasedEvent[];
    leases.stats.polls += 1;
    if (events.length > 0) this.#life.takeIn(leases.place(events, this.#countedFrom(sentAt, arrived, wait > 0)));
    const problem = answer["lease_error"] as Problem | null | undefined;
    if (problem !== null && problem !== undefined) {
      const refused = problemError(problem, numberOf(problem.status));
      if (![429, 503, 504].includes(refused.status)) await identity.recover(refused, identity.generation);
      return pauseAskedFor(numberOf(problem["retry_after_seconds"] ?? 0), PAUSE_SECONDS, Math.random());
    }
    if (events.length > 0) return 0;
    if (!isSettled) return PAUSE_SECONDS;
    const said = answer["notice"] as { code: string; retry_after_seconds: number } | null | undefined;
    const notice = said ? { code: said.code, retry_after_seconds: numberOf(said.retry_after_seconds) } : null;
    return pauseAfterNothing(arrived - sentAt, wait, notice, Math.random());
  }

  /** The latest moment at which the server can have counted what is left of the leases, as we know it. */
  #countedFrom(sentAt: number, arrived: number, hasWaited: boolean): number {
    if (!hasWaited) {
      const since = arrived - ROUND_TRIP_WINDOW_SECONDS;
      this.#roundTrips = this.#roundTrips.filter((trip) => trip.at > since).slice(-MAX_ROUND_TRIPS);
      this.#roundTrips.push({ at: arrived, seconds: arrived - sentAt });
      return sentAt;
    }
    const longest = this.#roundTrips.length > 0 ? Math.max(...this.#roundTrips.map((trip) => trip.seconds)) : 0.5;
    return Math.max(sentAt, arrived - longest);
  }

  async #pause(seconds: number): Promise<void> {
    const { leases, stopped } = this.#life;
    this.#isParked = true;
    this.#pausedUntil = leases.now() + seconds;
    leases.changed.notify();
    for (let left = seconds; !stopped.aborted && left > 0; left = this.#pausedUntil - leases.now()) {
      await leases.changed.wait(left);
    }
  }
}
