/** What was sent, and what engines reported, as it is stored. */
import { useMemo } from "../../vendor/hooks.js";
import { rawMembers } from "../../rules/raw-members.js";
import { bytes } from "../../rules/numbers.js";
import { may } from "../../state/session.js";
import { h, html } from "../../parts/html.js";
import { JsonView } from "../../parts/json-view.js";
import { PayloadPanel } from "../../parts/payload-panel.js";
import { Ago } from "../../parts/time.js";

/** @typedef {import("../../rules/event-words.js").Event} Event */

/** @param {{ event: Event, text: string }} props text: the answer that the event came in */
export function EventContents({ event, text }) {
  const members = useMemo(() => rawMembers(text), [text]);
  return html`<div class="event-contents">
    ${may("read_event_payload") ? h(PayloadPanel, { id: event.event_id, size: event.payload_bytes }) : null}
    ${h(Content, { event, name: "progress", title: "Progress", size: event.progress_bytes, text: members.get("progress"), when: event.progress_at, words: `of attempt ${event.attempt}` })}
    ${h(Content, { event, name: "error", title: "Last error", size: event.error_bytes, text: members.get("error"), when: null, words: event.attempt > 0 ? "the last that was reported" : "" })}
    ${event.status === "completed" ? h(Content, { event, name: "result", title: "Result", size: event.result_bytes, text: members.get("result"), when: event.finished_at, words: `of attempt ${event.attempt}` }) : null}
  </div>`;
}

/** @param {{ event: Event, name: string, title: string, size: number, text: string | undefined, when: string | null, words: string }} props */
function Content({ event, name, title, size, text, when, words }) {
  if (text === undefined || (text === "null" && name !== "result")) return null;
  return html`<section class="panel" aria-label=${title}>
    <header class="panel-head"><h2>${title}</h2><div class="panel-actions"><span class="note">${bytes(size)}, ${words}${when ? html`, ${h(Ago, { at: when })}` : null}</span></div></header>
    ${h(JsonView, { name, text, file: `${event.event_id}-${name}` })}</section>`;
}
