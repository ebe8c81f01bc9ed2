/** The suspects, each with the engines that fell silent with it. */
import { serverNow } from "../../api/call.js";
import { stateOf } from "../../rules/event-words.js";
import { bytes, count } from "../../rules/numbers.js";
import { looksLike } from "../../rules/suspects.js";
import { setFilter } from "../../state/place.js";
import { cancelEvent } from "../../parts/event-actions.js";
import { EngineId } from "../../parts/engine-id.js";
import { h, html } from "../../parts/html.js";
import { short } from "../../parts/id.js";
import { Stranger } from "../../parts/stranger.js";
import { Table } from "../../parts/table.js";
import { Ago } from "../../parts/time.js";
import { twoLines } from "../../parts/two-lines.js";
import { Status } from "../../parts/words.js";

/** @typedef {import("./reading.js").Event} Event */
/** @typedef {import("./reading.js").Suspects} Suspects */
/** @typedef {import("../../rules/suspects.js").Judged} Judged */

const ENGINES_MOST = 3;

/** @param {{ suspects: Suspects, judged: Judged, open: string | undefined, pulse: string }} props open: the event whose payload is shown */
export function SuspectTable({ suspects, judged, open, pulse }) {
  return h(Table, {
    name: "Suspects, the worst first",
    rows: suspects.events,
    keyOf: (/** @type {Event} */ { event_id }) => event_id,
    to: (/** @type {Event} */ { event_id }) => ({ screen: "events", id: event_id }),
    columns: columnsOf(suspects, judged),
    actions: (/** @type {Event} */ event) => actionsOf(event, event.event_id === open),
    pulse,
  });
}

/** @param {Suspects} suspects @param {Judged} judged @returns {import("../../parts/table.js").Column<Event>[]} */
function columnsOf({ losses }, judged) {
  return [
    { name: "event", title: "Event", phone: "head", cell: ({ event_id, event_type }) => twoLines(h(Stranger, { text: event_type, most: 40 }), html`<span class="id" title=${event_id}>${short(event_id)}</span>`) },
    { name: "looks", title: "Looks like", cell: ({ event_id }) => h(Looks, { judged, id: event_id }) },
    { name: "losses", title: "Silent losses", align: "right", cell: (event) => twoLines(lossesIn(event), leftIn(event)) },
    { name: "engines", title: "Lost by", cell: ({ event_id }) => h(Engines, { losses: losses.filter(({ event }) => event === event_id) }) },
    { name: "last", title: "Last", phone: "hide", cell: ({ event_id }) => h(Last, { losses: losses.filter(({ event }) => event === event_id) }) },
    { name: "state", title: "Now", cell: (event) => h(Now, { event }) },
    { name: "size", title: "Size", align: "right", cell: ({ payload_bytes }) => html`<span class="number">${bytes(payload_bytes)}</span>` },
  ];
}

/** @param {{ judged: Judged, id: string }} props */
function Looks({ judged, id }) {
  const { word, kind, why } = looksLike(judged, id, short);
  return html`<span title=${why}>${h(Status, { word, kind })}</span>`;
}

/** @param {Event} event */
function lossesIn({ lease_losses, losses_left }) {
  return losses_left === null ? count(lease_losses) : `${count(lease_losses)} of ${count(lease_losses + losses_left)}`;
}

/** @param {Event} event */
function leftIn({ losses_left }) {
  if (losses_left === null) return "";
  return losses_left <= 1 ? "the next is its last" : `${count(losses_left)} left`;
}

/** @param {{ losses: readonly import("../../rules/suspects.js").Loss[] }} props */
function Engines({ losses }) {
  const engines = [...new Set(losses.map(({ engine }) => engine))];
  if (engines.length === 0) return html`<span class="nothing">–</span>`;
  return html`<ul class="suspects-engines">${engines.slice(0, ENGINES_MOST).map((engine) => html`<li key=${engine ?? ""}>${engine === null ? "anonymous" : h(EngineId, { id: engine })}</li>`)}
    ${engines.length > ENGINES_MOST ? html`<li class="note">and ${engines.length - ENGINES_MOST} more</li>` : null}</ul>`;
}

/** @param {{ losses: readonly import("../../rules/suspects.js").Loss[] }} props */
function Last({ losses }) {
  return losses.length === 0 ? html`<span class="nothing">–</span>` : h(Ago, { at: new Date(Math.max(...losses.map(({ to }) => to))).toISOString() });
}

/** @param {{ event: Event }} props */
function Now({ event }) {
  const state = h(Status, stateOf(event, serverNow()));
  return event.leased_by === null ? twoLines(state, h(Stranger, { text: event.engine_type, most: 30 })) : twoLines(state, html`by ${h(EngineId, { id: event.leased_by })}`);
}

/** @param {Event} event @param {boolean} isOpen @returns {readonly import("../../parts/table.js").Action[]} */
function actionsOf(event, isOpen) {
  return [
    { verb: "Payload", operation: "read_event_payload", isPressed: isOpen, run: () => setFilter("open", isOpen ? null : event.event_id, { replace: true }) },
    { verb: "Cancel …", operation: "cancel_event", isDanger: true, run: () => cancelEvent(event), why: event.cancel_requested ? "Its cancellation is asked for already" : null },
  ];
}
