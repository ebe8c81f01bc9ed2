/** The settings of a queue: each value with its source; changes are shown before they are made, and can be taken back. */
import { useEffect, useState } from "../../vendor/hooks.js";
import { FIELDS, backward, changedSince, changesOf, effectOf, forward, inWords, policyWith, readValue, settingAt, settingsMeanwhile } from "../../rules/queue-settings.js";
import { delaysInWords, outageInWords } from "../../rules/retry-delays.js";
import { call } from "../../api/call.js";
import { visible } from "../../rules/text.js";
import { may } from "../../state/session.js";
import { act } from "../../parts/act.js";
import { Button } from "../../parts/button.js";
import { Copy } from "../../parts/copy.js";
import { asCli } from "../../parts/copy-as.js";
import { ask } from "../../parts/dialog.js";
import { h, html } from "../../parts/html.js";
import { Link } from "../../parts/link.js";
import { Panel } from "../../parts/panel.js";
import { lastWho, undoOf } from "../../parts/undo.js";
import { Status } from "../../parts/words.js";

/** @typedef {import("../../rules/queue-settings.js").Queue} Queue */
/** @typedef {import("../../rules/queue-settings.js").Field} Field */
/** @typedef {Readonly<Record<string, string>>} Typed what was typed, by path; what is missing was not touched */

/** @param {{ name: string, poll: import("../../state/poll.js").Poll<Queue> }} props */
export function Settings({ name, poll }) {
  const [typed, setTyped] = useState(/** @type {Typed | null} */ (null));
  const edit = h(Button, { operation: "change_queue", onClick: () => setTyped({}), children: "Change" });
  return h(Panel, {
    title: "Settings",
    poll: { ...poll, error: null },
    actions: typed === null ? edit : null,
    children: (/** @type {Queue} */ queue) => (typed === null ? h(Shown, { queue }) : h(Edited, { name, queue, typed, setTyped })),
  });
}

/** @param {{ queue: Queue }} props */
function Shown({ queue: { settings } }) {
  return html`<table class="plain settings"><thead class="hidden"><tr><th>Setting</th><th>Value</th><th>Source</th></tr></thead><tbody>${FIELDS.map((field) => {
    const { value, source } = settingAt(settings, field.path);
    return html`<tr key=${field.path}><th scope="row">${field.title} <code class="code">${field.path}</code></th><td>${inWords(value, field)}</td>
      <td class="note">${source === "queue" ? "set for this queue" : "server default"}</td></tr>`;
  })}</tbody></table><p class="note">${delaysInWords(policyWith(settings, []))} Events and their types may have ${may("list_event_types") ? h(Link, { to: { screen: "policies" }, children: "policies of their own" }) : "policies of their own"}.</p>`;
}

