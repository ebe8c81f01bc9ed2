/** Redrive jobs: not written yet. */
import { html } from "../parts/html.js";

function View() {
  return html`<section class="panel"><p>Not written yet.</p></section>`;
}

/** @type {import("./list.js").Screen} */
export const screen = { at: "redrive-jobs", title: "Redrive jobs", operation: "list_redrive_jobs", filters: {}, view: View };
