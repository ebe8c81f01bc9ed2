/** Event: not written yet. */
import { html } from "../parts/html.js";

function View() {
  return html`<section class="panel"><p>Not written yet.</p></section>`;
}

/** @type {import("./list.js").Screen} */
export const screen = { at: "events/:id", title: "Event", operation: "read_event", filters: {}, view: View };
