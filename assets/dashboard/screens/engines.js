/** Engines: which work, which hold what, and which only look alive. All of them as a table, below a summary by type and version. */
import { FILTERS, TABS, changesFor, queryOf, tabOf } from "../rules/engine-filter.js";
import { totalsOf } from "../rules/engine-summary.js";
import { count } from "../rules/numbers.js";
import { useOverview } from "../state/overview.js";
import { setFilters } from "../state/place.js";
import { Button } from "../parts/button.js";
import { CopyAs } from "../parts/copy-as.js";
import { FilterBar } from "../parts/filter-bar.js";
import { h, html } from "../parts/html.js";
import { EngineList } from "./engines/list.js";
import { Summary, useSummary } from "./engines/summary.js";

/** @typedef {import("../parts/filter-bar.js").Field} Field */

const LONG = /** @type {const} */ ([["60", "a minute"], ["300", "5 minutes"], ["1800", "30 minutes"], ["3600", "an hour"], ["86400", "a day"]]);
/** More do not fit in a list to choose from: they are typed. */
const QUEUES_MOST = 200;
/** Filters that the summary knows, too; with others, its counts would be too high. */
const OF_SUMMARY = ["engine_type", "engine_software_version", "sort", "tz"];

/** @param {readonly string[]} queues @returns {readonly Field[]} */
function fields(queues) {
  return [
    { name: "engine_type", title: "type", ...(queues.length > 0 && queues.length <= QUEUES_MOST ? { choices: queues.map((name) => /** @type {const} */ ([name, name])) } : { hint: "dialogue" }) },
    { name: "engine_software_version", title: "version", hint: "2.4.1", isNullable: true },
    { name: "held_over_seconds", title: "has held an event for over", choices: LONG },
    { name: "silent_over_seconds", title: "has said nothing for over", choices: LONG },
    { name: "capability", title: "capability", hint: "gpu" },
    { name: "scenario_run_id", title: "run", hint: "night-42" },
  ];
}

/** @param {import("./list.js").ScreenProps} props */
function Engines({ values }) {
  const overview = useOverview().data;
  const summary = useSummary(values["engine_type"]);
  const version = values["engine_software_version"];
  const groups = summary.data?.groups.filter((each) => version === undefined || (each.engine_software_version ?? "") === version);
  const tab = tabOf(values);
  const of = TABS.find(({ name }) => name === tab)?.of;
  const isCounted = groups !== undefined && Object.keys(values).every((name) => OF_SUMMARY.includes(name) || name in changesFor("all"));
  const totals = isCounted ? totalsOf(groups) : null;
  return html`<div>
    <div class="tabs" role="group" aria-label="Ready filters">${TABS.map(({ name, of }) =>
      h(Button, { key: name, kind: "quiet", isPressed: name === tab, onClick: () => setFilters(changesFor(name)), children: totals === null ? name : `${name} ${count(totals[of])}` }))}</div>
    ${h(FilterBar, { fields: fields(overview?.queues.map(({ engine_type }) => engine_type).sort() ?? []), values, specs: FILTERS, children: h(CopyAs, { operation: "list_engines", request: { query: queryOf(values) } }) })}
    ${h(Summary, { summary, values })}
    ${h(EngineList, { values, queues: overview?.queues ?? [], hasZombies: groups?.some(({ zombie }) => zombie > 0) ?? false, expected: totals === null || of === undefined ? null : totals[of] })}
  </div>`;
}

/** @type {import("./list.js").Screen} */
export const screen = { filters: FILTERS, view: Engines };
