import { html } from "../parts/html.js";

function Overview() {
  return html`<p>It is being built.</p>`;
}

/** @type {import("./list.js").Screen} */
export const screen = { at: "overview", title: "Overview", operation: "read_overview", filters: {}, view: Overview };
