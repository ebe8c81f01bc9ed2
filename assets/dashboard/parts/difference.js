/** What a person has changed in a text. */
import { difference, excerpt } from "../rules/line-difference.js";
import { visible } from "../rules/text.js";
import { html } from "./html.js";

const MARKS = { same: " ", gone: "−", new: "+", skipped: " " };
const WORDS = { same: "", gone: "taken out: ", new: "put in: ", skipped: "" };
const SHOWN_MOST = 200;

/** @param {{ before: string, after: string }} props */
export function Difference({ before, after }) {
  if (before === after) return null;
  const lines = excerpt(difference(before, after));
  return html`<details class="difference" open><summary>What is different</summary><pre>${lines.slice(0, SHOWN_MOST).map(({ kind, text }, place) =>
    html`<span key=${place} class=${`difference-line difference-${kind}`}><span aria-hidden="true">${MARKS[kind]}</span><span class="hidden">${WORDS[kind]}</span> ${visible(text.length > 500 ? `${text.slice(0, 500)}…` : text)}</span>`,
  )}${lines.length > SHOWN_MOST ? `… and ${lines.length - SHOWN_MOST} more lines` : ""}</pre></details>`;
}
