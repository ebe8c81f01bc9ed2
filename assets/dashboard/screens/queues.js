import { html } from "../parts/html.js";

function Queues() {
  return html`<p>It is being built.</p>`;
}

/** @type {import("./list.js").Screen} */
export const screen = { at: "queues", title: "Queues", operation: "read_overview", filters: {}, view: Queues };
