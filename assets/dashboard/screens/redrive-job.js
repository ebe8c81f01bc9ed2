/** Redrive job: not written yet. */
import { html } from "../parts/html.js";

function View() {
  return html`<section class="panel"><p>Not written yet.</p></section>`;
}

/** @type {import("./list.js").Screen} */
export const screen = { at: "redrive-jobs/:id", title: "Redrive job", operation: "read_redrive_job", filters: {}, view: View };
