/** All engines by type and version: how many there are, how they are, and which version fails. Each count leads to those it counts. */
import { useState } from "../../vendor/hooks.js";
import { call } from "../../api/call.js";
import { TABS, changesFor, tabOf } from "../../rules/engine-filter.js";
import { keyOf, rowsOf } from "../../rules/engine-summary.js";
import { count, percent } from "../../rules/numbers.js";
import { usePoll } from "../../state/poll.js";
import { may } from "../../state/session.js";
import { Button } from "../../parts/button.js";
import { CopyCli } from "../../parts/copy-as.js";
import { drainVersion, resumeVersion } from "../../parts/drain-version.js";
import { h, html } from "../../parts/html.js";
import { Link } from "../../parts/link.js";
import { Panel } from "../../parts/panel.js";
import { Stranger } from "../../parts/stranger.js";
import { Table } from "../../parts/table.js";
import { twoLines } from "../../parts/two-lines.js";
import { windowWidth } from "../../parts/width.js";
import { Status } from "../../parts/words.js";

/** @typedef {import("../../api/call.js").Data<"summarize_engines">} Data */
/** @typedef {import("../../rules/engine-summary.js").Row} Row */
/** @typedef {import("../../parts/table.js").Column<Row>} Column */

const SECONDS = 15;
const ATTEMPTS_SECONDS = 30;
/** So many are shown at first, those with something to see to before the others; on a phone they are cards. */
const [FIRST, FIRST_CARDS] = [8, 4];

/** @param {string | undefined} type @returns {import("../../state/poll.js").Poll<Data>} */
export function useSummary(type) {
  return usePoll(`engine_groups:${type ?? ""}`, async (signal) => (await call("summarize_engines", { query: { engine_type: type }, signal })).data, { seconds: SECONDS });
}

/** How the latest attempts of each version ended, in queues with dead letters. @param {string | undefined} type */
function useAttempts(type) {
  const isAllowed = may("group_dead_letters");
  const { data } = usePoll(`attempts_by_version:${type ?? ""} ${isAllowed}`, async (signal) => (isAllowed ? (await call("group_dead_letters", { query: { by: "engine_type", engine_type: type }, signal })).data.versions : []), { seconds: ATTEMPTS_SECONDS });
  return data ?? [];
}

/** @param {{ summary: import("../../state/poll.js").Poll<Data>, values: Readonly<Record<string, string>> }} props those rows are shown that the list may have engines of */
export function Summary({ summary, values }) {
  const [isWhole, setWhole] = useState(false);
  const type = values["engine_type"];
  const version = values["engine_software_version"];
  const of = TABS.find(({ name }) => name === tabOf(values))?.of ?? "engines";
  const attempts = useAttempts(type);
  return h(Panel, {
    title: "By type and version",
    poll: summary,
    actions: h(CopyCli, { operation: "summarize_engines", request: { query: { engine_type: type } } }),
    isEmpty: (/** @type {Data} */ { groups }) => groups.length === 0,
    empty: type === undefined ? "No engine is registered." : html`No engine of <b>${h(Stranger, { text: type })}</b> is registered.`,
    children: (/** @type {Data} */ { groups, has_more }) => {
      const rows = rowsOf(groups, attempts).filter((row) => row[of] > 0 && (version === undefined || (row.version ?? "") === version));
      const first = isOfCards() ? FIRST_CARDS : FIRST;
      if (rows.length === 0) return html`<p class="note">No type or version has such engines.</p>`;
      return html`${h(Table, {
          name: "Engines by type and version",
          rows: isWhole ? rows : rows.slice(0, first),
          keyOf,
          to: (/** @type {Row} */ row) => goal(row, "all"),
          columns: columnsOf(rows),
          actions: actionsOf,
          pulse: `${JSON.stringify(values)} ${isWhole}`,
        })}
        ${rows.length > first ? html`<p class="note">${h(Button, { kind: "quiet", onClick: () => setWhole(!isWhole), children: isWhole ? "show the first alone" : `show all ${count(rows.length)}` })}</p>` : null}
        ${has_more ? html`<p class="note">There are more types and versions than the server counts at once: name a type to see the others.</p>` : null}`;
    },
  });
}

