/** What people and programs did to the event, for tokens that may read the audit trail. */
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

/** @param {string} id @returns {import("../../state/poll.js").Poll<Entries>} one question, for the panel and for the flags of the gantt */
export function useAuditOf(id) {
  const isAllowed = may("list_audit");
  return useOnce(`list_audit:${id}:${isAllowed}`, async (signal) =>
    isAllowed ? (await call("list_audit", { query: { subject: id, limit: SHOWN }, signal })).data.items : []);
}

/** @param {{ id: string }} props */
export function EventAudit({ id }) {
  return may("list_audit") ? h(Audit, { id }) : null;
}

/** @param {{ id: string }} props */
function Audit({ id }) {
  const poll = useAuditOf(id);
  return h(Panel, {
    title: "What was done to it",
    poll,
    isEmpty: (/** @type {Entries} */ entries) => entries.length === 0,
    empty: "Nobody has changed this event alone. Changes of many events at once are in the audit trail of their queue.",
    children: (/** @type {Entries} */ entries) => html`<ul class="changes">${entries.map((entry) => html`<li key=${entry.audit_id}>
      <span class="changes-at">${h(At, { at: entry.recorded_at })}</span> ${h(Stranger, { text: changeInWords(entry), most: 500 })} <span class="note">${byWhat(entry)}</span></li>`)}</ul>`,
  });
}
