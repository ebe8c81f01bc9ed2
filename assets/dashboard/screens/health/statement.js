/** A statement to be copied: a person runs it elsewhere, this page never does. */
import { visible } from "../../rules/text.js";
import { Copy } from "../../parts/copy.js";
import { h, html } from "../../parts/html.js";
import { Status } from "../../parts/words.js";

/** @param {{ statement: import("../../rules/database-statements.js").Statement }} props */
export function Statement({ statement: { words, sql, danger } }) {
  return html`<div class="health-statement">
    <p class="health-statement-words">${words}${danger === undefined ? null : html` ${h(Status, { word: "cannot be undone", kind: "warning" })}`}</p>
    <div class="health-statement-text"><pre tabindex="0" aria-label=${words}>${visible(sql, { keepsLines: true })}</pre>${h(Copy, { text: sql, label: "copy" })}</div>
    ${danger === undefined ? null : html`<p class="note">${danger}</p>`}
  </div>`;
}
