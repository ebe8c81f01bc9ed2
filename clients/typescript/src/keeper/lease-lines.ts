/** Leases as lines of text, which is what thousands a second are sent to the keeper's thread as. */

import type { Row } from "../rules/leases.js";
import type { Held, LeaseName } from "./messages.js";

/** Lines of leases that were placed; neither ids nor tokens have spaces. */
export function placedLines(rows: readonly Row[]): string {
  let lines = "";
  for (const row of rows) lines += `${row.leaseToken} ${row.eventId} ${row.visibilitySeconds} ${row.leaseEnd}\n`;
  return lines;
}

export function removedLines(rows: readonly Row[]): string {
  let lines = "";
  for (const row of rows) lines += `${row.leaseToken} ${row.eventId}\n`;
  return lines;
}

export function* linesOf(lines: string): Iterable<string> {
  for (let from = 0, to = 0; (to = lines.indexOf("\n", from)) >= 0; from = to + 1) yield lines.slice(from, to);
}

export function tokenOf(line: string): string {
  return line.slice(0, line.indexOf(" "));
}

export function nameOf(line: string): LeaseName {
  const [leaseToken = "", eventId = ""] = line.split(" ");
  return { eventId, leaseToken };
}

export function heldOf(line: string): Held {
  const [leaseToken = "", eventId = "", visibilitySeconds, leaseEnd] = line.split(" ");
  return {
    eventId,
    leaseToken,
    visibilitySeconds: Number(visibilitySeconds),
    leaseEnd: Number(leaseEnd),
    progress: null,
  };
}
