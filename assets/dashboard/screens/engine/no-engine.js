/** The server knows no engine of that id, but perhaps what it held and what was done to it. */
import { h, html } from "../../parts/html.js";
import { EngineChanges } from "./changes.js";

/** @param {{ id: string }} props */
export function NoEngine({ id }) {
  return html`<div><section class="panel"><h2>No engine of this id is registered</h2>
    <p class="id">${id}</p>
    <p>It has ended and left, was removed, was silent for 7 days, or belongs to a queue that your token does not reach. An engine that starts anew has another id, unless it asks for the same.</p></section>
    ${h(EngineChanges, { id })}</div>`;
}
