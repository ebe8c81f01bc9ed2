/** Keys, words, taste, and what this page is made of. */
import { session } from "../state/session.js";
import { pace, singleKeys, theme, zone } from "../state/taste.js";
import { h, html } from "../parts/html.js";
import { KEYS } from "../parts/keys.js";

const WORDS = /** @type {const} */ ([
  ["event", "a piece of work, of one type, for the engines of one queue"],
  ["queue", "the events of one engine type, and the rules by which they are handed out"],
  ["engine", "a program that asks for events, works on them, and reports"],
  ["lease", "the right of one engine, and of no other, to work on an event until a time that its heartbeats extend"],
  ["attempt", "one time that an event was in an engine's hands"],
  ["silent loss", "an attempt that ended without a report: the engine died, hung or was cut off"],
  ["late report", "a report that came after the lease had ended; the work may have been done twice"],
  ["suspect", "an event with a silent loss; it travels alone, so that nothing else is lost with it"],
  ["dead letter", "an event that is not tried again until a person says so"],
  ["redrive", "to put a dead letter into its queue once more"],
  ["replica", "one of the servers of this service; each has connections to the database of its own, and the database keeps what they share"],
  ["snapshot", "how a transaction sees the database until it ends; an old one keeps the rows of finished work from being cleared away"],
  ["dead rows", "rows that were changed or removed, until PostgreSQL's vacuum clears them away; many of them make the queue slow"],
  ["standby", "a server that copies the database, and can take its place"],
  ["audit trail", "what people and programs changed: by whom, when, what, and from where"],
  ["token", "what a program or a person shows to be let in; its role says what it may do"],
  ["session", "what begins when somebody signs in here with a token; it lasts 12 hours at most, and ends with the token"],
  ["fingerprint", "what errors of one cause have in common: their type and message without the parts that change"],
]);

function Help() {
  return html`<div class="help">
    <section class="panel"><h2>Keys</h2><table class="plain"><tbody>${KEYS.map(([key, what]) => html`<tr key=${key}><th scope="row">${keysOf(key)}</th><td>${what}</td></tr>`)}</tbody></table></section>
    <section class="panel"><h2>Words</h2><dl class="facts">${WORDS.map(([word, what]) => html`<div key=${word}><dt>${word}</dt><dd>${what}</dd></div>`)}</dl></section>
    <section class="panel"><h2>Preferences</h2>
      ${h(Choice, { title: "Theme", taste: theme })}${h(Choice, { title: "Times", taste: zone })}
      ${h(Choice, { title: "Refresh", taste: pace })}${h(Choice, { title: "Single-letter keys", taste: singleKeys })}
      <p class="note">Kept in this browser.</p></section>
    <section class="panel"><h2>This page</h2><p>EventLease ${session.value?.server.version ?? ""}. It is a client of the public API and of nothing else.
      It carries Preact, htm and signals (MIT and Apache-2.0) and uPlot (MIT); their licences lie in its source beside them.</p></section>
  </div>`;
}

/** Each key by itself, so that `g o` is two of them, and `/ or Ctrl K` is three and a word. @param {string} keys */
function keysOf(keys) {
  return keys.split(/(, | or | )/).map((part, place) => (place % 2 === 0 ? html`<kbd>${part}</kbd>` : part));
}

/** @param {{ title: string, taste: { readonly value: string, set: (value: any) => void, choices: readonly string[] } }} props */
function Choice({ title, taste }) {
  return html`<fieldset class="field-row"><legend>${title}</legend>${taste.choices.map((choice) => html`<label key=${choice}>
    <input type="radio" name=${title} checked=${taste.value === choice} onChange=${() => taste.set(choice)} /> ${choice === "utc" ? "UTC" : choice}</label>`)}</fieldset>`;
}

/** @type {import("./list.js").Screen} */
export const screen = { filters: {}, view: Help };
