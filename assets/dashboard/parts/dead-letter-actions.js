/** What is done about one dead letter. */
import { withPayload } from "../rules/curl.js";
import { editable } from "../rules/json-lines.js";
import { checked } from "../rules/payload.js";
import { call, callForText } from "../api/call.js";
import { computed, signal } from "../vendor/signals.js";
import { refreshAll } from "../state/poll.js";
import { session } from "../state/session.js";
import { act, said } from "./act.js";
import { asCli, asCurl } from "./copy-as.js";
import { ask } from "./dialog.js";
import { h, html } from "./html.js";
import { short } from "./id.js";
import { tell } from "./notices.js";
import { PayloadEditor } from "./payload-editor.js";

/** @typedef {{ event_id: string, redriven_as?: string | null, lease_losses?: number }} Letter */

/** So many engines that fell silent with one event are hardly chance. */
const LOSSES_OF_POISON = 2;

/** Light: it is done at once, but for one that engines die of. There is no undo, for an engine may have it a moment later. @param {Letter} letter */
export async function redriveOne({ event_id, lease_losses = 0 }) {
  const request = { path: { event_id }, body: {} };
  if (lease_losses >= LOSSES_OF_POISON) {
    const isWanted = await ask({
      title: "Redrive an event that engines fell silent with?",
      sentence: `${lease_losses} engines were lost while they worked on it. If it is what kills them, it kills the next one as well: its losses are counted from nothing again.`,
      facts: [["Event", html`<span class="id">${event_id}</span>`]],
      verb: "Redrive it anyway",
      isDanger: true,
      cli: () => asCli("redrive_dead_letter", request),
      curl: () => asCurl("redrive_dead_letter", request),
    });
    if (!isWanted) return null;
  }
  return act("redrive_dead_letter", request, { done: `${short(event_id)} is queued again. Until an engine takes it, it can be cancelled on its page.` });
}

/** Middle: for good. @param {Letter} letter @returns {Promise<boolean>} */
export async function discard({ event_id }) {
  const request = { path: { event_id } };
  const isWanted = await ask({
    title: "Discard this dead letter?",
    sentence: "It goes for good, and cannot be redriven any more; the event stays, as failed, until its retention ends. This cannot be undone.",
    facts: [["Event", html`<span class="id">${event_id}</span>`]],
    verb: "Discard it",
    isDanger: true,
    cli: () => asCli("discard_dead_letter", request),
    curl: () => asCurl("discard_dead_letter", request),
  });
  if (!isWanted) return false;
  return (await act("discard_dead_letter", request, { done: `The dead letter ${short(event_id)} is discarded.` })) !== null;
}

/** Redrives it as a new event, with a payload that a person has edited. @param {Letter} letter @returns {Promise<string | null>} the new event's id */
export async function redriveWithPayload({ event_id }) {
  let before;
  try {
    before = (await callForText("read_event_payload", { path: { event_id } })).data;
  } catch (error) {
    tell(said(/** @type {import("../api/call.js").CallError} */ (error)), { isBad: true });
    return null;
  }
  before = editable(before);
  const payload = signal(before);
  const limits = session.value?.server.limits;
  const check = computed(() => checked(payload.value, limits));
  const request = () => ({ path: { event_id }, body: {}, payload: payload.value });
  const isWanted = await ask({
    title: "Redrive with another payload",
    sentence: "A new event is made, with the payload below and fresh budgets. The dead letter stays, with a link to the new event, and cannot be redriven again.",
    form: () => h(PayloadEditor, { text: payload.value, onText: (/** @type {string} */ text) => { payload.value = text; }, checked: check.value, before, ...(limits ? { limits } : {}) }),
    why: () => (payload.value === before ? "Nothing is changed yet" : check.value.fault),
    verb: "Redrive as a new event",
    cli: () => asCli("redrive_dead_letter", request()),
    curl: () => asCurl("redrive_dead_letter", request()),
  });
  if (!isWanted) return null;
  try {
    const { data } = await call("redrive_dead_letter", { path: { event_id }, text: withPayload({}, payload.value) });
    tell(`The new event is ${short(data.event_id)}.`, { to: { screen: "events", id: data.event_id } });
    return data.event_id;
  } catch (error) {
    tell(said(/** @type {import("../api/call.js").CallError} */ (error)), { isBad: true });
    return null;
  } finally {
    refreshAll();
  }
}
