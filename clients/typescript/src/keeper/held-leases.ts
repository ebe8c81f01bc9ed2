/** The leases that the engine holds, as far as the keeper has been told of them. */

import { Row, Table } from "../rules/leases.js";
import type { Listed } from "./heartbeat.js";
import { heldOf, linesOf, nameOf, tokenOf } from "./lease-lines.js";
import type { Heard, Held, LeaseName } from "./messages.js";

/** Heartbeats renew while more than two thirds are left; a lease with less than this cannot wait for the next. */
const URGENT_SHARE = 0.6;

/** What the server says of a lease that a heartbeat has listed. */
export interface Entry {
  outcome: string;
  reason?: string | null;
  expires_in_seconds?: number;
}

export class HeldLeases {
  readonly #table = new Table();
  /** Leases that are not in the table yet, by token: most are over before anything has to be done about them. */
  readonly #placed = new Map<string, string>();

  get size(): number {
    return this.#table.size;
  }

  /** Takes in lines of leases that were placed. */
  place(lines: string): void {
    for (const line of linesOf(lines)) this.#placed.set(tokenOf(line), line);
  }

  /** Takes in a lease, or what is new about it. */
  hold(held: Held): void {
    this.#placed.delete(held.leaseToken);
    this.#set(held);
  }

  /** Forgets lines of leases that are over. */
  remove(lines: string): void {
    for (const line of linesOf(lines)) {
      if (this.#placed.delete(tokenOf(line))) continue;
      const name = nameOf(line);
      if (this.#rowOf(name) !== undefined) this.#table.rows.delete(name.eventId);
    }
  }

  /** What a heartbeat lists at `now`, if the next one is due at `until`. */
  listed(now: number, until: number, isStalled: boolean): ReturnType<Table["listed"]> {
    this.#takeIn();
    return this.#table.listed(now, until, isStalled);
  }

  /** Applies the answer to a heartbeat: what it says is lost or renewed. */
  apply(listed: readonly Listed[], entries: readonly Entry[], sentAt: number): Pick<Heard, "lost" | "renewed"> {
    const lost: Heard["lost"] = [];
    const renewed: Heard["renewed"] = [];
    entries.slice(0, listed.length).forEach((entry, index) => {
      const { row, progress } = listed[index] as Listed;
      const name = { eventId: row.eventId, leaseToken: row.leaseToken };
      if (entry.outcome === "lost") {
        if (this.#rowOf(name) !== row) return;
        this.#table.rows.delete(row.eventId);
        lost.push({ ...name, reason: entry.reason ?? null });
      } else if (entry.expires_in_seconds !== undefined) {
        row.renew(sentAt + entry.expires_in_seconds);
        if (progress !== null && row.progress === progress) row.progressIsUnsent = false;
        renewed.push({ ...name, leaseEnd: row.leaseEnd, progress });
      }
    });
    return { lost, renewed };
  }

  /** True if that is news for one of them. */
  tellOfCancels(eventIds: readonly string[], now: number): boolean {
    const rows = eventIds.flatMap((eventId) => this.#table.rows.get(eventId) ?? []);
    return rows.filter((row) => row.tell("cancel_requested", now)).length > 0;
  }

  /** True if a lease cannot wait for the next heartbeat. */
  areUrgent(now: number): boolean {
    this.#takeIn();
    for (const row of this.#table.rows.values()) {
      const left = row.leaseEnd - now;
      if (left > 0 && left < row.visibilitySeconds * URGENT_SHARE) return true;
    }
    return false;
  }

  #takeIn(): void {
    for (const line of this.#placed.values()) {
      if (this.#rowOf(nameOf(line)) === undefined) this.#set(heldOf(line)); // else its progress was told before
    }
    this.#placed.clear();
  }

  #set(held: Held): void {
    const row = this.#rowOf(held) ?? new Row({ ...held, attempt: 0 });
    row.leaseEnd = Math.max(row.leaseEnd, held.leaseEnd);
    row.progressIsUnsent = held.progress !== null;
    row.progress = held.progress;
    this.#table.rows.set(held.eventId, row);
  }

  #rowOf({ eventId, leaseToken }: LeaseName): Row | undefined {
    const row = this.#table.rows.get(eventId);
    return row?.leaseToken === leaseToken ? row : undefined;
  }
}

/** Leases are renewed without what was refused rather than not at all. */
export function leaveOutProgress(listed: readonly Listed[]): void {
  for (const { row, progress } of listed) {
    if (progress !== null && row.progress === progress) row.progressIsUnsent = false;
  }
}
