/** Which events are leased next, in the order in which they are handed out. */
import { useState } from "../../vendor/hooks.js";
import { call, callForText } from "../../api/call.js";
import { bytes } from "../../rules/numbers.js";
import { may } from "../../state/session.js";
import { useOnce, usePoll } from "../../state/poll.js";
import { Button } from "../../parts/button.js";
import { h, html } from "../../parts/html.js";
import { Id, short } from "../../parts/id.js";
import { JsonView } from "../../parts/json-view.js";
import { Panel } from "../../parts/panel.js";
import { Stranger } from "../../parts/stranger.js";
import { Table } from "../../parts/table.js";
import { Ago } from "../../parts/time.js";
import { Status } from "../../parts/words.js";
import { Barred } from "./barred.js";

/** @typedef {import("../../api/types.js").components["schemas"]["PeekedEvent"]} PeekedEvent */

const SHOWN = 10;

/** @type {readonly import("../../parts/table.js").Column<PeekedEvent>[]} */
const COLUMNS = [
  { name: "id", title: "Event", cell: ({ event_id }) => h(Id, { id: event_id }), phone: "head" },
  { name: "type", title: "Type", cell: ({ event_type }) => h(Stranger, { text: event_type }) },
  { name: "priority", title: "Priority", align: "right", cell: ({ priority }) => priority },
  { name: "due", title: "Due", cell: ({ available_at }) => h(Ago, { at: available_at }) },
  { name: "attempts", title: "Attempts so far", align: "right", cell: ({ attempt }) => attempt },
  { name: "size", title: "Payload", align: "right", phone: "hide", cell: ({ payload_bytes }) => bytes(payload_bytes) },
  { name: "suspect", title: "Care", cell: ({ is_suspect }) => (is_suspect ? html`<span title="It had a silent loss: it is leased alone">${h(Status, { word: "suspect", kind: "lost" })}</span>` : "") },
];

/** @param {{ name: string }} props */
export function NextUp({ name }) {
  return may("peek_queue") ? h(Peeked, { name }) : h(Barred, { title: "Next up", operation: "peek_queue" });
}

/** Of one of them, on request. @param {{ id: string, onClose: () => void }} props */
function Payload({ id, onClose }) {
  const poll = useOnce(`read_event_payload:${id}`, async (signal) => (await callForText("read_event_payload", { path: { event_id: id }, signal })).data);
  return h(Panel, {
    title: `Payload of ${short(id)}`,
    poll,
    actions: h(Button, { kind: "quiet", onClick: onClose, children: "close" }),
    gone: "The event is not there any more.",
    children: (/** @type {string} */ text) => h(JsonView, { name: "payload", text, file: `${id}-payload` }),
  });
}

/** @param {{ name: string }} props */
function Peeked({ name }) {
  const [open, setOpen] = useState(/** @type {string | null} */ (null));
  const poll = usePoll(`peek_queue:${name}`, async (signal) => (await call("peek_queue", { path: { engine_type: name }, query: { limit: SHOWN }, signal })).data.items, { seconds: 10 });
  return html`<div>${h(Panel, {
    title: "Next up",
    poll,
    isEmpty: (/** @type {PeekedEvent[]} */ items) => items.length === 0,
    empty: "No event is due.",
    children: (/** @type {PeekedEvent[]} */ items) => h(Table, {
      name: "Events that are leased next",
      rows: items,
      keyOf: (/** @type {PeekedEvent} */ { event_id }) => event_id,
      columns: COLUMNS,
      to: (/** @type {PeekedEvent} */ { event_id }) => ({ screen: "events", id: event_id }),
      actions: /** @returns {import("../../parts/table.js").Action[]} */ (/** @type {PeekedEvent} */ { event_id }) => [{ verb: "Payload", run: () => setOpen(event_id), operation: "read_event_payload" }],
    }),
  })}${open === null ? null : h(Payload, { id: open, onClose: () => setOpen(null) })}</div>`;
}
