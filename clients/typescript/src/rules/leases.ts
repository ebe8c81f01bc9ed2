/** The table of held leases, with one row for each event, and its state changes. Times are monotonic seconds. */

import type { Event } from "../event.js";
import type { Handler } from "../handlers.js";

export type Told = "lease_lost" | "cancel_requested" | "timeout" | "stopping";
export type Placed = "begin" | "behind" | "known";
export type State = "waiting" | "running" | "settling";

/** The longest time that an event waits for a free handler. */
export const WAITING_SECONDS = 30;

/** The facts of a new lease. */
export interface NewRow {
  eventId: string;
  leaseToken: string;
  attempt: number;
  visibilitySeconds: number;
  eventType?: string;
}

/** A lease, from the reply that granted it until its settlement has a definite answer. */
export class Row {
  readonly eventId: string;
  readonly #leaseToken: string;
  readonly attempt: number;
  readonly visibilitySeconds: number;
  readonly eventType: string;
  /** The event for handlers and callbacks; null once the lease is no longer held. */
  event: Event | null = null;
  /** The handler of the event type, if there is one. */
  handler: Handler | null = null;
  state: State = "waiting";
  leasedAt = 0;
  leaseEnd = 0;
  /** When the last renewal was sent apart from heartbeats. */
  renewedAt = 0;
  beganAt = 0;
  timeLimitAt: number | null = null;
  /** Why the handler should stop; the first reason stays. */
  told: Told | null = null;
  toldAt = 0;
  /** Aborts the handler's signal; set once the handler has asked for the signal. */
  wake: (() => void) | null = null;
  /** How the server ended the lease; null while it has not. */
  ended: string | null = null;
  /** True if the handler did not stop in time: the event was reported without it, and its slot was freed. */
  givenUp = false;
  progress: string | null = null;
  progressIsUnsent = false;
  /** Not null while this lease waits for older leases of the same event, whose handlers have until then to end. */
  behindUntil: number | null = null;

  constructor(row: NewRow) {
    this.eventId = row.eventId;
    this.#leaseToken = row.leaseToken;
    this.attempt = row.attempt;
    this.visibilitySeconds = row.visibilitySeconds;
    this.eventType = row.eventType ?? "";
  }

  /** A getter, so that no text form of the row has the token. */
  get leaseToken(): string {
    return this.#leaseToken;
  }

  toString(): string {
    return `event ${this.eventId} (${this.eventType}, attempt ${this.attempt})`;
  }

  /** The fields of a log line about this event. */
  fields<More extends object>(more?: More): { eventId: string; eventType: string; attempt: number } & More {
    return { eventId: this.eventId, eventType: this.eventType, attempt: this.attempt, ...(more as More) };
  }

  /** Applies a renewal, or an answer that says how long the lease still lasts. */
  renew(leaseEnd: number): void {
    this.leaseEnd = Math.max(this.leaseEnd, leaseEnd);
  }

  /** Tells the handler to stop. False if it already was told. */
  tell(reason: Told, now: number): boolean {
    if (this.told !== null) return false;
    this.told = reason;
    this.toldAt = now;
    return true;
  }
}

/** The rows by event id. If this engine leases an event again, the older row is kept apart, by its lease token. */
export class Table {
  readonly rows: Map<string, Row> = new Map();
  readonly older: Map<string, Row> = new Map();
  /** When the server will regard this engine as unresponsive, unless it gets another heartbeat. */
  aliveUntil: number = Infinity;

  get size(): number {
    return this.rows.size + this.older.size;
  }

  *[Symbol.iterator](): Iterator<Row> {
    yield* this.rows.values();
    yield* this.older.values();
  }

