/** The answer first; then each warning: what it means, what it leads to here, and what to do. */
import { useState } from "../../vendor/hooks.js";
import { holderOf, statementsOf, tableOf } from "../../rules/database-statements.js";
import { knownOf, verdictOf, weightOf } from "../../rules/database-warnings.js";
import { h, html } from "../../parts/html.js";
import { useStill } from "../../parts/still.js";
import { Stranger } from "../../parts/stranger.js";
import { Status } from "../../parts/words.js";
import { HolderFacts } from "./snapshots.js";
import { Statement } from "./statement.js";

/** @typedef {import("../health.js").Report} Report */
/** @typedef {Report["warnings"][number]} Warning */

/** @param {{ report: Report }} props */
export function Verdict({ report }) {
  const { warnings, database } = report;
  const { shown, handlers } = useStill(warnings, (warning) => keyOf(warning, database));
  const verdict = verdictOf(warnings);
  return html`<div ...${handlers}>
    <p class="health-verdict">${h(Status, verdict)}</p>
    ${warnings.length === 0 ? html`<p>Nothing is known to be wrong with PostgreSQL ${h(Stranger, { text: database.server_version, most: 60 })}. If the service is slow all the same, look at its queues, and at its log.</p>` : null}
    <ol class="health-warnings">${shown.map(({ key, row, isGone }) => h(Item, { key, warning: row, isGone, database }))}</ol>
  </div>`;
}

/** The same warning, though its times have changed. @param {Warning} warning @param {Report["database"]} database */
function keyOf(warning, database) {
  const holder = holderOf(warning, database.snapshots);
  const about = holder === null ? tableOf(warning, [...database.tables, ...database.partitions]) : `${holder.pid} ${holder.name}`;
  return `${warning.code} ${about}`;
}

/** @param {{ warning: Warning, isGone: boolean, database: Report["database"] }} props */
function Item({ warning, isGone, database }) {
  const { code, message } = warning;
  const weight = weightOf(code);
  const known = knownOf(code);
  // While it is pointed at, it keeps the holder that it was about: nothing to be copied changes under the hand. Once it is over, its
  // statements go: the number of a session that has ended may be another's soon.
  const [about] = useState({ holder: holderOf(warning, database.snapshots), statements: statementsOf(warning, database) });
  return html`<li class=${`attention-item attention-${weight.kind} ${isGone ? "attention-gone" : ""}`}>
    <div class="attention-head">${h(Status, { word: weight.word, kind: weight.kind })}<h3>${known?.title ?? code.replaceAll("_", " ")}</h3><code class="code">${code}</code>${isGone ? html`<span class="note">It is over.</span>` : null}</div>
    <p class="health-message">${h(Stranger, { text: message, most: 600 })}</p>
    ${about.holder === null ? null : h(HolderFacts, { snapshot: about.holder })}
    ${known === null ? null : html`<dl class="health-words">
      <div><dt>What it means</dt><dd>${known.means}</dd></div>
      <div><dt>What it leads to here</dt><dd>${known.leadsTo}</dd></div>
      <div><dt>What to do</dt><dd>${known.todo}</dd></div></dl>`}
    ${isGone ? null : about.statements.map((statement) => h(Statement, { key: statement.sql, statement }))}
  </li>`;
}