/** Those of a row that a ready filter means. @param {Row} row @param {string} tab @returns {import("../../state/place.js").Goal} */
function goal({ engineType, version }, tab) {
  return { screen: "engines", filters: { engine_type: engineType, engine_software_version: version ?? "", ...changesFor(tab) } };
}

/** As in table.css. */
function isOfCards() {
  return windowWidth() <= 1080;
}

/** Windows that are narrower have no room for them. @type {Readonly<Record<string, number>>} */
const FROM_WIDTH = { idle: 1400, full: 1300 };
const COUNTS = /** @type {const} */ ([
  ["active", "Active", "active"], ["silent", "Silent", "silent"], ["draining", "Draining", "draining"], ["zombie", "Zombies", "zombies"],
  ["holdingOff", "Holding off", "holding off"], ["quarantined", "Quarantined", "quarantined"], ["full", "Full", "full"], ["idle", "Idle", "idle"],
]);
/** Columns that are left out where none of the engines is so. */
const RARE = ["holdingOff", "quarantined", "draining", "zombie", "silent"];

/** @param {readonly Row[]} rows @returns {readonly Column[]} */
function columnsOf(rows) {
  const counts = COUNTS.filter(([name]) => !RARE.includes(name) || rows.some((row) => row[name] > 0));
  /** @type {Column[]} */
  const columns = [
    { name: "of", title: "Type and version", phone: "head", cell: ({ engineType, version }) => twoLines(h(Stranger, { text: engineType, most: 40 }), version === null ? "without a version" : h(Stranger, { text: version, most: 40 })) },
    ...(rows.some(({ attempts }) => attempts !== null) ? [/** @type {Column} */ ({ name: "fails", title: "Of its attempts", cell: (row) => h(Fails, { row }) })] : []),
    { name: "engines", title: "Engines", align: "right", cell: ({ engines }) => count(engines) },
    ...counts.map(([name, title, tab]) => /** @type {Column} */ ({ name, title, align: "right", cell: (row) => (row[name] === 0 ? "" : h(Link, { to: goal(row, tab), children: count(row[name]) })) })),
    { name: "held", title: "Hold", align: "right", cell: ({ held }) => (held === 0 ? "" : count(held)) },
  ];
  return columns.filter(({ name }) => windowWidth() >= (FROM_WIDTH[name] ?? 0));
}

/** From this part of its attempts on, what fails is marked. */
const MARKED = 0.1;

/** @param {{ row: Row }} props */
function Fails({ row: { attempts } }) {
  if (attempts === null || attempts.attempts === 0) return "";
  const all = count(attempts.attempts);
  if (!attempts.is_enough) return html`<span class="note">${all}: too few to say</span>`;
  const words = `${percent(attempts.failure_ratio)} failed`;
  return html`<span title=${`${count(attempts.failed)} failed and ${count(attempts.lost)} lost of the ${all} latest attempts of the version`}>${attempts.failure_ratio >= MARKED ? h(Status, { word: words, kind: "bad" }) : words}</span>`;
}

/** @param {Row} row @returns {readonly import("../../parts/table.js").Action[]} */
function actionsOf({ engineType, version, engines, draining }) {
  const why = version === null ? "The server drains a version by its name: choose these engines in the list below" : null;
  /** @type {import("../../parts/table.js").Action} */
  const resume = { verb: "Resume …", operation: "resume_engine", why, run: () => resumeVersion(engineType, version ?? "") };
  /** @type {import("../../parts/table.js").Action} */
  const drain = { verb: "Drain …", operation: "drain_engines", why, run: () => drainVersion(engineType, version ?? "") };
  return [...(draining > 0 ? [resume] : []), ...(draining < engines ? [drain] : [])];
}
