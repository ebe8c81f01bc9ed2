/** What was sent. It never changes, so it is asked for once, on its own. */
import { callForText } from "../api/call.js";
import { bytes } from "../rules/numbers.js";
import { useOnce } from "../state/poll.js";
import { h, html } from "./html.js";
import { JsonView } from "./json-view.js";
import { Panel } from "./panel.js";

/** @param {{ id: string, size: number, title?: string, actions?: import("./html.js").Children }} props */
export function PayloadPanel({ id, size, title = "Payload", actions }) {
  const poll = useOnce(`read_event_payload:${id}`, async (signal) => (await callForText("read_event_payload", { path: { event_id: id }, signal })).data);
  return h(Panel, {
    title,
    poll,
    actions: html`<span class="note">${bytes(size)}</span> ${actions}`,
    gone: "Its payload is not kept any more.",
    children: (/** @type {string} */ text) => h(JsonView, { name: "payload", text, file: `${id}-payload` }),
  });
}
