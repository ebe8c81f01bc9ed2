/** Times and durations as they are shown. */
import { ago, atOf, lasts } from "../rules/times.js";
import { serverNow } from "../api/call.js";
import { tick } from "../state/live.js";
import { place } from "../state/place.js";
import { zone } from "../state/taste.js";
import { html } from "./html.js";

/** The zone in which times are shown: of the address, if it was shared so, else of the person's choice. */
export function zoneNow() {
  const shared = place.value.filters["tz"];
  return shared === "utc" || (shared === undefined && zone.value === "utc") ? "utc" : "local";
}

/** @param {string} at */
function allZones(at) {
  return `${atOf(at, "local")}\n${atOf(at, "utc")}\n${at}`;
}

/** How long ago; every zone in the tooltip. @param {{ at: string | null | undefined }} props */
export function Ago({ at }) {
  if (!at) return html`<span class="nothing">–</span>`;
  void tick.value;
  return html`<time datetime=${at} title=${allZones(at)}>${ago((serverNow() - Date.parse(at)) / 1000)}</time>`;
}

/** The time of day. @param {{ at: string | null | undefined }} props */
export function At({ at }) {
  if (!at) return html`<span class="nothing">–</span>`;
  return html`<time datetime=${at} title=${allZones(at)}>${atOf(at, zoneNow())}</time>`;
}

/** @param {{ seconds: number | null | undefined }} props */
export function Lasts({ seconds }) {
  return html`<span class="number">${seconds === null || seconds === undefined ? "–" : lasts(seconds)}</span>`;
}

/** How long it is until then; `over` stands there afterwards. @param {{ to: string, over?: string }} props */
export function CountDown({ to, over = "now" }) {
  void tick.value;
  const left = (Date.parse(to) - serverNow()) / 1000;
  return html`<time datetime=${to} title=${allZones(to)}>${left <= 0 ? over : lasts(left)}</time>`;
}
