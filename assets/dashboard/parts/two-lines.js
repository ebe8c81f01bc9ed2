/** Two facts of a row that belong together, one below the other. */
import { html } from "./html.js";

/** @param {import("./html.js").Children} first @param {import("./html.js").Children} second */
export function twoLines(first, second) {
  return html`<span class="two-lines"><span>${first}</span><span class="note">${second}</span></span>`;
}