/** @param {{ name: string, queue: Queue, typed: Typed, setTyped: (typed: Typed | null) => void }} props */
function Edited({ name, queue, typed, setTyped }) {
  const { settings } = queue;
  /** @type {Record<string, number | null>} */
  const edits = {};
  /** @type {Record<string, string>} */
  const faults = {};
  for (const field of FIELDS) {
    const text = typed[field.path];
    if (text === undefined) continue;
    const read = readValue(text, field);
    if ("fault" in read) faults[field.path] = read.fault;
    else edits[field.path] = read.value;
  }
  const changes = changesOf(settings, edits);
  const why = Object.keys(faults).length > 0 ? "A value cannot be read" : changes.length === 0 ? "Nothing is changed yet" : null;
  const outage = outageInWords(policyWith(settings, []), policyWith(settings, changes));
  const request = () => ({ path: { engine_type: name }, body: forward(changes) });
  // Others may change them while the form is open: the person sees by whom and to what, and is asked before they are overwritten.
  const [seen] = useState(settings);
  const since = changedSince(seen, settings);
  const [who, setWho] = useState("somebody");
  useEffect(() => {
    if (since.size > 0) void lastWho("change_queue", name).then((last) => setWho(last ?? "somebody"));
  }, [[...since.values()].join()]);
  const save = async () => {
    const back = backward(changes);
    const path = { engine_type: name };
    if (!(await isStillSo(changes, settings, name))) return;
    const undo = undoOf({
      look: async () => lookAgain(changes, (await call("read_queue", { path })).data, () => lastWho("change_queue", name)),
      run: () => act("change_queue", { path, body: back }, { done: `${name} has its old settings again.` }),
      already: `${name} has its old settings already.`,
    });
    const words = changes.map(({ field, after }) => `${field.path} ${after === null ? "server default" : inWords(after, field)}`).join(", ");
    const changed = await act("change_queue", request(), { done: `${name} is changed: ${words}.`, undo });
    if (changed !== null) setTyped(null);
  };
  return html`<form class="settings-form" onSubmit=${(/** @type {Event} */ event) => { event.preventDefault(); if (why === null) void save(); }}>
    ${FIELDS.map((field) => h(Input, { key: field.path, field, queue, text: typed[field.path], fault: faults[field.path], news: since.has(field.path) ? `changed by ${who} since you opened this: ${since.get(field.path)}` : null, set: (text) => setTyped({ ...typed, [field.path]: text }) }))}
    ${changes.length === 0 ? null : html`<section class="settings-changes" aria-live="polite"><h3>What changes</h3><ul>${changes.map((change) => html`<li key=${change.field.path}>
      ${change.field.title}: <s>${inWords(change.before.value, change.field)}</s> → <b>${change.after === null ? "server default" : inWords(change.after, change.field)}</b>
      ${" "}<span class="note">${effectOf(change, queue)}</span></li>`)}</ul>
      ${changes.some(({ field }) => field.path.startsWith("retry_policy.")) ? html`<p>${delaysInWords(policyWith(settings, changes))}</p>` : null}
      ${outage === null ? null : html`<p>${h(Status, { word: "gives up sooner", kind: "warning" })} ${outage}</p>`}
      <pre>${asCli("change_queue", request())}</pre>${h(Copy, { text: () => asCli("change_queue", request()), label: "copy as CLI" })}</section>`}
    <p class="settings-buttons">${h(Button, { kind: "main", operation: "change_queue", why, onClick: save, children: "Change" })}${h(Button, { onClick: () => setTyped(null), children: "Leave it" })}</p>
  </form>`;
}

/** Just before they are sent: what was seen, or a person who wants it all the same. @param {readonly import("../../rules/queue-settings.js").Change[]} changes @param {Queue["settings"]} seen @param {string} name */
async function isStillSo(changes, seen, name) {
  let now;
  try {
    now = (await call("read_queue", { path: { engine_type: name } })).data.settings;
  } catch {
    return true; // the call that follows says what is wrong
  }
  const since = changedSince(seen, now);
  const others = changes.filter(({ field }) => since.has(field.path));
  if (others.length === 0) return true;
  const who = (await lastWho("change_queue", name)) ?? "Somebody";
  const what = others.map(({ field }) => `${field.path}: ${since.get(field.path)}`).join(", ");
  return ask({ title: "Change it all the same?", sentence: visible(`${who} has changed this meanwhile: ${what}. Overwrite it?`), verb: "Change anyway", wayOut: "Leave it as it is" });
}

/** Who it was is only asked where it was somebody else. @param {readonly import("../../rules/queue-settings.js").Change[]} changes @param {Queue} queue @param {() => Promise<string | undefined>} who */
async function lookAgain(changes, { settings }, who) {
  const found = settingsMeanwhile(changes, settings);
  return found.state === "other" ? settingsMeanwhile(changes, settings, await who()) : found;
}

/** @param {{ field: Field, queue: Queue, text: string | undefined, fault: string | undefined, news: string | null, set: (text: string) => void }} props */
function Input({ field, queue, text, fault, news, set }) {
  const { value, source } = settingAt(queue.settings, field.path);
  const own = source === "queue" && value !== null ? String(value) : "";
  const shown = text ?? own;
  return html`<div class="settings-field"><label>${field.title}${field.unit === "seconds" ? ", seconds" : ""} <code class="code">${field.path}</code>
      <input inputmode="decimal" autocomplete="off" value=${shown} placeholder=${source === "queue" ? "server default" : `server default: ${value ?? field.ofNone ?? ""}`}
        aria-invalid=${fault ? "true" : undefined} onInput=${(/** @type {any} */ event) => set(event.currentTarget.value)} /></label>
    ${shown === "" ? null : h(Button, { kind: "quiet", onClick: () => set(""), children: "back to the server default" })}
    ${news === null ? null : html`<span class="settings-news" role="status">${visible(news)}</span>`}
    ${fault ? html`<span class="field-fault">${fault}</span>` : null}</div>`;
}
