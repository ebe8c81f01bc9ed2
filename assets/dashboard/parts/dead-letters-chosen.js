/** What is done about dead letters that were chosen one by one. */
import { callEach } from "../api/each.js";
import { refreshAll } from "../state/poll.js";
import { count } from "../rules/numbers.js";
import { said } from "./act.js";
import { asCli } from "./copy-as.js";
import { ask } from "./dialog.js";
import { html } from "./html.js";
import { tell } from "./notices.js";

/** From so many on, what cannot be undone is typed. */
const HEAVY = 100;
const SHOWN = 20;

/** @param {readonly string[]} ids @returns {Promise<readonly string[] | null>} those that are queued again; null: a person left it */
export async function redriveThese(ids) {
  const words = letters(ids.length);
  const isWanted = await ask({
    title: `Redrive ${words}?`,
    sentence: `${capital(words)} go back into their queues at once, with fresh budgets. What an engine has not taken can be cancelled afterwards; there is no other way back.`,
    form: () => listOf(ids),
    verb: `Redrive ${count(ids.length)}`,
    cli: () => `${asCli("redrive_dead_letter", { path: { event_id: ids[0] ?? "" } }).replace(ids[0] ?? "", ids.join(" "))}`,
  });
  if (!isWanted) return null;
  return carriedOut(ids, "redrive_dead_letter", "queued again", () => redriveThese);
}

/** @param {readonly string[]} ids @returns {Promise<readonly string[] | null>} */
export async function discardThese(ids) {
  const words = letters(ids.length);
  const isWanted = await ask({
    title: `Discard ${words}?`,
    sentence: `${capital(words)} go for good and cannot be redriven any more; their events stay, as failed, until their retention ends. This cannot be undone.`,
    form: () => listOf(ids),
    verb: `Discard ${count(ids.length)}`,
    isDanger: true,
    ...(ids.length > HEAVY ? { typed: String(ids.length) } : {}),
    cli: () => `${asCli("discard_dead_letter", { path: { event_id: ids[0] ?? "" } }).replace(ids[0] ?? "", ids.join(" "))}`,
  });
  if (!isWanted) return null;
  return carriedOut(ids, "discard_dead_letter", "discarded", () => discardThese);
}

/**
 * @param {readonly string[]} ids @param {"redrive_dead_letter" | "discard_dead_letter"} operation @param {string} done in words
 * @param {() => (ids: readonly string[]) => Promise<unknown>} again the rest, if some failed
 */
async function carriedOut(ids, operation, done, again) {
  const body = operation === "redrive_dead_letter" ? { body: {} } : {};
  const outcome = await callEach(ids, operation, (event_id) => ({ path: { event_id }, ...body }));
  refreshAll();
  const [first] = outcome.failed;
  if (first === undefined) tell(`${letters(outcome.done.length)} ${outcome.done.length === 1 ? "is" : "are"} ${done}.`);
  else {
    tell(`${count(outcome.done.length)} of ${letters(ids.length)} are ${done}; ${count(outcome.failed.length)} are not: ${said(first.error)}`, { isBad: true });
    const rest = outcome.failed.map(({ id }) => id);
    const isWanted = await ask({
      title: "Do the rest?",
      sentence: `${count(outcome.done.length)} are ${done}. ${letters(rest.length)} are not; the first was refused with: ${said(first.error)}`,
      form: () => listOf(rest),
      verb: "Try the rest again",
    });
    if (isWanted) await again()(rest);
  }
  return outcome.done;
}

/** @param {readonly string[]} ids */
function listOf(ids) {
  return html`<ul class="id-list">${ids.slice(0, SHOWN).map((id) => html`<li key=${id} class="id">${id}</li>`)}${ids.length > SHOWN ? html`<li>and ${count(ids.length - SHOWN)} more</li>` : null}</ul>`;
}

/** @param {number} many */
function letters(many) {
  return many === 1 ? "1 dead letter" : `${count(many)} dead letters`;
}

/** @param {string} text */
function capital(text) {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
