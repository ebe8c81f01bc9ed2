/** The columns of lists of events. */
import { serverNow } from "../../api/call.js";
import { stateOf } from "../../rules/event-words.js";
import { bytes } from "../../rules/numbers.js";
import { EngineId } from "../../parts/engine-id.js";
import { html, h } from "../../parts/html.js";
import { short } from "../../parts/id.js";
import { Stranger } from "../../parts/stranger.js";
import { Ago, CountDown } from "../../parts/time.js";
import { twoLines } from "../../parts/two-lines.js";
import { Status } from "../../parts/words.js";

/** @typedef {import("../../api/types.js").components["schemas"]["Event"]} Event */

/** @param {{ isOneQueue: boolean }} shown isOneQueue: all are of one queue, which the filter names @returns {import("../../parts/table.js").Column<Event>[]} */
export function columnsOf({ isOneQueue }) {
  return [
    { name: "type", title: "Event", phone: "head", cell: (event) => twoLines(h(Stranger, { text: event.event_type, most: 40 }), html`<span class="id" title=${event.event_id}>${short(event.event_id)}</span>`) },
    ...(isOneQueue ? [] : [{ name: "queue", title: "Queue", cell: (/** @type {Event} */ event) => h(Stranger, { text: event.engine_type, most: 30 }) }]),
    { name: "state", title: "State", cell: (event) => h(Status, stateOf(event, serverNow())) },
    { name: "when", title: "When", cell: (event) => h(When, { event }) },
    { name: "attempt", title: "Attempts", align: "right", cell: (event) => (spent(event) === "" ? event.attempt : twoLines(event.attempt, spent(event))) },
    { name: "error", title: "Last error", cell: (event) => h(LastError, { event }) },
    { name: "size", title: "Size", align: "right", phone: "hide", cell: (event) => html`<span class="number">${bytes(event.payload_bytes)}</span>` },
    { name: "age", title: "Enqueued", align: "right", cell: (event) => h(Ago, { at: event.created_at }) },
  ];
}

/** Failures and losses since it was enqueued or redriven. @param {Event} event */
function spent({ failures, lease_losses }) {
  const parts = [failures > 0 ? `${failures} failed` : "", lease_losses > 0 ? `${lease_losses} lost` : ""].filter(Boolean);
  return parts.join(", ");
}

/** @param {{ event: Event }} props */
function When({ event }) {
  if (event.status === "processing") {
    return twoLines(html`held ${h(Ago, { at: event.leased_at })}`, event.leased_by === null ? "anonymous" : html`by ${h(EngineId, { id: event.leased_by })}`);
  }
  if (event.status !== "queued") return html`ended ${h(Ago, { at: event.finished_at })}`;
  if (event.available_at !== null && Date.parse(event.available_at) > serverNow()) return html`due in ${h(CountDown, { to: event.available_at })}`;
  return html`due ${h(Ago, { at: event.available_at })}`;
}

/** @param {{ event: Event }} props */
function LastError({ event: { error_type, error_message } }) {
  if (error_type === null && error_message === null) return html`<span class="nothing">–</span>`;
  return twoLines(h(Stranger, { text: error_type ?? "–", most: 40 }), h(Stranger, { text: error_message, most: 60 }));
}
