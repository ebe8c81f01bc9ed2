/** Which event kills engines, or which engine loses its events? */
import { useEffect, useRef, useState } from "../vendor/hooks.js";
import { judge, verdictOf } from "../rules/suspects.js";
import { may } from "../state/session.js";
import { usePoll } from "../state/poll.js";
import { setFilter } from "../state/place.js";
import { Button } from "../parts/button.js";
import { CopyAs } from "../parts/copy-as.js";
import { drainEngine } from "../parts/drain-engine.js";
import { EngineId } from "../parts/engine-id.js";
import { FilterBar } from "../parts/filter-bar.js";
import { h, html } from "../parts/html.js";
import { short } from "../parts/id.js";
import { Link } from "../parts/link.js";
import { Panel } from "../parts/panel.js";
import { PayloadPanel } from "../parts/payload-panel.js";
import { CrossTable } from "./suspects/cross-table.js";
import { LOOKED_AT, PAGES_MOST, PAGE, readSuspects } from "./suspects/reading.js";
import { SuspectTable } from "./suspects/table.js";

/** @typedef {import("./suspects/reading.js").Suspects} Suspects */

const SECONDS = 10;
/** @type {Readonly<Record<string, import("../rules/filters.js").FilterSpec>>} */
const FILTERS = {
  engine_type: { kind: "text", most: 64 },
  event_type: { kind: "text", most: 64 },
  lease_losses_min: { kind: "number", least: 1, most: 100 },
  open: { kind: "id" },
};
/** @type {readonly import("../parts/filter-bar.js").Field[]} */
const FIELDS = [
  { name: "engine_type", title: "queue" },
  { name: "event_type", title: "type" },
  { name: "lease_losses_min", title: "silent losses, at least", choices: ["1", "2", "3"].map((each) => [each, each]) },
];

/** @param {import("./list.js").ScreenProps} props */
function View({ values }) {
  const { open, ...filters } = values;
  const query = { lease_losses_min: "1", ...filters };
  const poll = usePoll(`suspects:${JSON.stringify(query)}`, (signal, /** @type {Suspects | null} */ before) => readSuspects(query, before, signal), { seconds: SECONDS });
  const opened = poll.data?.events.find(({ event_id }) => event_id === open);
  return html`<div class="suspects">
    ${h(FilterBar, { fields: FIELDS, values, specs: FILTERS, children: h(CopyAs, { operation: "list_events", request: { query } }) })}
    ${h(Panel, {
      title: "Events that were lost without a report, the worst first",
      poll,
      isEmpty: (/** @type {Suspects} */ { events }) => events.length === 0,
      empty: html`<p>No open event ${Object.keys(filters).length > 0 ? "that matches " : ""}was lost without a report.</p>
        <p>An event is here when a lease of it ended without a report: its engine died, hung, was cut off, or forgot it. It leaves when it is completed, cancelled, or dead.</p>${h(Dead, { queue: values["engine_type"] })}`,
      children: (/** @type {Suspects} */ suspects) => h(Found, { suspects, open, pulse: JSON.stringify(query) }),
    })}
    ${opened && may("read_event_payload") ? h(Opened, { key: opened.event_id, event: opened }) : null}
    ${poll.data === null || poll.data.events.length === 0 ? null : h(Handling, { queue: values["engine_type"] })}
  </div>`;
}

/** It stands below a table that may be longer than the window: so it comes into view. @param {{ event: import("./suspects/reading.js").Event }} props */
function Opened({ event }) {
  const place = useRef(/** @type {HTMLElement | null} */ (null));
  useEffect(() => place.current?.scrollIntoView({ block: "nearest" }), []);
  return html`<div ref=${place} class="suspects-payload">${h(PayloadPanel, { id: event.event_id, size: event.payload_bytes, title: `Payload of ${short(event.event_id)}`, actions: h(Button, { kind: "quiet", onClick: () => setFilter("open", null, { replace: true }), children: "close" }) })}</div>`;
}

/** @param {{ suspects: Suspects, open: string | undefined, pulse: string }} props */
function Found({ suspects, open, pulse }) {
  const { events, losses, hasMore } = suspects;
  const judged = judge(losses);
  return html`<div>
    <p class="event-sentence suspects-verdict">${verdictOf(judged, short)}</p>
    ${judged.causes.map(({ kind, id }) => (kind === "engine" ? h(SickEngine, { key: id, id }) : null))}
    ${h(SuspectTable, { suspects, judged, open, pulse })}
    ${hasMore ? html`<p class="note">Only the newest ${PAGE * PAGES_MOST} were looked at: name a queue, or more losses, to see the others.</p>` : null}
    ${events.length > LOOKED_AT ? html`<p class="note">The attempts of the worst ${LOOKED_AT} were read; what is said of sick events and engines is said of those.</p>` : null}
    <h3>Who was lost with whom</h3>${h(CrossTable, { suspects, judged })}
  </div>`;
}

/** What is advised against one stands beside it. @param {{ id: string }} props */
function SickEngine({ id }) {
  return html`<p>Engine ${h(EngineId, { id })} ${h(Button, { operation: "drain_engine", onClick: () => drainEngine(id), children: "Drain it" })}</p>`;
}

/** @param {{ queue: string | undefined }} props */
function Handling({ queue }) {
  const [isOpen, setOpen] = useState(false);
  return html`<section class="panel" aria-label="How suspects are handled"><details open=${isOpen} onToggle=${(/** @type {any} */ event) => setOpen(event.currentTarget.open)}><summary><h2>How suspects are handled</h2></summary>
    <p>An event that was lost once is given out beside others, but an engine gets one such event at a time. From its second loss on, and when the next one would be its last, it is given out alone, to an engine that holds nothing else: so it takes no others with it. (The server can be told otherwise: <code>--suspect-isolation</code>.)</p>
    <p>Each loss spends one of its budget of silent losses. The last one makes it a dead letter, which stays until it is redriven, with a new budget and perhaps another payload, or is discarded.</p>${h(Dead, { queue })}</details></section>`;
}

/** @param {{ queue: string | undefined }} props */
function Dead({ queue }) {
  const filters = { view: "list", reason: "lease_losses_exhausted", ...(queue === undefined ? {} : { engine_type: queue }) };
  return may("list_dead_letters") ? html`<p>${h(Link, { to: { screen: "dead-letters", filters }, children: "Those that were lost too often: dead letters" })}</p>` : null;
}

/** @type {import("./list.js").Screen} */
export const screen = { filters: FILTERS, view: View };
