import type { Row } from "./rules/leases.js";
import { Settlement } from "./settlement.js";

const PAUSE_SECONDS = 1;

/** Leases that are renewed beside the heartbeats, since their progress should be seen at once. */
export class Renewals {
  readonly #rows = new Set<Row>();

  /** Once a second at most for each. */
  add(row: Row): void {
    this.#rows.add(row);
  }

  remove(row: Row): void {
    this.#rows.delete(row);
  }

  /** When one may be sent; null without any. */
  inSeconds(now: number): number | null {
    if (this.#rows.size === 0) return null;
    return Math.max(Math.min(...[...this.#rows].map(dueAt)) - now, 0);
  }

  /** Those that may be sent, at least one where there are any. */
  take(now: number, most: number, mostChars: number): Settlement[] {
    const taken: Settlement[] = [];
    let size = 0;
    for (const row of this.#rows) {
      if (taken.length >= most || size > mostChars) break;
      if (now < dueAt(row)) continue;
      this.#rows.delete(row);
      row.renewedAt = now;
      const renewal = renewalOf(row);
      taken.push(renewal);
      size += renewal.body.length;
    }
    return taken;
  }
}

function dueAt(row: Row): number {
  return row.renewedAt + PAUSE_SECONDS;
}

function renewalOf(row: Row): Settlement {
  const progress = row.progressIsUnsent ? row.progress : null;
  const brought = progress === null ? "" : `,"progress":${progress}`;
  const body = `{"event_id":"${row.eventId}","lease_token":"${row.leaseToken}","status":"processing"${brought}}`;
  return new Settlement(row, body, { progress });
}
