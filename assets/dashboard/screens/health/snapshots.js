/** Who keeps PostgreSQL from clearing away the rows of finished work: also those who have not done so for long. */
import { count } from "../../rules/numbers.js";
import { lasts } from "../../rules/times.js";
import { h, html } from "../../parts/html.js";
import { Stranger } from "../../parts/stranger.js";
import { Table } from "../../parts/table.js";
import { Ago, At } from "../../parts/time.js";
import { Section } from "./section.js";

/** @typedef {import("../../rules/database-statements.js").OldSnapshot} OldSnapshot */
/** @typedef {import("../../rules/database-statements.js").DatabaseHealth} DatabaseHealth */

/** @type {Readonly<Record<string, string>>} */
const KINDS = { session: "session", prepared_transaction: "prepared transaction", replication_slot: "replication slot" };

/** @type {readonly import("../../parts/table.js").Column<OldSnapshot>[]} */
const COLUMNS = [
  { name: "holder", title: "Holder", phone: "head", cell: (snapshot) => h(Stranger, { text: nameOf(snapshot), most: 60 }) },
  { name: "application", title: "Application", cell: ({ application_name: name, held_by }) => (held_by === "session" ? h(Stranger, { text: name, most: 60 }) : "–") },
  { name: "user", title: "User", cell: ({ user }) => h(Stranger, { text: user, most: 40 }) },
  { name: "state", title: "State", cell: ({ state }) => h(Stranger, { text: state, most: 40 }) },
  { name: "since", title: "Since", cell: ({ since }) => h(Ago, { at: since }) },
  { name: "behind", title: "Transactions behind", align: "right", cell: ({ transactions_behind: many }) => count(many) },
];

/** @param {{ database: DatabaseHealth }} props */
export function Snapshots({ database: { snapshots, sees_other_users } }) {
  const blind = sees_other_users ? null : html`<p class="note">Of other users' sessions, only their numbers and names are seen: see what is said of <code>limited_view</code>.</p>`;
  return h(Section, {
    title: "Who holds old snapshots",
    children: snapshots.length === 0
      ? html`<div class="empty"><p>No session holds one: the rows of finished work can be cleared away.</p>${blind}</div>`
      : html`<p class="note">Rows that were removed since then are kept for them. Less than a minute is common, also for the service itself; what is older is warned of above, with what ends it.</p>
        ${h(Table, { name: "Holders of old snapshots", rows: snapshots, keyOf, columns: COLUMNS })}${blind}`,
  });
}

/** @param {OldSnapshot} snapshot */
function keyOf({ held_by, pid, name }) {
  return `${held_by} ${pid} ${name}`;
}

/** @param {OldSnapshot} snapshot */
function nameOf({ held_by, pid, name }) {
  return `${KINDS[held_by] ?? held_by} ${held_by === "session" ? pid : (name ?? "")}`;
}

/** @param {{ snapshot: OldSnapshot }} props */
export function HolderFacts({ snapshot }) {
  const { application_name: application, user, state, since, age_seconds: age, transactions_behind: behind } = snapshot;
  return html`<dl class="facts">
    <div><dt>Who</dt><dd>${h(Stranger, { text: nameOf(snapshot) })}${user === null ? null : html`, user ${h(Stranger, { text: user, most: 60 })}`}</dd></div>
    ${application === null ? null : html`<div><dt>Application</dt><dd>${h(Stranger, { text: application })}</dd></div>`}
    <div><dt>State</dt><dd>${h(Stranger, { text: state })}</dd></div>
    ${since === null ? null : html`<div><dt>Since</dt><dd>${h(At, { at: since })}${age === null ? null : `, for ${lasts(age)}`}</dd></div>`}
    <div><dt>Transactions behind</dt><dd>${count(behind)}</dd></div>
  </dl>`;
}
