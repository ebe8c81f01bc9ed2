/** Events: where is it? Tabs are ready filters; the address holds them all. */
import { serverNow } from "../api/call.js";
import { changesFor, FILTERS, queryOf, STATUSES, TABS, tabOf } from "../rules/event-filter.js";
import { setFilters } from "../state/place.js";
import { useOverview } from "../state/overview.js";
import { Button } from "../parts/button.js";
import { CopyAs } from "../parts/copy-as.js";
import { FilterBar } from "../parts/filter-bar.js";
import { h, html } from "../parts/html.js";
import { EventList } from "./events/list.js";

/** @typedef {import("../parts/filter-bar.js").Field} Field */

const TIMES = /** @type {const} */ ([["-15m", "15 min ago"], ["-1h", "an hour ago"], ["-6h", "6 h ago"], ["-1d", "a day ago"], ["-7d", "7 days ago"], ["-30d", "30 days ago"]]);
/** More do not fit in a list to choose from: they are typed. */
const QUEUES_MOST = 200;

/** @param {readonly string[]} queues @returns {readonly Field[]} */
function fields(queues) {
  return [
    { name: "engine_type", title: "queue", ...(queues.length > 0 && queues.length <= QUEUES_MOST ? { choices: queues.map((name) => /** @type {const} */ ([name, name])) } : { hint: "dialogue" }) },
    { name: "event_type", title: "event type", hint: "line.requested" },
    { name: "status", title: "status", choices: STATUSES.map((status) => [status, status]) },
    { name: "created_after", title: "enqueued after", choices: TIMES, isTime: true },
    { name: "created_before", title: "enqueued before", choices: TIMES, isTime: true },
    { name: "error_type", title: "error type", hint: "Timeout" },
    { name: "lease_losses_min", title: "silent losses, at least", choices: ["1", "2", "3"].map((each) => [each, each]) },
    { name: "failing", title: "failing now", choices: [["true", "yes"]] },
    { name: "leased_by", title: "held by engine", hint: "id of the engine" },
    { name: "scenario_run_id", title: "run", hint: "night-42" },
    { name: "caused_by", title: "follows event", hint: "id of the event" },
    { name: "idempotency_key", title: "idempotency key", hint: "with a queue" },
    { name: "unique_key", title: "unique key", hint: "with a queue" },
  ];
}

/** @param {import("./list.js").ScreenProps} props */
function Events({ values }) {
  const tab = tabOf(values);
  const queues = useOverview().data?.queues.map(({ engine_type }) => engine_type).sort() ?? [];
  return html`<div>
    <div class="tabs" role="group" aria-label="Ready filters">${TABS.map(({ name, title }) =>
      h(Button, { key: name, kind: "quiet", isPressed: name === tab, onClick: () => setFilters(changesFor(name, values)), children: title }))}</div>
    ${h(FilterBar, { fields: fields(queues), values, children: h(CopyAs, { operation: "list_events", request: { query: queryOf(values, serverNow()) } }) })}
    ${h(EventList, { values })}
  </div>`;
}

/** @type {import("./list.js").Screen} */
export const screen = { filters: FILTERS, view: Events };
