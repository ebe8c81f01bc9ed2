/** Text that did not come from this project: never markup, never a link, and with nothing in it that hides or reorders. */
import { useState } from "../vendor/hooks.js";
import { count } from "../rules/numbers.js";
import { cut, visible } from "../rules/text.js";
import { html } from "./html.js";

/** What is shown of a text that was opened; what is longer is for the JSON view and for downloads. */
const WHOLE_MOST = 65_536;

/**
 * @param {object} props
 * @param {string | null | undefined} props.text
 * @param {number} [props.most] characters, before a button opens it
 * @param {boolean} [props.keepsLines] it has lines, as a stack trace has
 */
export function Stranger({ text, most = 200, keepsLines = false }) {
  const [isWhole, setWhole] = useState(false);
  if (text === null || text === undefined) return html`<span class="nothing">–</span>`;
  if (text === "") return html`<span class="nothing">empty</span>`;
  const { head, left } = cut(text, isWhole ? WHOLE_MOST : most);
  const name = `stranger ${keepsLines ? "stranger-lines" : ""}`;
  const open = left > 0 && !isWhole
    ? html`… <button type="button" class="button button-quiet" onClick=${() => setWhole(true)}>all ${count(text.length)}</button>`
    : left > 0 ? "…" : null;
  return html`<bdi class=${name}>${visible(head, { keepsLines })}${open}</bdi>`;
}