  /** Adds a lease. `behind` means that it must wait for older leases of the same event. */
  place(row: Row, leaseEnd: number, now: number): Placed {
    row.leasedAt = now;
    row.leaseEnd = leaseEnd;
    const before = this.rows.get(row.eventId);
    if (before?.leaseToken === row.leaseToken) return "known";
    this.rows.set(row.eventId, row);
    if (before !== undefined) {
      before.tell("lease_lost", now);
      before.ended ??= "leased_again";
      if (before.state === "waiting") before.event = null;
      else this.older.set(before.leaseToken, before);
    }
    if (this.#olderOf(row).length === 0) return "begin";
    row.behindUntil = now + (leaseEnd - now) / 2;
    return "behind";
  }

  /** True while the lease cannot have ended. */
  isCertain(row: Row, now: number): boolean {
    return row.ended === null && now < row.leaseEnd && now < this.aliveUntil;
  }

  /** Starts the handler's time. False if the lease may have ended while it waited, or the handler should not run. */
  begin(row: Row, now: number): boolean {
    if (row.state !== "waiting" || row.told !== null || !this.isCertain(row, now)) return false;
    row.state = "running";
    row.beganAt = now;
    return true;
  }

  /** The handler has ended; the report waits for an answer. */
  finish(row: Row): void {
    row.state = "settling";
    row.behindUntil = null;
  }

  /** Removes a lease that needs no further report. Returns the newer lease of the event if it may begin now. */
  remove(row: Row): Row | null {
    row.event = null;
    const newer = this.rows.get(row.eventId);
    if (newer === row) {
      this.rows.delete(row.eventId);
      return null;
    }
    const wasHeld = this.older.delete(row.leaseToken);
    if (!wasHeld || newer === undefined || newer.behindUntil === null || this.#olderOf(newer).length > 0) return null;
    newer.behindUntil = null;
    return newer;
  }

  /**
   * Hands a report that came too late to the newer lease of the same event, whose handler then need not run.
   * Returns that lease, or null if there is none.
   */
  inherit(row: Row): Row | null {
    const newer = this.rows.get(row.eventId);
    if (newer === undefined || newer === row || newer.state !== "waiting" || row.beganAt === 0) return null;
    this.finish(newer);
    this.remove(row);
    return newer;
  }

  /** Applies the server's statement that the lease is lost. True if this was not known before. */
  lose(row: Row, reason: string | null, now: number): boolean {
    if (this.rows.get(row.eventId) !== row || row.ended !== null) return false;
    // This engine's own settlement ended the lease; its answer has not arrived yet.
    if (row.state === "settling" && isOwnReport(reason)) {
      return false;
    }
    row.ended = reason ?? "unknown";
    row.tell("lease_lost", now);
    if (row.state === "waiting") this.remove(row);
    return true;
  }

  /** Marks all leases as lost, because the engine was registered again or removed. */
  loseAll(reason: string, now: number): Row[] {
    return [...this.rows.values()].filter((row) => this.lose(row, reason, now));
  }

  /**
   * The leases that a heartbeat lists, and whether each should be renewed.
   *
   * `until` is when the next heartbeat is due. No lease is renewed while the event loop is stalled.
   */
  listed(now: number, until: number, isStalled: boolean = false): { row: Row; renew: boolean }[] {
    const listed: { row: Row; renew: boolean }[] = [];
    for (const row of this.rows.values()) {
      if (row.ended === null && now < row.leaseEnd + row.visibilitySeconds) {
        listed.push({ row, renew: !isStalled && (row.progressIsUnsent || needsRenewal(row, until)) });
      }
    }
    return listed;
  }

  /** The rows that have waited too long for the handler of an older lease of the same event. */
  overdueBehind(now: number): Row[] {
    return [...this.rows.values()].filter(
      (row) =>
        row.behindUntil !== null &&
        now >= row.behindUntil &&
        this.#olderOf(row).some((older) => older.state === "running"),
    );
  }

  #olderOf(row: Row): Row[] {
    if (this.older.size === 0) return [];
    return [...this.older.values()].filter((older) => older.eventId === row.eventId);
  }
}

/** True if less than two thirds of the lease would be left at `until`. */
export function needsRenewal(row: Row, until: number): boolean {
  return row.leaseEnd - until < (row.visibilitySeconds * 2) / 3;
}

/** True if the lease was ended by a report of the engine that held it. */
export function isOwnReport(reason: string | null): boolean {
  return reason === "completed" || reason === "failed" || reason === "released";
}
