/** Pausing and resuming a queue. Each undoes the other. */
import { call, serverNow } from "../api/call.js";
import { LENGTHS, MOST_REASON, PRESET_LENGTH, pauseBody, pauseInWords, pausedMeanwhile, pauseMeanwhile, sameAgain } from "../rules/pause.js";
import { visible } from "../rules/text.js";
import { lasts } from "../rules/times.js";
import { signal } from "../vendor/signals.js";
import { act, said } from "./act.js";
import { asCli, asCurl } from "./copy-as.js";
import { ask } from "./dialog.js";
import { h, html } from "./html.js";
import { tell } from "./notices.js";
import { At } from "./time.js";
import { undoOf } from "./undo.js";

/** @typedef {import("../rules/pause.js").QueuePause} QueuePause */
/** @typedef {{ engine_type: string, pause?: QueuePause | null }} Pausable */

const pathOf = (/** @type {string} */ name) => ({ path: { engine_type: name } });

/**
 * Asks for the reason and the length of a pause.
 * @param {readonly string[]} names
 * @returns {Promise<import("../rules/pause.js").PauseBody | null>} null: no
 */
export async function askPause(names) {
  const reason = signal("");
  const seconds = signal(/** @type {number | null} */ (PRESET_LENGTH));
  const body = () => pauseBody(reason.value, seconds.value);
  const request = () => ({ ...pathOf(names[0] ?? ""), body: body() });
  const isSure = await ask({
    title: names.length === 1 ? `Pause ${names[0]}` : `Pause ${names.length} queues`,
    verb: "Pause",
    form: () => html`<p>${pauseInWords(names, seconds.value)}</p>
      <label class="field">Reason <input name="reason" value=${reason.value} maxlength=${MOST_REASON} autocomplete="off" autofocus
        placeholder="is shown wherever the queue is" onInput=${(/** @type {any} */ event) => (reason.value = event.currentTarget.value)} /></label>
      <fieldset class="choices"><legend>For how long</legend>${LENGTHS.map(([value, words]) => html`<label key=${words} class="choices-one">
        <input type="radio" name="length" checked=${seconds.value === value} onChange=${() => (seconds.value = value)} /> ${words}</label>`)}</fieldset>`,
    ...(names.length === 1 ? { cli: () => asCli("pause_queue", request()), curl: () => asCurl("pause_queue", request()) } : {}),
  });
  return isSure ? body() : null;
}

/** @param {Pausable} queue */
export async function pause({ engine_type: name, pause: before = null }) {
  const body = await askPause([name]);
  if (body === null || !(await isStillSo(name, before))) return;
  const end = body.resume_after_seconds ? ` for ${lasts(body.resume_after_seconds)}` : "";
  await act("pause_queue", { ...pathOf(name), body }, { done: `${name} is paused${end}.`, undo: (queue) => takeBack(name, queue.pause, before) });
}

/** Whether the queue is as it was when a person was asked, or that person wants it all the same. @param {string} name @param {QueuePause | null} seen */
async function isStillSo(name, seen) {
  let now;
  try {
    now = (await call("read_queue", pathOf(name))).data.pause;
  } catch {
    return true; // the call that follows says what is wrong
  }
  const other = pausedMeanwhile(name, seen, now);
  return other === null || ask({ title: "Pause it all the same?", sentence: `${visible(other.news)} ${other.question}`, facts: now?.resume_at ? [["It goes on by itself", html`${h(At, { at: now.resume_at })}`]] : [], verb: "Pause anyway", wayOut: "Leave it as it is" });
}

/** @param {Pausable} queue */
export async function resume({ engine_type: name, pause: before = null }) {
  const undo = before ? { undo: (/** @type {Pausable} */ queue) => takeBack(name, queue.pause ?? null, before) } : {};
  await act("resume_queue", pathOf(name), { done: `${name} goes on.`, ...undo });
}

/** With the pause as it is now, so that it can be brought back. @param {string} name */
export async function resumeByName(name) {
  try {
    await resume((await call("read_queue", pathOf(name))).data);
  } catch (error) {
    tell(said(/** @type {import("../api/call.js").CallError} */ (error)), { isBad: true });
  }
}

/** @param {string} name @param {QueuePause | null} mine as it was set @param {QueuePause | null} before */
function takeBack(name, mine, before) {
  const look = async () => pauseMeanwhile(name, mine, before, (await call("read_queue", pathOf(name))).data.pause);
  const already = before ? `${name} is paused as before already.` : `${name} goes on already.`;
  return undoOf({ look, run: () => restore(name, before), already })();
}

/** Brings back how a queue was: paused, with what is left of the time, or not at all. @param {string} name @param {QueuePause | null} before */
function restore(name, before) {
  const again = before ? sameAgain(before, serverNow()) : null;
  return again
    ? act("pause_queue", { ...pathOf(name), body: again }, { done: `${name} is paused as before.` })
    : act("resume_queue", pathOf(name), { done: before ? `${name} goes on: its pause would be over by now.` : `${name} goes on.` });
}
