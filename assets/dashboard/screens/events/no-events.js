/** A list without events: by its filter, or by nature. */
import { setFilters } from "../../state/place.js";
import { Button } from "../../parts/button.js";
import { CopyAs } from "../../parts/copy-as.js";
import { h, html } from "../../parts/html.js";

/** @param {{ values: Readonly<Record<string, string>> }} props */
export function NoEvents({ values }) {
  const names = Object.keys(values);
  if (names.length > 0) {
    const clear = () => setFilters(Object.fromEntries(names.map((name) => [name, null])));
    return html`<div><p>No event matches. Each part of the filter above has a cross to take it away.</p>${h(Button, { onClick: clear, children: "clear all" })}</div>`;
  }
  const request = { body: { engine_type: "dialogue", event_type: "line.requested", payload: { text: "Hello" } } };
  return html`<div><p>There are no events yet. A producer enqueues one by a POST to api/v1/events; this line is ready for a terminal:</p>
    ${h(CopyAs, { operation: "enqueue_event", request })}</div>`;
}
