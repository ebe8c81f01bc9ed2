/** Which events are leased first. */
import { html } from "./html.js";

const LEAST_URGENT = 0;
const MOST_URGENT = 9;

/** @param {{ value: number, now?: number, onChoose: (priority: number) => void }} props now: what it is */
export function PrioritySelect({ value, now, onChoose }) {
  const all = Array.from({ length: MOST_URGENT - LEAST_URGENT + 1 }, (_, place) => MOST_URGENT - place);
  return html`<label class="field">Priority, ${MOST_URGENT} is first <select value=${String(value)} onChange=${(/** @type {any} */ input) => onChoose(Number(input.currentTarget.value))}>
    ${all.map((each) => html`<option key=${each} value=${String(each)} selected=${each === value}>${each}${each === now ? " (as it is)" : ""}</option>`)}</select></label>`;
}
