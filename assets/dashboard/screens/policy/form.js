/** Changing the policy of an event type: what follows is shown before it is done. */
import { useEffect, useState } from "../../vendor/hooks.js";
import { inWords, readValue } from "../../rules/queue-settings.js";
import { delaysInWords, outageInWords, retriesAt } from "../../rules/retry-delays.js";
import { changedSince, changesOf, delaysWith, isEmpty, ownOf, PARTS, partWithInherited, patchWith, policyWith, valueOf } from "../../rules/retry-policy.js";
import { visible } from "../../rules/text.js";
import { Button } from "../../parts/button.js";
import { Copy } from "../../parts/copy.js";
import { asCli, asCurl } from "../../parts/copy-as.js";
import { h, html } from "../../parts/html.js";
import { RetryAxis } from "../../parts/retry-axis.js";
import { lastWho } from "../../parts/undo.js";
import { Status } from "../../parts/words.js";
import { savePolicy } from "./save.js";

/** @typedef {import("../../rules/retry-policy.js").Policy} Policy */
/** @typedef {import("../../rules/retry-policy.js").Inherited} Inherited */
/** @typedef {import("../../rules/retry-policy.js").Part} Part */
/** @typedef {import("../../rules/retry-policy.js").Change} Change */

/** @param {{ type: string, policy: Policy | null, inherited: Inherited, close: () => void }} props */
export function PolicyForm({ type, policy, inherited, close }) {
  const [typed, setTyped] = useState(/** @type {Readonly<Record<string, string>>} */ ({}));
  /** @type {Record<string, number | null>} */
  const edits = {};
  /** @type {Record<string, string>} */
  const faults = {};
  for (const part of PARTS) {
    const text = typed[part.path];
    if (text === undefined) continue;
    const read = readValue(text, part, "to inherit it");
    if ("fault" in read) faults[part.path] = read.fault;
    else edits[part.path] = read.value;
  }
  const changes = changesOf(policy, edits);
  const after = policyWith(policy, changes);
  const why = Object.keys(faults).length > 0 ? "A value cannot be read" : changes.length === 0 ? "Nothing is changed yet" : isEmpty(after) ? "Nothing would be its own any more: remove the policy instead" : null;
  // Others may change it while the form is open: the person sees by whom and to what.
  const [seen] = useState(policy);
  const since = changedSince(seen, policy);
  const [who, setWho] = useState("somebody");
  useEffect(() => {
    if (since.size > 0) void lastWho("set_retry_policy", type).then((last) => setWho(last ?? "somebody"));
  }, [[...since.values()].join()]);
  const save = async () => {
    if (await savePolicy(type, seen, changes)) close();
  };
  return html`<form class="settings-form" onSubmit=${(/** @type {Event} */ event) => { event.preventDefault(); if (why === null) void save(); }}>
    ${PARTS.map((part) => h(Input, {
      key: part.path, part, own: ownOf(policy, part.path), inherits: valueOf(null, inherited, part.path), text: typed[part.path], fault: faults[part.path],
      news: since.has(part.path) ? `changed by ${who} since you opened this: ${since.get(part.path)}` : null, set: (text) => setTyped({ ...typed, [part.path]: text }),
    }))}
    ${changes.length === 0 ? null : h(Follows, { type, policy, after, changes, inherited })}
    <p class="settings-buttons">${h(Button, { kind: "main", operation: "set_retry_policy", why, onClick: save, children: policy === null ? "Set it" : "Change" })}${h(Button, { onClick: close, children: "Leave it" })}</p>
  </form>`;
}

/** @param {{ type: string, policy: Policy | null, after: Policy, changes: readonly Change[], inherited: Inherited }} props */
function Follows({ type, policy, after, changes, inherited }) {
  const [now, then] = [delaysWith(policy, inherited), delaysWith(after, inherited)];
  const outage = then === null ? null : outageInWords(now, then);
  const path = { event_type: type };
  const command = () => asCli("set_retry_policy", { path, body: patchWith(changes) });
  const rows = [...(now === null ? [] : [{ name: "now", at: retriesAt(now) }]), ...(then === null ? [] : [{ name: "then", at: retriesAt(then) }])];
  return html`<section class="settings-changes" aria-live="polite"><h3>What changes</h3>
    <ul>${changes.map(({ part, before, after: value }) => html`<li key=${part.path}>${part.title}: <s>${partWithInherited(before, part, inherited)}</s> → <b>${partWithInherited(value, part, inherited)}</b></li>`)}</ul>
    ${then === null ? null : html`<p>${delaysInWords(then)}</p>${h(RetryAxis, { rows })}`}
    ${outage === null ? null : html`<p>${h(Status, { word: "gives up sooner", kind: "warning" })} ${outage}</p>`}
    <p class="note">It holds from the next failure or loss on, also for events that are there already. Just before it is sent, what is there is read again; what a colleague sends within that moment is overwritten.</p>
    <pre>${command()}</pre>${h(Copy, { text: command, label: "copy as CLI" })}${h(Copy, { text: () => asCurl("set_retry_policy", { path, body: after }), label: "copy as curl" })}</section>`;
}

/** @param {{ part: Part, own: number | null, inherits: number | null, text: string | undefined, fault: string | undefined, news: string | null, set: (text: string) => void }} props */
function Input({ part, own, inherits, text, fault, news, set }) {
  const shown = text ?? (own === null ? "" : String(own));
  return html`<div class="settings-field"><label>${part.title}${part.unit === "seconds" ? ", seconds" : ""} <code class="code">${part.path}</code>
      <input inputmode="decimal" autocomplete="off" value=${shown} placeholder=${inherits === null ? "inherited" : `inherited: ${part.unit === "seconds" ? inWords(inherits, part) : inherits}`}
        aria-invalid=${fault ? "true" : undefined} onInput=${(/** @type {any} */ event) => set(event.currentTarget.value)} /></label>
    ${shown === "" ? null : h(Button, { kind: "quiet", onClick: () => set(""), children: "inherit it" })}
    ${news === null ? null : html`<span class="settings-news" role="status">${visible(news)}</span>`}
    ${fault ? html`<span class="field-fault">${fault}</span>` : null}</div>`;
}
