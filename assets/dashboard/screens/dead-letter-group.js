/** Dead letters of one cause: not written yet. */
import { html } from "../parts/html.js";

function View() {
  return html`<section class="panel"><p>Not written yet.</p></section>`;
}

/** @type {import("./list.js").Screen} */
export const screen = { at: "dead-letter-group", title: "Dead letters of one cause", operation: "group_dead_letters", filters: {}, view: View };
