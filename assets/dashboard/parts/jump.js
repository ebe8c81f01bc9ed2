/** One box for every id and name: it goes there at once where it is one thing, and offers what it may be otherwise. */
import { signal } from "../vendor/signals.js";
import { bare, kindOf } from "../rules/ids.js";
import { CallError } from "../api/call.js";
import { queueNames } from "../state/overview.js";
import { go } from "../state/place.js";
import { said } from "./act.js";
import { h, html } from "./html.js";
import { Link } from "./link.js";

/** @typedef {import("./jump-offers.js").Answer} Answer */
/** @typedef {import("../state/place.js").Goal} Goal */

const FIELD = "jump";
const PIECE = "This is a piece of an id. None that was shown here fits it, nor does an event of its time or an engine. Copy the whole of it.";
/** As long is an idempotency key at most. */
const NAME_MOST = 256;
const NOTHING = { said: "", offers: [] };
const answer = signal(/** @type {Answer} */ (NOTHING));
/** What was asked for last: an answer to anything before it comes too late. */
let asked = 0;

/** What most who look at the page never need. */
export const loadOffers = () => import("./jump-offers.js").catch(() => {
  throw new CallError("offline", "A part of this page cannot be loaded.");
});

export function focusJump() {
  document.getElementById(FIELD)?.focus();
}

/** An id that is pasted where nothing is typed is looked for at once. */
export function watchPaste() {
  addEventListener("paste", (event) => {
    const isTyped = event.target instanceof Element && event.target.closest("input, textarea, dialog") !== null;
    const text = event.clipboardData?.getData("text/plain") ?? "";
    if (isTyped || !isCertain(text)) return;
    event.preventDefault();
    void jump(text);
  });
}

/** @param {string} text @returns {boolean} it can be nothing but ids, or a cause */
function isCertain(text) {
  return ["id", "ids", "cause"].includes(kindOf(text, []).kind);
}

/** @param {string} text */
async function jump(text) {
  const mine = ++asked;
  if (text.trim() === "") return close();
  answer.value = { said: "Looking …", offers: [] };
  const found = await lookFor(text).catch((error) => says(`It could not be looked up: ${said(error)}`));
  if (mine !== asked) return;
  if ("screen" in found) return open(found);
  answer.value = found;
}

/** @param {string} text @returns {Promise<Goal | Answer>} */
async function lookFor(text) {
  const kind = kindOf(text, queueNames());
  const { namesLike, offersOf, placeOfCause, placeOfId, wholeIds } = await loadOffers();
  switch (kind.kind) {
    case "id":
      return (await placeOfId(kind.id)) ?? says("Nothing has this id: it never was, or it ended so long ago that it is not kept any more.");
    case "ids":
      return only(await offersOf(kind.found), "Nothing is known any more by the ids in this text.");
    case "cause":
      return (await placeOfCause(kind.fingerprint)) ?? says("No dead letter has died of this cause, or none that you may see is left.");
    case "trace":
      return says("That is a trace id; events cannot be found by it. Their id stands in the span.");
    case "queue":
      return only(kind.names.map((name) => ({ words: `Queue ${name}`, to: { screen: "queues", id: name } })), "");
    case "piece": {
      const offers = await wholeIds(kind.ends);
      return kind.isSure || offers.length > 0 ? only(offers, PIECE) : namesLike(bare(text));
    }
    case "unknown":
      if (text.length > NAME_MOST) return says("That is longer than any name, and there is no id in it.");
      return namesLike(bare(text));
  }
}

/** @param {string} said @returns {Answer} */
function says(said) {
  return { said, offers: [] };
}

/** @param {Answer["offers"]} offers @param {string} none what is said where there are none @returns {Goal | Answer} where there is one, it is meant */
function only(offers, none) {
  const [first] = offers;
  return first !== undefined && offers.length === 1 ? first.to : { said: first === undefined ? none : "", offers };
}

/** @param {Goal} goal */
function open(goal) {
  close();
  const field = document.getElementById(FIELD);
  if (field instanceof HTMLInputElement) field.value = "";
  go(goal);
  if (document.activeElement instanceof HTMLElement) document.activeElement.blur();
}

function close() {
  asked += 1;
  answer.value = NOTHING;
}

/** To the offer after the one that has the focus, or before it; before the first is the field. @param {1 | -1} by */
function step(by) {
  const stops = [document.getElementById(FIELD), ...document.querySelectorAll(".jump-found a")];
  const next = stops[Math.min(stops.length - 1, Math.max(0, stops.findIndex((stop) => stop === document.activeElement) + by))];
  if (next instanceof HTMLElement) next.focus();
}

/** @param {KeyboardEvent} event */
function press(event) {
  const field = event.target instanceof HTMLInputElement ? event.target : null;
  if (event.key === "ArrowDown" || event.key === "ArrowUp") step(event.key === "ArrowDown" ? 1 : -1);
  else if (event.key === "Escape") {
    close();
    if (field === null) focusJump();
    return; // leaving the field is a key of the whole page
  } else if (event.key === "Enter" && field !== null) answer.value.offers.length > 0 ? step(1) : void jump(field.value);
  else return;
  event.preventDefault();
}

export function Jump() {
  const { said: words, offers } = answer.value;
  /** @param {ClipboardEvent & { currentTarget: HTMLInputElement }} event */
  const paste = (event) => {
    const text = event.clipboardData?.getData("text/plain") ?? "";
    if (!isCertain(text)) return;
    event.preventDefault();
    event.currentTarget.value = "";
    void jump(text);
  };
  return html`<search class="jump" onKeyDown=${press}>
    <input id=${FIELD} type="search" placeholder="Paste an id, or name a queue ( / )" aria-label="Paste an id, or name a queue" autocomplete="off" spellcheck=${false} onPaste=${paste} onInput=${close} />
    ${words || offers.length > 0 ? html`<div class="jump-found"><p role="status">${words || `${offers.length} found: the arrow keys lead to them`}</p>
      <ul>${offers.map((offer) => html`<li key=${offer.words} onClick=${close}>${h(Link, { to: offer.to, children: offer.words })}</li>`)}</ul></div>` : null}
  </search>`;
}
