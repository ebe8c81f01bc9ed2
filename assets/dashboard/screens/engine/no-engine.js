/** The server knows no engine of that id, but perhaps what it held and what was done to it. */
import { AuditPanel } from "../../parts/audit-panel.js";
import { h, html } from "../../parts/html.js";

/** @param {{ id: string }} props */
export function NoEngine({ id }) {
  return html`<div><section class="panel"><h2>No engine of this id is registered</h2>
    <p class="id">${id}</p>
    <p>It has ended and left, was removed, was silent for 7 days, or belongs to a queue that your token does not reach. An engine that starts anew has another id, unless it asks for the same.</p></section>
    ${h(AuditPanel, { subject: id, empty: "Nobody has drained, resumed, changed or removed an engine of this id by itself." })}</div>`;
}
