/** Which queue? All of them, those with problems first. */
import { useRef } from "../vendor/hooks.js";
import { useSignal } from "../vendor/signals.js";
import { nothing } from "../rules/choice.js";
import { count } from "../rules/numbers.js";
import { SORTS, chosen, counts, rowsOf } from "../rules/queue-list.js";
import { visible } from "../rules/text.js";
import { STATES } from "../rules/queue-state.js";
import { setFilter } from "../state/place.js";
import { useOverview } from "../state/overview.js";
import { CopyAs } from "../parts/copy-as.js";
import { h, html } from "../parts/html.js";
import { Panel } from "../parts/panel.js";
import { pause, resume } from "../parts/pause.js";
import { Table } from "../parts/table.js";
import { NoQueues } from "./overview/heat-strip.js";
import { Bulk } from "./queues/bulk.js";
import { columns } from "./queues/columns.js";
import { NameFilter, StateFilter } from "./queues/filters.js";

/** @typedef {import("../state/overview.js").Overview} Overview */
/** @typedef {import("../rules/queue-list.js").Row} Row */
/** @typedef {import("../rules/queue-list.js").Sort} Sort */

/** @param {import("./list.js").ScreenProps} props */
function Queues({ values }) {
  const poll = useOverview();
  return h(Panel, {
    title: "Queues",
    poll,
    actions: h(CopyAs, { operation: "list_queues", request: {} }),
    isEmpty: (/** @type {Overview} */ { queues }) => queues.length === 0,
    empty: h(NoQueues, null),
    children: (/** @type {Overview} */ overview) => h(List, { overview, values }),
  });
}

/** @param {{ overview: Overview, values: Readonly<Record<string, string>> }} props */
function List({ overview, values }) {
  const choice = useSignal(nothing);
  const sort = sortOf(values["sort"]);
  const name = values["q"] ?? "";
  const states = values["state"]?.split(",").filter(Boolean) ?? [];
  const all = useRows(overview);
  const rows = chosen(all, { name, states, sort });
  const shown = rows.length === all.length ? `${count(all.length)} ${all.length === 1 ? "queue" : "queues"}` : `${count(rows.length)} of ${count(all.length)} queues`;
  return html`<div>
    <div class="queues-filters" data-filters role="group" aria-label="Filters">${h(NameFilter, { value: name })}
      ${h(StateFilter, { counts: counts(all), chosen: states })}<span class="note">${shown}</span></div>
    ${h(Bulk, { choice, queues: overview.queues })}
    ${rows.length === 0 ? html`<p class="empty">${noneInWords(name, states)} <button type="button" class="button" onClick=${clear}>Show all</button></p>` : null}
    ${h(Table, {
      name: "Queues",
      rows,
      keyOf: (/** @type {Row} */ { queue }) => queue.engine_type,
      columns: columns(sort, (by) => setFilter("sort", by === "problems" ? null : by)),
      to: (/** @type {Row} */ { queue }) => ({ screen: "queues", id: queue.engine_type }),
      actions: actionsOf,
      choice,
      pulse: `${name} ${states} ${sort}`,
    })}
  </div>`;
}

/** @param {Row} row @returns {import("../parts/table.js").Action[]} */
function actionsOf({ queue }) {
  if (queue.pause) return [{ verb: "Resume", run: () => resume(queue), operation: "resume_queue" }];
  return [{ verb: "Pause", run: () => pause(queue), operation: "pause_queue" }];
}

/** Made anew for another answer only: with 1,000 queues it is the larger part of the work. @param {Overview} overview */
function useRows(overview) {
  const kept = useRef(/** @type {{ of: Overview | null, rows: Row[] }} */ ({ of: null, rows: [] }));
  if (kept.current.of !== overview) kept.current = { of: overview, rows: rowsOf(overview.queues, overview.attention) };
  return kept.current.rows;
}

/** @param {string} name @param {readonly string[]} states */
function noneInWords(name, states) {
  const named = name ? ` with “${visible(name)}” in its name` : "";
  return states.length === 0 ? `There is no queue${named}.` : `No queue${named} has the state ${states.join(" or ")}.`;
}

function clear() {
  setFilter("q", null);
  setFilter("state", null);
}

/** @param {string | undefined} text @returns {Sort} */
function sortOf(text) {
  return SORTS.find((each) => each === text) ?? "problems";
}

/** @type {import("./list.js").Screen} */
export const screen = {
  filters: { q: { kind: "text", most: 64 }, state: { kind: "choice", choices: STATES }, sort: { kind: "choice", choices: SORTS } },
  view: Queues,
};
