/** The event that a handler is called with. */
import { setMaxListeners } from "node:events";
import { abortFor } from "./abort.js";
import { textOf, type Json } from "./encoding.js";
import type { LeasedEvent, LeasedPrevious } from "./leased-event.js";
import { LeaseUncertain } from "./outcomes.js";
import type { Row, Told } from "./rules/leases.js";

/** What an event uses of its engine's `Leases`. */
export interface LeasesOfEvent {
  readonly json: Json;
  now(): number;
  isCertain(row: Row): boolean;
  setProgress(row: Row, progress: string, options: { now: boolean }): void;
}

/** How the previous attempt ended. */
export class Previous {
  readonly #body: LeasedPrevious;

  constructor(body: LeasedPrevious) {
    this.#body = body;
  }

  /** `failed`, `released`, or why the lease was lost: `expired`, `engine_unresponsive`, … */
  get outcome(): string {
    return this.#body.outcome;
  }
  /** The error of a failure, as it was reported. */
  get error(): unknown {
    return this.#body.error ?? null;
  }
  /** The progress that was reported last. */
  get progress(): unknown {
    return this.#body.progress ?? null;
  }
  /** Why the event was released, as a code for programs. */
  get code(): string | null {
    return this.#body.code ?? null;
  }
  /** Why the event was released, as a text for people. */
  get reason(): string | null {
    return this.#body.reason ?? null;
  }
  /** When the attempt ended, by the server's clock. */
  get endedAt(): Date {
    return new Date(this.#body.ended_at);
  }
  toString(): string {
    return `Previous attempt (${this.outcome})`;
  }
  toJSON(): { outcome: string; code: string | null; reason: string | null } {
    return { outcome: this.outcome, code: this.code, reason: this.reason };
  }
  static {
    const inspected = function (this: Previous): string {
      return `[${this.toString()}]`;
    };
    Object.defineProperty(this.prototype, Symbol.for("nodejs.util.inspect.custom"), { value: inspected });
  }
}

/** The event as the server sent it. */
export let bodyOf: (event: Event) => LeasedEvent;
/** Sets the payload and the state that the handler reads. */
export let give: (event: Event, payload: unknown, state: unknown) => void;

/** A leased event. It can be logged: its text forms do not contain the payload. */
export class Event<P = unknown, S = unknown> {
  readonly #body: LeasedEvent;
  readonly #row: Row;
  readonly #leases: LeasesOfEvent;
  #payload: P | undefined;
  #state: S | undefined;
  #abort: AbortController | undefined;

  constructor(body: LeasedEvent, row: Row, leases: LeasesOfEvent) {
    this.#body = body;
    this.#row = row;
    this.#leases = leases;
  }

