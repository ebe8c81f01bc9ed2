import { html } from "../parts/html.js";

function Queue() {
  return html`<p>It is being built.</p>`;
}

/** @type {import("./list.js").Screen} */
export const screen = { at: "queues/:id", title: "Queue", operation: "read_queue", filters: {}, view: Queue };
