/** Events: where is it? Tabs are ready filters; the address holds them all. */
import { serverNow } from "../api/call.js";
import { addedTo, missingOf, titleOf } from "../rules/event-company.js";
import { changesFor, FILTERS, queryOf, STATUSES, TABS, tabOf } from "../rules/event-filter.js";
import { setFilters } from "../state/place.js";
import { useOverview } from "../state/overview.js";
import { may } from "../state/session.js";
import { Button } from "../parts/button.js";
import { CopyAs } from "../parts/copy-as.js";
import { EnginePanel } from "../parts/engine-panel.js";
import { FilterBar } from "../parts/filter-bar.js";
import { h, html } from "../parts/html.js";
import { EventList } from "./events/list.js";
import { MissingFilters } from "./events/missing.js";
import { RunSummary } from "./events/run.js";

/** @typedef {import("../parts/filter-bar.js").Field} Field */

const TIMES = /** @type {const} */ ([["-15m", "15 min ago"], ["-1h", "an hour ago"], ["-6h", "6 h ago"], ["-1d", "a day ago"], ["-7d", "7 days ago"], ["-30d", "30 days ago"]]);
/** More do not fit in a list to choose from: they are typed. */
const QUEUES_MOST = 200;

/** @param {readonly string[]} queues @returns {readonly Field[]} */
function fields(queues) {
  return [
    { name: "engine_type", title: titleOf("engine_type"), ...(queues.length > 0 && queues.length <= QUEUES_MOST ? { choices: queues.map((name) => /** @type {const} */ ([name, name])) } : { hint: "dialogue" }) },
    { name: "event_type", title: titleOf("event_type"), hint: "line.requested" },
    { name: "status", title: "status", choices: STATUSES.map((status) => [status, status]) },
    { name: "created_after", title: "enqueued after", choices: TIMES, isTime: true },
    { name: "created_before", title: "enqueued before", choices: TIMES, isTime: true },
    { name: "error_type", title: titleOf("error_type"), hint: "Timeout" },
    { name: "lease_losses_min", title: titleOf("lease_losses_min"), choices: ["1", "2", "3"].map((each) => [each, each]) },
    { name: "failing", title: titleOf("failing"), choices: [["true", "yes"]] },
    { name: "leased_by", title: titleOf("leased_by"), hint: "id of the engine" },
    { name: "scenario_run_id", title: titleOf("scenario_run_id"), hint: "night-42" },
    { name: "caused_by", title: titleOf("caused_by"), hint: "id of the event" },
    { name: "idempotency_key", title: titleOf("idempotency_key"), hint: "with a queue" },
    { name: "unique_key", title: titleOf("unique_key"), hint: "with a queue" },
  ];
}

/** @param {import("./list.js").ScreenProps} props */
function Events({ values }) {
  const tab = tabOf(values);
  const missing = missingOf(values);
  const queues = useOverview().data?.queues.map(({ engine_type }) => engine_type).sort() ?? [];
  return html`<div>
    <div class="tabs" role="group" aria-label="Ready filters">${TABS.map(({ name, title }) =>
      h(Button, { key: name, kind: "quiet", isPressed: name === tab, onClick: () => setFilters(changesFor(name, values)), children: title }))}</div>
    ${h(FilterBar, { fields: fields(queues), values, specs: FILTERS, adds: addedTo, children: h(CopyAs, { operation: "list_events", request: { query: queryOf(values, serverNow()) } }) })}
    ${missing !== null ? h(MissingFilters, { missing }) : html`
      ${values["scenario_run_id"] && may("read_scenario_run") ? h(RunSummary, { key: values["scenario_run_id"], id: values["scenario_run_id"] }) : null}
      ${values["leased_by"] && may("read_engine") ? h(EnginePanel, { key: values["leased_by"], id: values["leased_by"], at: "events" }) : null}
      ${h(EventList, { values })}`}
  </div>`;
}

/** @type {import("./list.js").Screen} */
export const screen = { filters: FILTERS, view: Events };
