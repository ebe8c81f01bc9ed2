/** Dead letters: not written yet. */
import { html } from "../parts/html.js";

function View() {
  return html`<section class="panel"><p>Not written yet.</p></section>`;
}

/** @type {import("./list.js").Screen} */
export const screen = { at: "dead-letters", title: "Dead letters", operation: "list_dead_letters", filters: {}, view: View };
