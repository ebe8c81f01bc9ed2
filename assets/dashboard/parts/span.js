/** When the first and the last of something were, as a bar in the time that all of them span. */
import { html } from "./html.js";

/** @param {{ from: number, to: number, words: string }} props places from 0 to 1 */
export function Span({ from, to, words }) {
  /** @param {HTMLElement | null} bar */
  const lay = (bar) => {
    bar?.style.setProperty("left", `${Math.min(96, 100 * from)}%`);
    bar?.style.setProperty("width", `${Math.max(4, 100 * (to - from))}%`);
  };
  return html`<span class="span" role="img" aria-label=${words} title=${words}><span class="span-bar" ref=${lay}></span></span>`;
}
