/** What a row of the audit trail says. */
import { rowInBrief, subjectOf } from "../../rules/audit.js";
import { byWhat } from "../../rules/by-what.js";
import { may } from "../../state/session.js";
import { h, html } from "../../parts/html.js";
import { short } from "../../parts/id.js";
import { Link } from "../../parts/link.js";
import { Stranger } from "../../parts/stranger.js";
import { Ago } from "../../parts/time.js";
import { twoLines } from "../../parts/two-lines.js";

/** @typedef {import("../../rules/audit.js").Row} Row */
/** @typedef {import("../../rules/audit.js").AuditEntry} AuditEntry */

/** @param {Readonly<Record<string, string>>} filter @returns {import("../../parts/table.js").Column<Row>[]} */
export function columnsOf(filter) {
  return [
    { name: "what", title: "What", width: "wide", phone: "head", cell: (row) => h(Stranger, { text: rowInBrief(row, short), most: 500 }) },
    { name: "when", title: "When", cell: ({ entry }) => h(Ago, { at: entry.recorded_at }) },
    { name: "subject", title: "To what", cell: ({ entry }) => h(SubjectLink, { entry }) },
    { name: "all", title: "All of it", phone: "hide", cell: ({ entry: { subject } }) => (filter["subject"] === subject ? html`<span class="nothing">–</span>` : h(Link, { to: { screen: "audit", filters: { subject } }, children: "its trail" })) },
    { name: "role", title: "As", cell: ({ entry }) => (byWhat(entry) === "" ? entry.role : twoLines(entry.role, byWhat(entry))) },
  ];
}

/** @param {{ entry: AuditEntry }} props */
export function SubjectLink({ entry }) {
  const name = h(Stranger, { text: short(entry.subject), most: 60 });
  const at = subjectOf(entry);
  if (at === null || !may(at.operation)) return name;
  const { operation: _, ...to } = at;
  return h(Link, { to, children: name });
}
