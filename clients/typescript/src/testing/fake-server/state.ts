/** What the fake server knows: the time, engines, events with their leases and attempts, keys, runs, tokens. */

import { randomBytes, randomUUID } from "node:crypto";
import type { NewEvent } from "./enqueueing.js";
import type { Members } from "./fields.js";
import type { Report, Settled } from "./verdicts.js";

const RECHECK_MILLISECONDS = 50;

/** A registered engine. */
export interface Engine {
  readonly engineId: string;
  readonly engineType: string;
  readonly registeredAt: Date;
  readonly heartbeatTimeoutSeconds: number | null;
  readonly scenarioRunId: string | null;
  readonly mayEnqueue: string[];
  readonly incarnation: number;
  staticConfig: Members;
  dynamicState: Members;
  lastSeenAt: Date;
  lastHeartbeat: Date | null;
  lastPollAt: Date | null;
  currentWorkload: number | null;
  drain: { reason: string | null; then: "exit" | "stay"; since: Date } | null;
  holdingOff: { until: Date; reason: string } | null;
  isUnresponsive: boolean;
  heartbeats: number;
  parkedPolls: number;
  /** What its last heartbeat was told. */
  orders: Orders | null;
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
  readonly token: string;
  readonly engineId: string;
  readonly incarnation: number;
  readonly leasedAt: Date;
  readonly deadlineAt: Date;
  readonly seconds: number;
  /** The poll that got it, and what that poll asked for. */
  readonly pollId: string | undefined;
  readonly pollTerms: string;
  expiresAt: Date;
}

/** An ended lease; `reply` is what its report was answered. */
export interface Attempt {
  readonly lease: Lease;
  readonly number: number;
  readonly endedAt: Date;
  readonly outcome: string;
  readonly progress: unknown;
  readonly report: Report | null;
  readonly reply: Settled | null;
  lateBySeconds: number | null;
}

/** An event, queued from its making on. */
export class Event {
  readonly eventId: string = randomUUID();
  /** What its producer sent, with the defaults. */
  readonly sent: NewEvent;
  readonly createdAt: Date;
  readonly causedBy: string | null;
  readonly attempts: Attempt[] = [];
  status: "queued" | "processing" | "completed" | "failed" | "cancelled" = "queued";
  availableAt: Date | null;
  finishedAt: Date | null = null;
  /** The number of the last attempt. */
  attempt = 0;
  failures = 0;
  losses = 0;
  releasesInRow = 0;
  lease: Lease | null = null;
  progress: unknown = null;
  result: unknown = null;
  error: Report["error"] | null = null;
  deadLetterReason: string | null = null;
  isToBeCancelled = false;

  constructor(sent: NewEvent, createdAt: Date, availableAt: Date, causedBy: string | null) {
    this.sent = sent;
    this.createdAt = createdAt;
    this.availableAt = availableAt;
    this.causedBy = causedBy;
  }

  get isOpen(): boolean {
    return this.status === "queued" || this.status === "processing";
  }

  get retriesLeft(): number {
    return Math.max(0, this.sent.retry_policy.max_retries - this.failures);
  }

  get lossesLeft(): number {
    return Math.max(0, this.sent.retry_policy.dead_letter_threshold - this.losses);
  }

  /** `free`: leased beside any other; `suspect`: beside no other suspect; `isolated`: alone. */
  get isolation(): "free" | "suspect" | "isolated" {
    if (this.losses === 0) return "free";
    return this.losses >= 2 || this.lossesLeft <= 1 ? "isolated" : "suspect";
  }
}

/** A bearer token. */
export interface Token {
  readonly tokenId: string;
  readonly role: string;
  readonly name: string;
  readonly engineId: string | null;
  readonly engineTypes: string[] | null;
  endsAt: Date | null;
  isSuperseded: boolean;
}

export class State {
  readonly engines = new Map<string, Engine>();
  /** In the order of their making. */
  readonly events = new Map<string, Event>();
  /** The events that idempotency keys stand for, by caller, queue and key. */
  readonly keys = new Map<string, Event>();
  readonly cancelledRuns = new Map<string, Date>();
  readonly tokens = new Map<string, Token>();
  readonly needsTokens: boolean;
  isStopping = false;
  #aheadMilliseconds = 0;
  readonly #waiting = new Set<() => void>();

  constructor(adminToken: string | undefined) {
    this.needsTokens = adminToken !== undefined;
    if (adminToken !== undefined) this.addToken(adminToken, "admin", "admin");
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

  advance(seconds: number): void {
    this.#aheadMilliseconds += seconds * 1000;
  }

  /** Wakes all that waits. */
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

  addToken(secret: string, role: string, name: string, more: Partial<Token> = {}): Token {
    const none = { engineId: null, engineTypes: null, endsAt: null, isSuperseded: false };
    const token = { tokenId: randomUUID(), role, name, ...none, ...more };
    this.tokens.set(secret, token);
    return token;
  }

  /** The open events of a queue. */
  queue(engineType: string): Event[] {
    return [...this.events.values()].filter((event) => event.isOpen && event.sent.engine_type === engineType);
  }

  heldBy(engineId: string): Event[] {
    return [...this.events.values()].filter((event) => event.lease?.engineId === engineId);
  }
}

/** A new bearer token. */
export function newSecret(): string {
  return `el_${randomBytes(32).toString("hex")}`;
}
