/** A panel of something that this token may not see: it says so, and asks the server nothing. */
import { me, whoMay } from "../../state/session.js";
import { html } from "../../parts/html.js";

/** @param {{ title: string, operation: import("../../api/call.js").OperationId }} props */
export function Barred({ title, operation }) {
  return html`<section class="panel"><header class="panel-head"><h2>${title}</h2></header>
    <p class="note">${me.value} may not see this: ${whoMay(operation)}.</p></section>`;
}
