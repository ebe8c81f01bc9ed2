/** What was done, in a corner, with a way back where there is one. */
import { signal } from "../vendor/signals.js";
import { Button } from "./button.js";
import { h, html } from "./html.js";
import { Link } from "./link.js";

/**
 * @typedef {object} Notice
 * @property {number} number
 * @property {string} text
 * @property {Date} at
 * @property {boolean} isBad
 * @property {(() => Promise<boolean>) | null} undo  false: it was not taken back, and still can be
 * @property {import("../state/place.js").Goal | null} to  where its outcome is seen
 */

const SHOWN_SECONDS = 10;
const KEPT = 50;
let last = 0;

/** Those on the screen. */
const shown = signal(/** @type {readonly Notice[]} */ ([]));
/** All of this tab, the newest first: "what I did". */
export const told = signal(/** @type {readonly Notice[]} */ ([]));

/** @param {string} text @param {{ undo?: () => Promise<boolean>, to?: import("../state/place.js").Goal, isBad?: boolean }} [more] */
export function tell(text, { undo, to, isBad = false } = {}) {
  const notice = { number: ++last, text, at: new Date(), isBad, undo: undo ?? null, to: to ?? null };
  shown.value = [...shown.value, notice];
  told.value = [notice, ...told.value].slice(0, KEPT);
  setTimeout(() => hide(notice), SHOWN_SECONDS * 1000);
}

/** @param {Notice} notice */
function hide(notice) {
  shown.value = shown.value.filter((each) => each.number !== notice.number);
}

/** @param {{ notice: Notice }} props */
export function Undo({ notice }) {
  const { undo } = notice;
  if (undo === null) return null;
  const keep = (/** @type {Notice["undo"]} */ way) => {
    told.value = told.value.map((each) => (each.number === notice.number ? { ...each, undo: way } : each));
  };
  const run = async () => {
    hide(notice);
    keep(null);
    if (!(await undo())) keep(undo);
  };
  return h(Button, { onClick: run, children: "Undo" });
}

export function Notices() {
  return html`<div class="notices" role="status" aria-live="polite">${shown.value.map(
    (notice) => html`<div key=${notice.number} class=${`notice ${notice.isBad ? "notice-bad" : ""}`}>
      <span>${notice.text}</span>
      ${notice.to ? h(Link, { to: notice.to, children: "open it" }) : null}
      ${h(Undo, { notice })}
      ${h(Button, { kind: "quiet", label: "close", onClick: () => hide(notice), children: "×" })}
    </div>`,
  )}</div>`;
}
