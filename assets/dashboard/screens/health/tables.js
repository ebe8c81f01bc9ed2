/** The tables whose rows come and go, and those that have a part for each day. */
import { count } from "../../rules/numbers.js";
import { deadPart } from "../../rules/table-health.js";
import { h, html } from "../../parts/html.js";
import { Table } from "../../parts/table.js";
import { Ago } from "../../parts/time.js";
import { Status } from "../../parts/words.js";
import { Section } from "./section.js";

/** @typedef {import("../../api/types.js").components["schemas"]["TableHealth"]} TableHealth */
/** @typedef {import("../../api/types.js").components["schemas"]["PartitionsAhead"]} PartitionsAhead */

/** @type {readonly import("../../parts/table.js").Column<TableHealth>[]} */
const COLUMNS = [
  { name: "table", title: "Table", phone: "head", cell: ({ table }) => html`<code>${table}</code>` },
  { name: "live", title: "Rows", align: "right", cell: ({ live_rows: live }) => (live === null ? "–" : `≈ ${count(live)}`) },
  { name: "dead", title: "Dead rows", align: "right", cell: ({ dead_rows: dead }) => (dead === null ? "–" : `≈ ${count(dead)}`) },
  { name: "part", title: "Dead part", cell: (table) => h(DeadBar, { table }) },
  { name: "vacuum", title: "Vacuumed", cell: ({ last_vacuum_at: byHand, last_autovacuum_at: byItself }) => h(Vacuumed, { at: latest(byHand, byItself) }) },
  { name: "analyze", title: "Analyzed", cell: ({ last_analyze_at: at }) => h(Vacuumed, { at }) },
];

/** @param {{ tables: readonly TableHealth[], isAutovacuumOn: boolean }} props */
export function Tables({ tables, isAutovacuumOn }) {
  return h(Section, {
    title: "Tables",
    children: tables.length === 0
      ? html`<div class="empty">There is no table yet: the migrations have not run.</div>`
      : html`<p class="note">PostgreSQL's own estimates. Dead rows are those of finished work, until a vacuum clears them away. Autovacuum is ${isAutovacuumOn ? "on" : "off"}.</p>
        ${h(Table, { name: "Tables", rows: tables, keyOf: ({ table }) => table, columns: COLUMNS })}`,
  });
}

/** @param {{ table: TableHealth }} props */
function DeadBar({ table }) {
  const part = deadPart(table);
  if (part === null) return "–";
  /** @param {SVGElement | null} bar */
  const long = (bar) => bar?.setAttribute("width", String(60 * part.ratio));
  return html`<span class=${`number kind-${part.kind}`}><svg class="bar" viewBox="0 0 60 8" preserveAspectRatio="none" aria-hidden="true"><rect class="bar-whole" width="60" height="8"></rect><rect class="bar-part" height="8" ref=${long}></rect></svg> ${part.words}</span>`;
}

/** @param {string | null} one @param {string | null} other */
function latest(one, other) {
  return one === null || other === null ? (one ?? other) : Date.parse(one) > Date.parse(other) ? one : other;
}

/** @param {{ at: string | null }} props */
function Vacuumed({ at }) {
  return at === null ? html`<span class="note">not yet</span>` : h(Ago, { at });
}

/** @param {{ partitions: readonly PartitionsAhead[] }} props */
export function Partitions({ partitions }) {
  return h(Section, {
    title: "Partitions ahead",
    children: html`<ul class="health-list">${partitions.map(({ table, has_today, days_ahead }) => html`<li key=${table}>
      ${h(Status, has_today ? (days_ahead < 2 ? { word: "soon at its end", kind: "warning" } : { word: "there", kind: "good" }) : { word: "missing today", kind: "bad" })}${" "}
      <code>${table}</code>${has_today ? `: today's, and ${days_ahead === 0 ? "none" : days_ahead === 1 ? "one day" : `${days_ahead} days`} ahead` : ": nothing can be written to it"}</li>`)}</ul>
      <p class="note">These tables have a part for each day (UTC). The service makes them a week ahead, and tries every ten minutes.</p>`,
  });
}
