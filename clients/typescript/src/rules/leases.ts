/** The table of held leases: one row for each event, and what every step does to it. Times are monotonic seconds. */

import type { Event } from "../event.js";
import type { Handler } from "../handlers.js";

export type Told = "lease_lost" | "cancel_requested" | "timeout" | "stopping";
export type Placed = "begin" | "behind" | "known";
export type State = "waiting" | "running" | "settling";

/** For longer, nothing waits for a handler. */
export const WAITING_SECONDS = 30;

/** What is known of a lease when its reply arrives. */
export interface NewRow {
  eventId: string;
  leaseToken: string;
  attempt: number;
  visibilitySeconds: number;
  eventType?: string;
}

/** A lease from the reply that brought it until its settlement has a definite answer. */
export class Row {
  readonly eventId: string;
  readonly #leaseToken: string;
  readonly attempt: number;
  readonly visibilitySeconds: number;
  readonly eventType: string;
  /** What its handler and callbacks get, as long as it is held. */
  event: Event | null = null;
  /** The handler of its event type, where there is one. */
  handler: Handler | null = null;
  state: State = "waiting";
  leasedAt = 0;
  leaseEnd = 0;
  /** When a renewal was last sent beside the heartbeats. */
  renewedAt = 0;
  beganAt = 0;
  timeLimitAt: number | null = null;
  /** Why the handler should stop; the first reason stays. */
  told: Told | null = null;
  toldAt = 0;
  /** Interrupts whatever the handler waits for; set by the runner. */
  wake: (() => void) | null = null;
  /** How the server ended the lease, where it did. */
  ended: string | null = null;
  /** The handler did not stop in time: it was reported without it, and its slot is used by another. */
  givenUp = false;
  progress: string | null = null;
  progressIsUnsent = false;
  /** It waits until older leases of the same event are over, and until then at most for their handlers. */
  behindUntil: number | null = null;

  constructor(row: NewRow) {
    this.eventId = row.eventId;
    this.#leaseToken = row.leaseToken;
    this.attempt = row.attempt;
    this.visibilitySeconds = row.visibilitySeconds;
    this.eventType = row.eventType ?? "";
  }

  /** Not a property of its own: tokens stand in no text form. */
  get leaseToken(): string {
    return this.#leaseToken;
  }

  toString(): string {
    return `event ${this.eventId} (${this.eventType}, attempt ${this.attempt})`;
  }

  /** For a line of the log. */
  fields<More extends object>(more?: More): { eventId: string; eventType: string; attempt: number } & More {
    return { eventId: this.eventId, eventType: this.eventType, attempt: this.attempt, ...(more as More) };
  }

  /** The server has renewed the lease, or says how long it still holds. */
  renew(leaseEnd: number): void {
    this.leaseEnd = Math.max(this.leaseEnd, leaseEnd);
  }

  /** True if the handler was not told to stop before. */
  tell(reason: Told, now: number): boolean {
    if (this.told !== null) return false;
    this.told = reason;
    this.toldAt = now;
    return true;
  }
}

/** Rows by event; those whose event was leased again to this engine stand apart, by their lease token. */
export class Table {
  readonly rows: Map<string, Row> = new Map();
  readonly older: Map<string, Row> = new Map();
  /** Until then the server does not take this engine for unresponsive. */
  aliveUntil: number = Infinity;

  get size(): number {
    return this.rows.size + this.older.size;
  }

  *[Symbol.iterator](): Iterator<Row> {
    yield* this.rows.values();
    yield* this.older.values();
  }

  /** Takes in a lease. `behind`: it has to wait until older leases of the event are over. */
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

  /** True while the lease holds for certain. */
  isCertain(row: Row, now: number): boolean {
    return row.ended === null && now < row.leaseEnd && now < this.aliveUntil;
  }

  /** False: the lease may have ended while it waited, or it should not be worked on any more. */
  begin(row: Row, now: number): boolean {
    if (row.state !== "waiting" || row.told !== null || !this.isCertain(row, now)) return false;
    row.state = "running";
    row.beganAt = now;
    return true;
  }

  /** Its report waits for an answer. */
  finish(row: Row): void {
    row.state = "settling";
    row.behindUntil = null;
  }

  /** The report has its answer, or there is none. The newer lease of the event that may begin now. */
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

  /** The report came too late because this engine has leased the event again: it is that lease's report now. */
  inherit(row: Row): Row | null {
    const newer = this.rows.get(row.eventId);
    if (newer === undefined || newer === row || newer.state !== "waiting" || row.beganAt === 0) return null;
    this.finish(newer);
    this.remove(row);
    return newer;
  }

  /** The server says that the lease is lost; true if that is news. */
  lose(row: Row, reason: string | null, now: number): boolean {
    if (this.rows.get(row.eventId) !== row || row.ended !== null) return false;
    // The echo of a settlement whose answer is on its way.
    if (row.state === "settling" && (reason === "completed" || reason === "failed" || reason === "released")) {
      return false;
    }
    row.ended = reason ?? "unknown";
    row.tell("lease_lost", now);
    if (row.state === "waiting") this.remove(row);
    return true;
  }

  /** The engine was registered again, or removed: no lease holds. */
  loseAll(reason: string, now: number): Row[] {
    return [...this.rows.values()].filter((row) => this.lose(row, reason, now));
  }

  /**
   * What a heartbeat lists, each event once, and whether the lease should be renewed.
   *
   * `until` is when the next heartbeat is due. No lease is renewed while the handlers' loop is stalled.
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

  /** Rows that have waited too long for the handler of an older lease of the same event. */
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
