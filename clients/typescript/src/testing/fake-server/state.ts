/** What the fake server knows. Members in the names of the interface are what replies show, the others are its own. */

import { randomBytes, randomUUID } from "node:crypto";
import type { NewEvent } from "./enqueueing.js";
import type { Members } from "./fields.js";
import type { Report } from "./verdicts.js";

const RECHECK_MILLISECONDS = 50;

/** A registered engine. */
export interface Engine {
  readonly engine_id: string;
  readonly engine_type: string;
  readonly incarnation: number;
  readonly registered_at: Date;
  readonly scenario_run_id: string | null;
  readonly may_enqueue: string[];
  readonly heartbeat_timeout_seconds: number | null;
  readonly metadata: { static_config: Members; dynamic_state: Members };
  drain: { reason: string | null; then: "exit" | "stay"; since: Date } | null;
  holding_off: { until: Date; reason: string } | null;
  current_workload: number | null;
  last_seen_at: Date;
  last_heartbeat: Date | null;
  last_poll_at: Date | null;
  isUnresponsive: boolean;
  heartbeats: number;
  parkedPolls: number;
  /** What its last heartbeat was told. */
  told: Orders | null;
}

/** What a heartbeat tells an engine. */
export interface Orders {
  status: string;
  command: "continue" | "drain" | "stop";
  drain?: Engine["drain"];
  leases_held: number;
  max_concurrent_events: number | null;
  events_to_cancel: string[];
}

/** One engine's right to one event. */
export interface Lease {
  readonly lease_token: string;
  readonly lock: string;
  readonly leased_by: string;
  readonly leased_at: Date;
  readonly deadline_at: Date;
  readonly visibility_timeout_seconds: number;
  expires_at: Date;
  readonly incarnation: number;
  readonly engine_software_version: unknown;
  readonly pollId: string | undefined;
  readonly pollTerms: string;
}

/** An ended lease. */
export interface Attempt {
  readonly attempt: number;
  readonly outcome: string;
  readonly ended_at: Date;
  readonly progress: unknown;
  late_by_seconds: number | null;
  readonly lease: Lease;
  readonly report: Report | null;
  /** What its report was answered. */
  readonly reply: Settled | null;
}

/** What a report is answered. */
export interface Settled {
  event_id: string;
  status: string;
  attempt: number;
  outcome: string;
  available_at?: Date;
  enqueued?: object[];
}

/** An event, queued from its making on. */
export class Event {
  readonly event_id: string = randomUUID();
  readonly created_at: Date;
  readonly caused_by: string | null;
  status: "queued" | "processing" | "completed" | "failed" | "cancelled" = "queued";
  available_at: Date | null;
  finished_at: Date | null = null;
  /** The number of the last attempt. */
  attempt = 0;
  failures = 0;
  lease_losses = 0;
  progress: unknown = null;
  progress_at: Date | null = null;
  result: unknown = null;
  error: Report["error"] | null = null;
  dead_letter_reason: string | null = null;
  cancel_requested = false;
  /** What its producer sent, with the defaults. */
  readonly sent: NewEvent;
  readonly attempts: Attempt[] = [];
  lease: Lease | null = null;
  releasesInRow = 0;

  constructor(sent: NewEvent, createdAt: Date, availableAt: Date, causedBy: string | null) {
    this.sent = sent;
    this.created_at = createdAt;
    this.available_at = availableAt;
    this.caused_by = causedBy;
  }

  get isOpen(): boolean {
    return this.status === "queued" || this.status === "processing";
  }

  get retriesLeft(): number {
    return Math.max(0, this.sent.retry_policy.max_retries - this.failures);
  }

  get lossesLeft(): number {
    return Math.max(0, this.sent.retry_policy.dead_letter_threshold - this.lease_losses);
  }

  /** After a loss: leased beside no other suspect. */
  get isSuspect(): boolean {
    return this.lease_losses > 0;
  }

  /** After more losses, or before the last: leased alone. */
  get isIsolated(): boolean {
    return this.lease_losses >= 2 || (this.isSuspect && this.lossesLeft <= 1);
  }
}

/** A bearer token. */
export interface Token {
  readonly token_id: string;
  readonly role: string;
  readonly name: string;
  readonly engine_id: string | null;
  readonly engine_types: string[] | null;
  readonly created_at: Date;
  expires_at: Date | null;
  isSuperseded: boolean;
}

export class State {
  readonly engines: Map<string, Engine> = new Map();
  /** In the order of their making. */
  readonly events: Map<string, Event> = new Map();
  /** The events that idempotency keys stand for, by caller, queue and key. */
  readonly keys: Map<string, Event> = new Map();
  readonly cancelledRuns: Map<string, Date> = new Map();
  readonly tokens: Map<string, Token> = new Map();
  readonly needsTokens: boolean;
  isStopping = false;
  #aheadMilliseconds = 0;
  readonly #waiting = new Set<() => void>();

  constructor(adminToken: string | undefined) {
    this.needsTokens = adminToken !== undefined;
    if (adminToken !== undefined) this.addToken({ role: "admin", name: "admin" }, adminToken);
  }

  /** Its time passes as real time does, and setting the machine's clock does not change it. */
  now(): Date {
    return new Date(performance.timeOrigin + performance.now() + this.#aheadMilliseconds);
  }

  in(seconds: number): Date {
    return new Date(this.now().getTime() + seconds * 1000);
  }

  secondsUntil(moment: Date): number {
    return (moment.getTime() - this.now().getTime()) / 1000;
  }

  secondsSince(moment: Date): number {
    return -this.secondsUntil(moment);
  }

  advance(seconds: number): void {
    this.#aheadMilliseconds += seconds * 1000;
  }

  /** Lets all that waits look again. */
  wake(): void {
    for (const wake of this.#waiting) wake();
  }

  /** Waits until something has changed. Much happens because time passes, so it never waits for long. */
  change(seconds: number): Promise<void> {
    return new Promise((resolve) => {
      const wake = (): void => {
        clearTimeout(timer);
        this.#waiting.delete(wake);
        resolve();
      };
      const timer = setTimeout(wake, Math.min(seconds * 1000, RECHECK_MILLISECONDS));
      this.#waiting.add(wake);
    });
  }

  /** Keeps a new bearer token, and returns its text. */
  addToken(
    token: Pick<Token, "role" | "name"> & Partial<Token>,
    secret: string = `el_${randomBytes(32).toString("hex")}`,
  ): string {
    const none = { engine_id: null, engine_types: null, expires_at: null, isSuperseded: false, created_at: this.now() };
    this.tokens.set(secret, { token_id: randomUUID(), ...none, ...token });
    return secret;
  }

  /** The open events of a queue. */
  queue(engineType: string): Event[] {
    return [...this.events.values()].filter((event) => event.isOpen && event.sent.engine_type === engineType);
  }

  /** Keeps what an engine reports on its lease. */
  progress(event: Event, progress: unknown): void {
    event.progress = progress;
    event.progress_at = this.now();
  }

  heldBy(engineId: string): Event[] {
    return [...this.events.values()].filter((event) => event.lease?.leased_by === engineId);
  }
}
