/** What this queue's dead letters died of: the largest causes. */
import { call } from "../../api/call.js";
import { count } from "../../rules/numbers.js";
import { may } from "../../state/session.js";
import { usePoll } from "../../state/poll.js";
import { h, html } from "../../parts/html.js";
import { Link } from "../../parts/link.js";
import { Panel } from "../../parts/panel.js";
import { Stranger } from "../../parts/stranger.js";
import { Ago } from "../../parts/time.js";
import { Barred } from "./barred.js";

/** @typedef {import("../../api/types.js").components["schemas"]["DeadLetterGroup"]} Group */
/** @typedef {{ items: Group[], has_more: boolean }} Groups */

const SHOWN = 5;

/** @param {{ name: string }} props */
export function DeadLetterGroups({ name }) {
  return may("group_dead_letters") ? h(Causes, { name }) : h(Barred, { title: "Dead letters by cause", operation: "group_dead_letters" });
}

/** @param {{ name: string }} props */
function Causes({ name }) {
  const query = { engine_type: name, by: "error_fingerprint,error_type" };
  const poll = usePoll(`group_dead_letters:queue ${name}`, async (signal) => (await call("group_dead_letters", { query, signal })).data, { seconds: 30 });
  return h(Panel, {
    title: "Dead letters by cause",
    poll,
    actions: h(Link, { to: { screen: "dead-letters", filters: { engine_type: name } }, children: "all causes" }),
    isEmpty: (/** @type {Groups} */ { items }) => items.length === 0,
    empty: "No dead letters.",
    children: (/** @type {Groups} */ { items, has_more }) => html`<ol class="causes">${items.slice(0, SHOWN).map((group) => h(Cause, { key: group.sample_event_id, name, group }))}</ol>
      ${items.length > SHOWN ? html`<p class="note">${items.length - SHOWN}${has_more ? " and more" : ""} other causes.</p>` : null}`,
  });
}

/** @param {{ name: string, group: Group }} props */
function Cause({ name, group: { count: n, error_type, error_fingerprint, sample_message, last_dead_lettered_at } }) {
  const to = { screen: "dead-letter-group", filters: { engine_type: name, ...(error_fingerprint ? { error_fingerprint } : {}), ...(error_type ? { error_type } : {}) } };
  return html`<li><b class="causes-count">${count(n)}</b> <span class="causes-what">${h(Link, { to, children: h(Stranger, { text: error_type ?? "no report: the lease was lost", most: 60 }) })}
    ${sample_message ? h(Stranger, { text: sample_message, most: 120 }) : null}</span> <span class="note">last ${h(Ago, { at: last_dead_lettered_at })}</span></li>`;
}
