/** A long text in pieces: what is not looked at is not in the document. */
import { useMemo, useState } from "../vendor/hooks.js";
import { bytes } from "../rules/numbers.js";
import { visible } from "../rules/text.js";
import { Button } from "./button.js";
import { h, html } from "./html.js";

export const PIECE = 65_536;

/** @param {{ text: string, wraps?: boolean, label: string }} props */
export function JsonText({ text, wraps = true, label }) {
  const [piece, setPiece] = useState(0);
  const pieces = Math.max(1, Math.ceil(text.length / PIECE));
  const at = Math.min(piece, pieces - 1);
  const shown = useMemo(() => visible(text.slice(at * PIECE, (at + 1) * PIECE), { keepsLines: true }), [text, at]);
  return html`<div class="json-text">
    <pre class=${`json-raw ${wraps ? "json-wraps" : ""}`} tabindex="0" aria-label=${label}>${shown}</pre>
    ${pieces === 1 ? null : html`<div class="json-pieces">
      ${h(Button, { onClick: () => setPiece(at - 1), why: at === 0 ? "This is the beginning" : null, children: "earlier" })}
      <span>${bytes(at * PIECE)} to ${bytes(Math.min(text.length, (at + 1) * PIECE))} of ${bytes(text.length)}</span>
      ${h(Button, { onClick: () => setPiece(at + 1), why: at === pieces - 1 ? "This is the end" : null, children: "further" })}
    </div>`}
  </div>`;
}
