/** The time that the plots of a screen show: chosen here, by dragging in a plot, or in the address. */
import { serverNow } from "../api/call.js";
import { FIRST_RANGE, moved, rangeOf } from "../rules/history.js";
import { atOf, lasts } from "../rules/times.js";
import { dialogsOpen } from "../state/live.js";
import { setFilters } from "../state/place.js";
import { singleKeys } from "../state/taste.js";
import { useEffect, useRef } from "../vendor/hooks.js";
import { Button } from "./button.js";
import { h, html } from "./html.js";
import { zoneNow } from "./time.js";

const CHOICES = /** @type {const} */ ([["-1h", "1 h"], ["-6h", "6 h"], ["-24h", "24 h"], ["-48h", "48 h"]]);

/** What the address may say of it. */
export const rangeFilters = /** @type {const} */ ({ from: { kind: "time" }, to: { kind: "time" } });

/** @param {{ values: Readonly<Record<string, string>> }} props */
export function Range({ values }) {
  const { from, to } = { from: values["from"], to: values["to"] };
  const earlier = () => setFilters(moved({ from, to }, -1, serverNow()));
  const later = () => setFilters(moved({ from, to }, 1, serverNow()));
  useBrackets(earlier, later);
  const shown = rangeOf({ from, to }, serverNow());
  const isRelative = (from ?? FIRST_RANGE).startsWith("-") && to === undefined;
  const end = shown.to === undefined ? serverNow() : Date.parse(shown.to);
  const length = lasts(Math.round((end - Date.parse(shown.from)) / 60_000) * 60);
  return html`<div class="range" role="group" aria-label="Time shown">
    ${CHOICES.map(([value, text]) => h(Button, {
      key: value,
      kind: "quiet",
      isPressed: isRelative && (from ?? FIRST_RANGE) === value,
      onClick: () => setFilters({ from: value === FIRST_RANGE ? null : value, to: null }),
      children: text,
    }))}
    ${h(Button, { kind: "quiet", label: "The time before", onClick: earlier, children: "◀" })}
    ${h(Button, { kind: "quiet", label: "The time after", why: shown.to === undefined ? "It reaches to now" : null, onClick: later, children: "▶" })}
    ${isRelative ? null : html`<span class="range-words">${atOf(shown.from, zoneNow())}, for ${length}${shown.to === undefined ? ", to now" : ""}</span>`}
  </div>`;
}

/** The keys `[` and `]`, except where text is typed. @param {() => void} earlier @param {() => void} later */
function useBrackets(earlier, later) {
  const keys = useRef({ "[": earlier, "]": later });
  keys.current = { "[": earlier, "]": later };
  useEffect(() => {
    const press = (/** @type {KeyboardEvent} */ event) => {
      const run = keys.current[/** @type {"[" | "]"} */ (event.key)];
      const isTyping = event.target instanceof HTMLElement && event.target.closest("input, textarea, select") !== null;
      if (!run || isTyping || event.ctrlKey || event.metaKey || dialogsOpen.value > 0 || singleKeys.value === "off") return;
      event.preventDefault();
      run();
    };
    addEventListener("keydown", press);
    return () => removeEventListener("keydown", press);
  }, []);
}
