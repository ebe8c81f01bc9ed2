/** What a crash may lose, and which servers have a copy. */
import { durabilityInWords } from "../../rules/durability.js";
import { lasts } from "../../rules/times.js";
import { h, html } from "../../parts/html.js";
import { Stranger } from "../../parts/stranger.js";
import { Table } from "../../parts/table.js";
import { Status } from "../../parts/words.js";
import { Section } from "./section.js";

/** @typedef {import("../../rules/database-statements.js").DatabaseHealth} DatabaseHealth */
/** @typedef {DatabaseHealth["durability"]["standbys"][number]} Standby */

const MARKS = /** @type {const} */ ({ safe: { word: "safe", kind: "good" }, risk: { word: "a risk", kind: "warning" }, note: { word: "to know", kind: "idle" } });

/** @param {{ database: DatabaseHealth }} props */
export function Durability({ database }) {
  const { server_version, server_encoding, user, is_standby, durability } = database;
  return h(Section, {
    title: "What a crash may lose",
    children: html`<ul class="health-list">${durabilityInWords(durability).map(({ setting, value, words, standing }) => html`<li key=${setting}>
      ${h(Status, MARKS[standing])} ${words} <code class="code">${setting} = ${h(Stranger, { text: value, most: 120 })}</code></li>`)}</ul>
      <p class="note">PostgreSQL ${h(Stranger, { text: server_version, most: 60 })}, ${is_standby ? "a standby" : "a primary"}, encoding ${server_encoding}; the service is its user ${h(Stranger, { text: user, most: 63 })}.</p>`,
  });
}

/** @type {readonly import("../../parts/table.js").Column<Standby>[]} */
const COLUMNS = [
  { name: "name", title: "Standby", phone: "head", cell: ({ application_name: name }) => h(Stranger, { text: name, most: 63 }) },
  { name: "state", title: "State", cell: ({ state }) => state ?? "–" },
  { name: "sync", title: "Commits wait for it", cell: ({ sync_state }) => (sync_state === null ? "–" : `${sync_state === "sync" || sync_state === "quorum" ? "yes" : "no"} (${sync_state})`) },
  { name: "lag", title: "Lag", align: "right", cell: ({ replay_lag_seconds: lag }) => (lag === null ? "none known" : lasts(lag)) },
];

/** @param {{ database: DatabaseHealth }} props */
export function Standbys({ database: { durability, sees_other_users } }) {
  const { standbys } = durability;
  const rows = standbys.map((standby, place) => ({ ...standby, place }));
  return h(Section, {
    title: "Standbys",
    children: standbys.length === 0
      ? html`<div class="empty">No standby is connected.</div>`
      : html`<div>${h(Table, { name: "Standbys", rows, keyOf: ({ place }) => String(place), columns: COLUMNS })}
        ${sees_other_users ? null : html`<p class="note">The service's role may not see how they are: see what is said of <code>limited_view</code>.</p>`}</div>`,
  });
}
