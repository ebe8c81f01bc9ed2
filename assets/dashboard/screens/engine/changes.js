/** What people and programs did to the engine, for tokens that may read the audit trail. */
import { call } from "../../api/call.js";
import { byWhat } from "../../rules/by-what.js";
import { changeInWords } from "../../rules/changes.js";
import { may } from "../../state/session.js";
import { useOnce } from "../../state/poll.js";
import { h, html } from "../../parts/html.js";
import { Panel } from "../../parts/panel.js";
import { Stranger } from "../../parts/stranger.js";
import { At } from "../../parts/time.js";

/** @typedef {readonly import("../../rules/changes.js").AuditEntry[]} Entries */

const SHOWN = 50;

/** @param {{ id: string }} props */
export function EngineChanges({ id }) {
  return may("list_audit") ? h(Changes, { id }) : null;
}

/** @param {{ id: string }} props */
function Changes({ id }) {
  const poll = useOnce(`list_audit:${id}`, async (signal) => (await call("list_audit", { query: { subject: id, limit: SHOWN }, signal })).data.items);
  return h(Panel, {
    title: "What was done to it",
    poll,
    isEmpty: (/** @type {Entries} */ entries) => entries.length === 0,
    empty: "Nobody has drained, resumed, changed or removed this engine by itself.",
    children: (/** @type {Entries} */ entries) => html`<ul class="changes">${entries.map((entry) => html`<li key=${entry.audit_id}>
      <span class="changes-at">${h(At, { at: entry.recorded_at })}</span> ${h(Stranger, { text: changeInWords(entry), most: 500 })} <span class="note">${byWhat(entry)}</span></li>`)}</ul>`,
  });
}
