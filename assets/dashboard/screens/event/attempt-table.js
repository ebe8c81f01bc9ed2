/** The attempts as a table: what the gantt shows, for keyboards, screen readers and copying. */
import { isSilent, leaseEnd } from "../../rules/gantt.js";
import { outcomeWords } from "../../rules/gantt-words.js";
import { EngineId } from "../../parts/engine-id.js";
import { h, html } from "../../parts/html.js";
import { Stranger } from "../../parts/stranger.js";
import { Table } from "../../parts/table.js";
import { Ago, Lasts } from "../../parts/time.js";
import { twoLines } from "../../parts/two-lines.js";

/** @typedef {import("../../api/types.js").components["schemas"]["Attempt"]} Attempt */
/** @typedef {Attempt & { sameAs: number | null, refused_report_at?: string | null, refused_report_status?: string | null }} Row */

/** @param {{ attempts: readonly Attempt[], show: (attempt: number) => void, more: (() => Promise<unknown>) | null }} props */
export function AttemptTable({ attempts, show, more }) {
  const rows = attempts.map((attempt, place) => ({ ...attempt, sameAs: sameAs(attempt, attempts[place + 1]) }));
  return h(Table, {
    name: "Attempts, the newest first",
    rows,
    keyOf: (/** @type {Row} */ row) => String(row.attempt),
    columns: [
      { name: "attempt", title: "Attempt", align: "right", phone: "head", cell: (/** @type {Row} */ row) => row.attempt },
      { name: "outcome", title: "Ended", cell: (/** @type {Row} */ row) => h(Ended, { row }) },
      { name: "held", title: "Held for", align: "right", cell: (/** @type {Row} */ row) => h(Lasts, { seconds: heldFor(row) }) },
      { name: "ended", title: "Until", cell: (/** @type {Row} */ row) => h(Ago, { at: row.ended_at }) },
      { name: "next", title: "Then", cell: (/** @type {Row} */ row) => h(Then, { row }) },
      { name: "engine", title: "Engine", cell: (/** @type {Row} */ row) => h(EngineOf, { row }) },
      { name: "error", title: "What was said", cell: (/** @type {Row} */ row) => h(Said, { row }) },
    ],
    actions: (/** @type {Row} */ row) => [{ verb: "Details", run: () => show(row.attempt) }],
    more,
  });
}

/** Whether it failed as the one before it did. @param {Attempt} attempt @param {Attempt | undefined} before */
function sameAs(attempt, before) {
  const isSame = before && attempt.error_message !== null && attempt.error_message === before.error_message && attempt.error_type === before.error_type;
  return isSame ? before.attempt : null;
}

/** @param {Row} row @returns {number | null} seconds; null: no engine had it */
function heldFor(row) {
  return row.leased_at === null ? null : (leaseEnd(row) - Date.parse(row.leased_at)) / 1000;
}

/** @param {{ row: Row }} props */
function Ended({ row }) {
  const ended = html`${isSilent(row.outcome) ? "lost silently" : outcomeWords(row.outcome).word}${row.outcome === outcomeWords(row.outcome).word ? null : html` <code class="code">${row.outcome}</code>`}`;
  if (row.late_by_seconds !== null) return twoLines(ended, html`the report came ${h(Lasts, { seconds: row.late_by_seconds })} late`);
  if (!row.refused_report_at) return ended;
  return twoLines(ended, html`a report ${h(Lasts, { seconds: (Date.parse(row.refused_report_at) - leaseEnd(row)) / 1000 })} later was refused`);
}

/** What followed for the event. @param {{ row: Row }} props */
function Then({ row }) {
  if (row.final_status) return row.final_status === "failed" ? "dead letter" : row.final_status;
  if (row.next_available_at === null) return html`<span class="nothing">–</span>`;
  const seconds = (Date.parse(row.next_available_at) - Date.parse(row.ended_at)) / 1000;
  return seconds < 0.05 ? "due at once" : html`due ${h(Lasts, { seconds })} later`;
}

/** @param {{ row: Row }} props */
function EngineOf({ row }) {
  if (row.engine_id === null) return html`<span class="nothing">anonymous</span>`;
  const { engine_id: id, engine_software_version: version } = row;
  return html`${h(EngineId, { id })}${version === null ? null : html` <small>${h(Stranger, { text: version, most: 24 })}</small>`}`;
}

/** @param {{ row: Row }} props */
function Said({ row }) {
  if (row.sameAs !== null) return html`<span class="note">the same as attempt ${row.sameAs}</span>`;
  const text = [row.error_type ?? row.code, row.error_message ?? row.reason].filter((part) => part !== null && part !== "").join(": ");
  return text === "" ? html`<span class="nothing">–</span>` : h(Stranger, { text, most: 120 });
}