  /** The output of the handler's schema; without a schema, what the producer sent, unchecked. */
  get payload(): P {
    return this.#payload as P;
  }
  /** What the engine's `lifespan` yielded. */
  get state(): S {
    return this.#state as S;
  }
  /** The same for every attempt, so use it as the idempotency key of what must not be done twice. */
  get eventId(): string {
    return this.#body.event_id;
  }
  /** The type that selected the handler. */
  get eventType(): string {
    return this.#body.event_type;
  }
  /** The number of this attempt, from 1. It is never reset. */
  get attempt(): number {
    return this.#body.attempt;
  }
  /** `attempt` plus the retries that are left. */
  get maxAttempts(): number {
    return this.#body.max_attempts;
  }
  /** True if a failure of this attempt makes the event a dead letter. */
  get isLastAttempt(): boolean {
    return this.attempt >= this.maxAttempts;
  }
  /** How many more times the event is retried after failures. */
  get retriesLeft(): number {
    return this.#body.retries_left;
  }
  /** How many silent losses, that of this attempt included, make the event a dead letter. */
  get lossesLeft(): number {
    return this.#body.losses_left;
  }
  /** How many times in a row the event was released before this attempt. */
  get releasesInRow(): number {
    return this.#body.releases_in_row;
  }
  /** The previous attempt; null for the first. */
  get previous(): Previous | null {
    return this.#body.previous ? new Previous(this.#body.previous) : null;
  }
  /** 0 to 9; 9 is leased first. */
  get priority(): number {
    return this.#body.priority;
  }
  /** The run that the event belongs to. */
  get scenarioRunId(): string | number | null {
    return this.#body.scenario_run_id;
  }
  /** When the event was enqueued, by the server's clock. */
  get createdAt(): Date {
    return new Date(this.#body.created_at);
  }
  /** The trace context that the event was enqueued with. */
  get traceparent(): string | null {
    return this.#body.traceparent;
  }
  /** The vendor-specific part of the trace context. */
  get tracestate(): string | null {
    return this.#body.tracestate;
  }
  /** The payload as JSON, as it was before any schema. */
  get payloadText(): string {
    return textOf(this.#body.payload, this.#leases.json);
  }

  /**
   * Aborted when the handler should stop. Its `reason` is a LeaseLost, CancelRequested, HandlerTimeout or Stopping.
   * Pass it to `fetch`, `timers/promises`, child processes and database drivers.
   */
  get signal(): AbortSignal {
    if (this.#abort === undefined) {
      const abort = (this.#abort = new AbortController());
      setMaxListeners(0, abort.signal); // handlers may pass it to any number of calls at once
      const row = this.#row;
      const stop = (): void => {
        if (row.told !== null) abort.abort(abortFor(row.told));
      };
      if (row.told === null) row.wake = stop;
      else stop();
    }
    return this.#abort.signal;
  }
  /** Why the handler should stop; null while it need not. */
  get cancelled(): Told | null {
    return this.#row.told;
  }
  /** Throws the reason of `signal` if the handler should stop. */
  check(): void {
    checkThis(this, "check");
    if (this.#row.told !== null) this.signal.throwIfAborted();
  }

  /**
   * Reports how far the work is, to people and to the next attempt. It is sent with the next heartbeat, or with `now`
   * at once, but at most once a second. Throws a TypeError for a value that JSON cannot hold.
   */
  progress(value: unknown, options: { now?: boolean } = {}): void {
    checkThis(this, "progress");
    this.#leases.setProgress(this.#row, textOf(value, this.#leases.json), { now: options.now ?? false });
  }

  /** False if the lease may have ended. */
  get leaseCertain(): boolean {
    return this.#leases.isCertain(this.#row);
  }
  /** Throws LeaseUncertain if the lease may have ended, which releases the event. Call it before irreversible steps. */
  checkCertain(): void {
    checkThis(this, "checkCertain");
    if (!this.leaseCertain) throw new LeaseUncertain();
  }
  /** The seconds left of the handler's time limit; null without one. */
  secondsLeft(): number | null {
    checkThis(this, "secondsLeft");
    const limit = this.#row.timeLimitAt;
    return limit === null ? null : Math.max(limit - this.#leases.now(), 0);
  }

  toString(): string {
    return `Event ${this.eventId} (${this.eventType}, attempt ${this.attempt})`;
  }
  toJSON(): { eventId: string; eventType: string; attempt: number } {
    return { eventId: this.eventId, eventType: this.eventType, attempt: this.attempt };
  }
  static {
    bodyOf = (event) => event.#body;
    const inspected = function (this: Event): string {
      return `[${this.toString()}]`;
    };
    Object.defineProperty(this.prototype, Symbol.for("nodejs.util.inspect.custom"), { value: inspected });
    give = (event, payload, state) => {
      event.#payload = payload;
      event.#state = state;
    };
  }
}

/** Methods that were taken out of their event, as by `({ progress }) => …`, have no event. */
function checkThis(event: Event | undefined, method: string): void {
  if (event === undefined) throw new TypeError(`${method} must be called on its event: event.${method}()`);
}
