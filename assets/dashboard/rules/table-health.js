/** How much of a table is rows that wait for a vacuum. */
import { percent } from "./numbers.js";

/** Fewer are nothing, whatever they are beside. */
const SOME = 10_000;

/**
 * @param {Pick<import("../api/types.js").components["schemas"]["TableHealth"], "live_rows" | "dead_rows">} table
 * @returns {{ ratio: number, words: string, kind: "good" | "warning" | "waiting" } | null} null: PostgreSQL does not count them
 */
export function deadPart({ live_rows: live, dead_rows: dead }) {
  if (live === null || dead === null) return null;
  const all = live + dead;
  if (all === 0) return { ratio: 0, words: "no rows", kind: "good" };
  const ratio = dead / all;
  const kind = dead < SOME ? "good" : ratio >= 0.5 ? "warning" : "waiting";
  return { ratio, words: percent(ratio), kind };
}
