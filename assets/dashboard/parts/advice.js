/** What to do, as the server says it, with the commands in it ready to be copied. */
import { commandsIn } from "../rules/advice.js";
import { Copy } from "./copy.js";
import { h, html } from "./html.js";
import { Stranger } from "./stranger.js";

/** @param {{ text: string | null | undefined }} props */
export function Advice({ text }) {
  if (!text) return null;
  return html`<span class="advice"><span class="advice-mark" aria-hidden="true">→</span> ${commandsIn(text).map(({ words, isCommand }, i) =>
    isCommand
      ? html`<code key=${i} class="advice-command">${h(Stranger, { text: words, most: 300 })}</code>${h(Copy, { text: words, label: "copy" })}`
      : h(Stranger, { key: i, text: words, most: 600 }),
  )}</span>`;
}
