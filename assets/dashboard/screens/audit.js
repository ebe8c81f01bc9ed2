/** Who did what, and to what: the audit trail in sentences, the newest first. */
import { call, serverNow } from "../api/call.js";
import { ACTIONS, FILTERS, actorsOf, isSignIn, rowsOf, wantsSignIns } from "../rules/audit.js";
import { parametersOf } from "../rules/filters.js";
import { setFilter } from "../state/place.js";
import { usePages } from "../state/pages.js";
import { said } from "../parts/act.js";
import { Button } from "../parts/button.js";
import { CopyAs } from "../parts/copy-as.js";
import { exportLines } from "../parts/export-lines.js";
import { FilterBar } from "../parts/filter-bar.js";
import { h, html } from "../parts/html.js";
import { Link } from "../parts/link.js";
import { tell } from "../parts/notices.js";
import { Panel } from "../parts/panel.js";
import { Stranger } from "../parts/stranger.js";
import { Table } from "../parts/table.js";
import { columnsOf } from "./audit/columns.js";
import { Entry } from "./audit/entry.js";

/** @typedef {import("../rules/audit.js").AuditEntry} AuditEntry */
/** @typedef {import("../rules/audit.js").Row} Row */
/** @typedef {Readonly<Record<string, string>>} Values */

const PAGE = 200;
const EVERY_SECONDS = 10;
const TIMES = /** @type {const} */ ([["-1h", "an hour ago"], ["-1d", "a day ago"], ["-7d", "7 days ago"], ["-30d", "30 days ago"]]);
const FIELDS = [
  { name: "actor", title: "who", hint: "the name of a token" },
  { name: "action", title: "action", choices: ACTIONS.map((action) => /** @type {const} */ ([action, action.replaceAll("_", " ")])) },
  { name: "subject", title: "what it was done to", hint: "a name or an id" },
  { name: "recorded_after", title: "after", choices: TIMES, isTime: true },
  { name: "recorded_before", title: "before", choices: TIMES, isTime: true },
];

const { sign_ins: _, ...ASKED } = FILTERS;

/** @param {Values} values */
function queryOf(values) {
  return parametersOf(ASKED, values, serverNow());
}

/** @param {import("./list.js").ScreenProps} props */
function Audit({ values }) {
  const { open, ...filter } = values;
  const key = JSON.stringify(queryKey(filter));
  const { poll, rows: entries, more } = usePages(
    `list_audit:${key}`,
    async (cursor, signal) => (await call("list_audit", { query: { ...queryOf(filter), limit: PAGE, cursor }, signal })).data,
    { seconds: EVERY_SECONDS, idOf: (/** @type {AuditEntry} */ entry) => entry.audit_id },
  );
  const shown = wantsSignIns(values) ? entries : entries.filter((entry) => !isSignIn(entry));
  const rows = rowsOf(shown);
  return html`<div class="audit">
    ${h(FilterBar, { fields: FIELDS, values, specs: FILTERS, children: h(CopyAs, { operation: "list_audit", request: { query: queryOf(filter) } }) })}
    ${open === undefined ? null : h(Entry, { key: open, id: open, steps: rows.find((row) => row.key === open)?.entries ?? [] })}
    ${h(Panel, {
      title: "Audit trail",
      poll,
      actions: h(Button, { kind: "quiet", onClick: () => exportLines("list_audit", queryOf(filter), { file: "audit", items: "entries" }), children: "export as JSON lines" }),
      isEmpty: () => entries.length === 0,
      empty: h(Nothing, { values: filter }),
      children: () => html`${h(Actors, { rows, values: filter, isAll: more === null })}${h(SignIns, { values, left: entries.length - shown.length })}
        ${h(Table, {
          name: "Audit trail, the newest first",
          rows,
          keyOf: (/** @type {Row} */ row) => row.key,
          to: (/** @type {Row} */ row) => ({ screen: "audit", filters: { ...filter, open: row.key } }),
          columns: columnsOf(filter),
          more: more === null ? null : () => more().catch((error) => tell(said(error), { isBad: true })),
          pulse: `${key} ${wantsSignIns(values)}`,
        })}`,
    })}
  </div>`;
}

/** What the question depends on: of relative times the words, not the instants. @param {Values} values */
function queryKey(values) {
  return Object.keys(ASKED).map((name) => values[name]);
}

/** Who made the changes that are shown; each name is a filter. @param {{ rows: readonly Row[], values: Values, isAll: boolean }} props */
function Actors({ rows, values, isAll }) {
  const actors = actorsOf(rows);
  if (actors.length === 0) return null;
  return html`<ul class="changes" aria-label="Who">${actors.map(({ actor, words }) => html`<li key=${actor}>
      ${h(Link, { to: { screen: "audit", filters: { ...values, actor } }, children: h(Stranger, { text: actor, most: 60 }) })}: <bdi>${words}</bdi></li>`)}</ul>
    ${isAll ? null : html`<p class="note">Counted among the entries that are loaded.</p>`}`;
}

/** @param {{ values: Values, left: number }} props */
function SignIns({ values, left }) {
  if (values["sign_ins"] === "true") return html`<p class="note">Entries of signing in and out are among them. ${h(Button, { kind: "quiet", onClick: () => setFilter("sign_ins", null), children: "leave them out" })}</p>`;
  if (left === 0) return null;
  return html`<p class="note">${left === 1 ? "1 entry of signing in or out is" : `${left} entries of signing in or out are`} left out. ${h(Button, { kind: "quiet", onClick: () => setFilter("sign_ins", "true"), children: "show them" })}</p>`;
}

/** @param {{ values: Values }} props */
function Nothing({ values }) {
  if (queryKey(values).every((value) => value === undefined)) return html`<p>Nobody has changed anything yet. Whoever pauses, drains, redrives, cancels, changes settings or makes tokens is written down here.</p>`;
  return html`<p>No entry matches. Each part of the filter above has a cross to take it away. Entries are kept for as many days as the server's setting for the audit trail says.</p>`;
}

/** @type {import("./list.js").Screen} */
export const screen = { filters: FILTERS, view: Audit };
