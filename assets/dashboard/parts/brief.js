/** The beginning of a stranger's text, where there is no room to open it; the tooltip has more. */
import { cut, visible } from "../rules/text.js";
import { html } from "./html.js";

/** @param {{ text: string | null | undefined, most: number }} props */
export function Brief({ text, most }) {
  if (text === null || text === undefined || text === "") return html`<span class="nothing">–</span>`;
  const { head, left } = cut(text, most);
  return html`<bdi class="stranger" title=${left > 0 ? visible(cut(text, 400).head) : undefined}>${visible(head)}${left > 0 ? "…" : ""}</bdi>`;
}
