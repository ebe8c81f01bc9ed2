/** The retry policy of one event type: what holds, when a failing event is tried again, and changing it. */
import { useState } from "../vendor/hooks.js";
import { delaysInWords, retriesAt } from "../rules/retry-delays.js";
import { delaysWith, inheritedFrom, inheritedInWords, nameFault, ownOf, PARTS, sentenceOf, valueOf } from "../rules/retry-policy.js";
import { inWords } from "../rules/queue-settings.js";
import { usePoll } from "../state/poll.js";
import { usePolicyLevels } from "../state/policy-levels.js";
import { may } from "../state/session.js";
import { AuditPanel } from "../parts/audit-panel.js";
import { Button } from "../parts/button.js";
import { CopyAs } from "../parts/copy-as.js";
import { h, html } from "../parts/html.js";
import { Link } from "../parts/link.js";
import { Panel } from "../parts/panel.js";
import { RetryAxis } from "../parts/retry-axis.js";
import { Stranger } from "../parts/stranger.js";
import { NoWholeId } from "./not-there.js";
import { PolicyForm } from "./policy/form.js";
import { LevelsNotRead } from "./policy/levels.js";
import { readPolicy } from "./policy/read.js";
import { removePolicy } from "./policy/remove.js";
import { UnknownType } from "./policy/unknown.js";

/** @typedef {import("../rules/retry-policy.js").Policy} Policy */
/** @typedef {import("../rules/retry-policy.js").Inherited} Inherited */
/** @typedef {{ policy: Policy | null }} Read null: none of its own */

const EVERY_SECONDS = 10;

/** @param {import("./list.js").ScreenProps} props */
function OnePolicy({ id }) {
  const fault = nameFault(id);
  return fault === null ? h(Known, { type: id }) : h(NoWholeId, { title: "Retry policy", why: fault });
}

/** @param {{ type: string }} props */
function Known({ type }) {
  const poll = usePoll(`read_retry_policy:${type}`, async (signal) => ({ policy: await readPolicy(type, signal) }), { seconds: EVERY_SECONDS });
  const levels = usePolicyLevels();
  const inherited = inheritedFrom(levels.data?.items ?? []);
  const [isEdited, setEdited] = useState(false);
  const policy = poll.data?.policy ?? null;
  return html`<div>
    ${h(Panel, {
      title: "What holds for its events",
      poll,
      actions: poll.data === null || isEdited ? null : html`${h(Button, { operation: "set_retry_policy", onClick: () => setEdited(true), children: policy === null ? "Set a policy" : "Change" })}
        ${policy === null ? null : h(Button, { operation: "remove_retry_policy", kind: "danger", onClick: () => removePolicy({ event_type: type, retry_policy: policy }, inherited), children: "Remove …" })}`,
      children: (/** @type {Read} */ read) => html`<div>
        <p>Event type <b>${h(Stranger, { text: type, most: 64 })}</b> ${sentenceOf(read.policy)}</p>
        ${read.policy === null ? h(UnknownType, { type }) : null}
        ${isEdited ? h(PolicyForm, { type, policy: read.policy, inherited, close: () => setEdited(false) }) : h(Shown, { policy: read.policy, inherited })}
        <p class="note">What is inherited comes from the queue of each event, or else from the server. An event that was enqueued with a policy of its own has that.</p>
      </div>`,
    })}
    ${h(LevelsNotRead, { poll: levels })}
    ${h(AuditPanel, { subject: type, empty: "Nobody has set or removed a policy of this event type." })}
    <p>${may("list_events") ? h(Link, { to: { screen: "events", filters: { event_type: type } }, children: "events of this type" }) : null} ${h(CopyAs, { operation: "read_retry_policy", request: { path: { event_type: type } } })}</p>
  </div>`;
}

/** @param {{ policy: Policy | null, inherited: Inherited }} props */
function Shown({ policy, inherited }) {
  const delays = delaysWith(policy, inherited);
  return html`<table class="plain settings"><thead class="hidden"><tr><th>Part</th><th>Value</th><th>Source</th></tr></thead><tbody>${PARTS.map((part) => {
    const value = valueOf(policy, inherited, part.path);
    return html`<tr key=${part.path}><th scope="row">${part.title} <code class="code">${part.path}</code></th><td>${value === null ? "not known" : inWords(value, part)}</td>
      <td class="note">${ownOf(policy, part.path) === null ? inheritedInWords(part, inherited) : "its own"}</td></tr>`;
  })}</tbody></table>
  ${delays === null ? html`<p class="note">What it inherits is shown by queues, and there is none that could be read: so the delays are not known.</p>` : html`<p>${delaysInWords(delays)}</p>${h(RetryAxis, { rows: [{ name: "tries", at: retriesAt(delays) }] })}`}`;
}

/** @type {import("./list.js").Screen} */
export const screen = { filters: {}, view: OnePolicy };
