/** What is done about one dead letter. */
import { withPayload } from "../rules/curl.js";
import { bytes } from "../rules/numbers.js";
import { readAll } from "../rules/json.js";
import { inLines } from "../rules/json-lines.js";
import { call, callForText } from "../api/call.js";
import { signal } from "../vendor/signals.js";
import { refreshAll } from "../state/poll.js";
import { act, said } from "./act.js";
import { asCli, asCurl } from "./copy-as.js";
import { ask } from "./dialog.js";
import { h, html } from "./html.js";
import { short } from "./id.js";
import { tell } from "./notices.js";
import { Difference } from "./difference.js";

const LINED_MOST = 256 * 1024;

/** @typedef {{ event_id: string, redriven_as?: string | null }} Letter */

/** Light: it is done at once. There is no undo, for an engine may have it a moment later. @param {Letter} letter */
export function redriveOne({ event_id }) {
  return act("redrive_dead_letter", { path: { event_id }, body: {} }, { done: `${short(event_id)} is queued again. Until an engine takes it, it can be cancelled on its page.` });
}

/** Middle: for good. @param {Letter} letter @returns {Promise<boolean>} */
export async function discard({ event_id }) {
  const request = { path: { event_id } };
  const isWanted = await ask({
    title: "Discard this dead letter?",
    sentence: "It goes for good, and cannot be redriven any more; the event stays, as failed, until its time is over. This cannot be undone.",
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
  // A line for each member, so that it can be read, and compared by lines; what is very long is left as it is.
  if (before.length < LINED_MOST) before = inLines(before);
  const payload = signal(before);
  const request = () => ({ path: { event_id }, body: {}, payload: payload.value });
  const isWanted = await ask({
    title: "Redrive with another payload",
    sentence: "A new event is made, with the payload below and fresh budgets. The dead letter stays, with a link to the new event, and cannot be redriven again.",
    form: () => h(Editor, { payload, before }),
    why: () => faultOf(payload.value, before),
    verb: "Redrive as a new event",
    cli: () => asCli("redrive_dead_letter", request()),
    curl: () => asCurl("redrive_dead_letter", request()),
  });
  if (!isWanted) return null;
  try {
    const { data } = await call("redrive_dead_letter", { path: { event_id }, text: withPayload({}, payload.value) });
    tell(`The new event is ${short(data.event_id)}.`);
    return data.event_id;
  } catch (error) {
    tell(said(/** @type {import("../api/call.js").CallError} */ (error)), { isBad: true });
    return null;
  } finally {
    void refreshAll();
  }
}

/** @param {string} text @param {string} before @returns {string | null} why it cannot be sent */
function faultOf(text, before) {
  if (text === before) return "Nothing is changed yet";
  const { fault } = readAll(text);
  return fault === null ? null : `This is no JSON: ${fault.message}, in line ${fault.line}, column ${fault.column}`;
}

/** @param {{ payload: import("../vendor/signals.js").Signal<string>, before: string }} props */
function Editor({ payload, before }) {
  const fault = faultOf(payload.value, before);
  return html`<div>
    <label class="field">Payload
      <textarea class="payload-editor" rows="12" spellcheck="false" value=${payload.value} onInput=${(/** @type {any} */ event) => { payload.value = event.currentTarget.value; }}></textarea></label>
    <p class=${fault === null || payload.value === before ? "note" : "field-fault"} role="status">${fault ?? `It is JSON of ${bytes(new TextEncoder().encode(payload.value).length)}.`}</p>
    ${h(Difference, { before, after: payload.value })}
  </div>`;
}
