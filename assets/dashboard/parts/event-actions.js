/** What is done about one event that has not ended. */
import { call, serverNow } from "../api/call.js";
import { eventMeanwhile } from "../rules/event-terms.js";
import { signal } from "../vendor/signals.js";
import { act } from "./act.js";
import { asCli, asCurl } from "./copy-as.js";
import { ask } from "./dialog.js";
import { h, html } from "./html.js";
import { short } from "./id.js";
import { PrioritySelect } from "./priority-select.js";
import { undoOf } from "./undo.js";

/** @typedef {Pick<import("../rules/event-words.js").Event, "event_id" | "engine_type" | "event_type" | "status" | "available_at" | "priority">} Event */
/** @typedef {{ priority?: number, available_at?: string }} Change */

/** Light, with a way back. @param {Event} event @param {Change} change @param {string} done */
function change({ event_id, available_at, priority }, change, done) {
  const path = { event_id };
  /** @type {Change} */
  const before = { ...(change.priority === undefined ? {} : { priority }), ...(change.available_at === undefined || available_at === null ? {} : { available_at }) };
  const undo = (/** @type {Pick<Event, "available_at" | "priority">} */ mine) => undoOf({
    look: async () => eventMeanwhile(mine, before, (await call("read_event", { path })).data),
    run: () => act("change_event", { path, body: before }, { done: `${short(event_id)} is as it was` }),
    already: `${short(event_id)} is as it was already`,
  })();
  return act("change_event", { path, body: change }, { done, undo });
}

/** @param {Event} event */
export function runNow(event) {
  return change(event, { available_at: new Date(serverNow()).toISOString() }, `${short(event.event_id)} is due now`);
}

const DELAYS = /** @type {const} */ ([[5, "5 minutes"], [30, "30 minutes"], [60, "an hour"], [360, "6 hours"], [1440, "a day"], [10_080, "a week"]]);

/** @param {Event} event */
export async function runLater(event) {
  const minutes = signal(30);
  const request = () => ({ path: { event_id: event.event_id }, body: { available_at: new Date(serverNow() + minutes.value * 60_000).toISOString() } });
  const isWanted = await ask({
    title: "Run it later",
    sentence: "No engine gets it before then.",
    form: () => html`<label class="field">Due again in <select value=${minutes.value} onChange=${(/** @type {any} */ input) => { minutes.value = Number(input.currentTarget.value); }}>
      ${DELAYS.map(([value, words]) => html`<option key=${value} value=${value} selected=${value === minutes.value}>${words}</option>`)}</select></label>`,
    verb: "Put it off",
    cli: () => asCli("change_event", request()),
    curl: () => asCurl("change_event", request()),
  });
  if (isWanted) await change(event, request().body, `${short(event.event_id)} is put off`);
}

/** @param {Event} event */
export async function setPriority(event) {
  const priority = signal(event.priority);
  const request = () => ({ path: { event_id: event.event_id }, body: { priority: priority.value } });
  const isWanted = await ask({
    title: "Another priority",
    sentence: "Events of a higher priority are leased first: as long as there are any of them, those of a lower one wait.",
    form: () => h(PrioritySelect, { value: priority.value, now: event.priority, onChoose: (/** @type {number} */ value) => { priority.value = value; } }),
    why: () => (priority.value === event.priority ? "It has that priority already" : null),
    verb: "Set it",
    cli: () => asCli("change_event", request()),
    curl: () => asCurl("change_event", request()),
  });
  if (isWanted) await change(event, request().body, `${short(event.event_id)} has priority ${priority.value}`);
}

/** Middle: for good. @param {Event} event */
export async function cancelEvent({ event_id, status, engine_type, event_type }) {
  const isRunning = status === "processing";
  const request = { path: { event_id } };
  const isWanted = await ask({
    title: isRunning ? "Ask the engine to stop?" : "Cancel this event?",
    sentence: isRunning
      ? "An engine is working on it. The engine is told with its next report; the event is cancelled when this lease ends in any way but completion. What the engine has done so far is not taken back."
      : "It is queued, so it is cancelled at once, for good: there is no undo, and it cannot be redriven. If an engine gets it before your request arrives, the engine is asked to stop.",
    facts: [["Event", html`<span class="id">${event_id}</span>`], ["Type", `${event_type} in ${engine_type}`]],
    verb: isRunning ? "Ask it to stop" : "Cancel the event",
    isDanger: true,
    cli: () => asCli("cancel_event", request),
    curl: () => asCurl("cancel_event", request),
  });
  if (!isWanted) return;
  const done = (/** @type {{ status: string }} */ event) => (event.status === "cancelled" ? `${short(event_id)} is cancelled` : `${short(event_id)}: its engine is asked to stop`);
  await act("cancel_event", request, { done });
}
