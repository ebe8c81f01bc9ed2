/** The event that a handler gets. */
import { setMaxListeners } from "node:events";
import { abortFor } from "./abort.js";
import { numberOf, textOf, type Json } from "./encoding.js";
import { LeaseUncertain } from "./outcomes.js";
import type { Row, Told } from "./rules/leases.js";

/** A leased event as the server sends it, as far as it is read. */
export interface LeasedEvent {
  readonly event_id: string;
  readonly engine_type: string;
  readonly event_type: string;
  readonly payload: unknown;
  readonly priority: number;
  readonly scenario_run_id: string | number | null;
  readonly created_at: string;
  readonly attempt: number;
  readonly max_attempts: number;
  readonly retries_left: number;
  readonly losses_left: number;
  readonly releases_in_row: number;
  readonly traceparent: string | null;
  readonly tracestate: string | null;
  readonly previous: LeasedPrevious | null;
  readonly lease: {
    readonly lease_token: string;
    readonly expires_in_seconds: number;
    readonly visibility_timeout_seconds: number;
  };
}

const NUMBERS = ["attempt", "max_attempts", "retries_left", "losses_left", "releases_in_row", "priority"] as const;

/** With numbers where the library counts, whatever the author's JSON has made of them. */
export function counted(body: LeasedEvent): LeasedEvent {
  const { lease_token, expires_in_seconds, visibility_timeout_seconds } = body.lease;
  return {
    ...body,
    ...(Object.fromEntries(NUMBERS.map((name) => [name, numberOf(body[name])])) as Pick<
      LeasedEvent,
      (typeof NUMBERS)[number]
    >),
    lease: {
      lease_token,
      expires_in_seconds: numberOf(expires_in_seconds),
      visibility_timeout_seconds: numberOf(visibility_timeout_seconds),
    },
  };
}

/** The attempt before, as the server sends it. */
export interface LeasedPrevious {
  readonly outcome: string;
  readonly error: unknown;
  readonly progress: unknown;
  readonly code: string | null;
  readonly reason: string | null;
  readonly ended_at: string;
}

/** What an event needs of the leases of its engine. */
export interface LeasesOfEvent {
  readonly json: Json;
  now(): number;
  isCertain(row: Row): boolean;
  setProgress(row: Row, progress: string, options: { now: boolean }): void;
}

/** How the attempt before this one ended. */
export class Previous {
  readonly #body: LeasedPrevious;

  constructor(body: LeasedPrevious) {
    this.#body = body;
  }

  /** `failed`, `released`, or how the lease was lost: `expired`, `engine_unresponsive`, … */
  get outcome(): string {
    return this.#body.outcome;
  }
  /** What was reported of a failure. */
  get error(): unknown {
    return this.#body.error ?? null;
  }
  /** The last progress that was reported. */
  get progress(): unknown {
    return this.#body.progress ?? null;
  }
  /** Why it was released, for programs. */
  get code(): string | null {
    return this.#body.code ?? null;
  }
  /** Why it was released, for people. */
  get reason(): string | null {
    return this.#body.reason ?? null;
  }
  /** When it ended, by the server's clock. */
  get endedAt(): Date {
    return new Date(this.#body.ended_at);
  }
}

/** As the server has sent it. */
export let bodyOf: (event: Event) => LeasedEvent;
/** What its handler gets. */
export let give: (event: Event, payload: unknown, state: unknown) => void;

/** A leased event. Its text forms have no payload, so that it may be logged. */
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

  /** As the handler's schema has made it; without a schema as the producer sent it, unchecked. */
  get payload(): P {
    return this.#payload as P;
  }
  /** What the engine's `lifespan` has yielded. */
  get state(): S {
    return this.#state as S;
  }
  /** The same for every attempt: use it as the key of what must not be done twice. */
  get eventId(): string {
    return this.#body.event_id;
  }
  /** By which its handler was chosen. */
  get eventType(): string {
    return this.#body.event_type;
  }
  /** From 1, never reset. */
  get attempt(): number {
    return this.#body.attempt;
  }
  /** This attempt and the retries that are left. */
  get maxAttempts(): number {
    return this.#body.max_attempts;
  }
  /** True if a failure now makes a dead letter. */
  get isLastAttempt(): boolean {
    return this.attempt >= this.maxAttempts;
  }
  /** Failures that may still be reported before the one that makes a dead letter. */
  get retriesLeft(): number {
    return this.#body.retries_left;
  }
  /** Silent losses until it becomes a dead letter, this attempt's included. */
  get lossesLeft(): number {
    return this.#body.losses_left;
  }
  /** How often it was released in a row before this attempt. */
  get releasesInRow(): number {
    return this.#body.releases_in_row;
  }
  /** The attempt before; null at the first. */
  get previous(): Previous | null {
    return this.#body.previous ? new Previous(this.#body.previous) : null;
  }
  /** 0 to 9; 9 comes first. */
  get priority(): number {
    return this.#body.priority;
  }
  /** The run it belongs to. */
  get scenarioRunId(): string | number | null {
    return this.#body.scenario_run_id;
  }
  /** When it was enqueued, by the server's clock. */
  get createdAt(): Date {
    return new Date(this.#body.created_at);
  }
  /** The trace context it was enqueued with. */
  get traceparent(): string | null {
    return this.#body.traceparent;
  }
  /** What goes with `traceparent`. */
  get tracestate(): string | null {
    return this.#body.tracestate;
  }
  /** The payload as JSON, before any schema. */
  get payloadText(): string {
    return textOf(this.#body.payload, this.#leases.json);
  }

  /**
   * Aborted when the handler should stop. Its `reason` is a LeaseLost, CancelRequested, HandlerTimeout or Stopping.
   * It may be given to `fetch`, `timers/promises`, child processes and database drivers.
   */
  get signal(): AbortSignal {
    if (this.#abort === undefined) {
      const abort = (this.#abort = new AbortController());
      setMaxListeners(0, abort.signal); // handlers may give it to as many calls at once as they like
      const row = this.#row;
      const stop = (): void => {
        if (row.told !== null) abort.abort(abortFor(row.told));
      };
      if (row.told === null) row.wake = stop;
      else stop();
    }
    return this.#abort.signal;
  }
  /** Why the handler should stop, or null. */
  get cancelled(): Told | null {
    return this.#row.told;
  }
  /** Throws the reason once the handler should stop. */
  check(): void {
    if (this.#row.told !== null) this.signal.throwIfAborted();
  }

  /**
   * Keeps how far the work is, for people and for the next attempt; it goes with the next heartbeat.
   * With `now` it is sent at once, but at most once a second. Throws a TypeError for what is no JSON.
   */
  progress(value: unknown, options: { now?: boolean } = {}): void {
    this.#leases.setProgress(this.#row, textOf(value, this.#leases.json), { now: options.now ?? false });
  }

  /** False where the lease may have ended, as far as this process can know. */
  get leaseCertain(): boolean {
    return this.#leases.isCertain(this.#row);
  }
  /** Throws LeaseUncertain, which releases the event: to be called before what cannot be undone. */
  checkCertain(): void {
    if (!this.leaseCertain) throw new LeaseUncertain();
  }
  /** Until the handler's time limit; null without one. */
  secondsLeft(): number | null {
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
