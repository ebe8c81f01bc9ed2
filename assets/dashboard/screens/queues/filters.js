/** Which queues are shown: by a part of the name, and by state. */
import { useEffect, useState } from "../../vendor/hooks.js";
import { count } from "../../rules/numbers.js";
import { setFilter } from "../../state/place.js";
import { Button } from "../../parts/button.js";
import { h, html } from "../../parts/html.js";

/** Typing becomes one entry of the browser's history after a rest of so many milliseconds. */
const REST = 300;

/** @param {{ value: string }} props */
export function NameFilter({ value }) {
  const [text, setText] = useState(value);
  useEffect(() => setText(value), [value]);
  useEffect(() => {
    if (text === value) return;
    const timer = setTimeout(() => setFilter("q", text || null), REST);
    return () => clearTimeout(timer);
  }, [text]);
  return html`<label class="queues-name">Name <input type="search" data-first-filter value=${text} autocomplete="off" maxlength="64"
    onInput=${(/** @type {any} */ event) => setText(event.currentTarget.value)} /></label>`;
}

/** @param {{ counts: readonly (readonly [string, number])[], chosen: readonly string[] }} props */
export function StateFilter({ counts, chosen }) {
  /** @param {string} code */
  const turn = (code) => {
    const states = chosen.includes(code) ? chosen.filter((each) => each !== code) : [...chosen, code];
    setFilter("state", states.join(",") || null);
  };
  const shown = counts.filter(([code, n]) => n > 0 || chosen.includes(code));
  return html`<span class="queues-states" role="group" aria-label="State">${shown.map(([code, n]) =>
    h(Button, { key: code, isPressed: chosen.includes(code), onClick: () => turn(code), children: `${code} ${count(n)}` }))}</span>`;
}
