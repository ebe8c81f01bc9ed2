/** What people and programs did to one thing, for tokens that may read the audit trail. */
import { call } from "../api/call.js";
import { byWhat } from "../rules/by-what.js";
import { changeInWords } from "../rules/changes.js";
import { useOnce } from "../state/poll.js";
import { may } from "../state/session.js";
import { h, html } from "./html.js";
import { Panel } from "./panel.js";
import { Stranger } from "./stranger.js";
import { At } from "./time.js";

/** @typedef {readonly import("../rules/changes.js").AuditEntry[]} Entries */

const SHOWN = 50;

/** @param {string} subject @returns {import("../state/poll.js").Poll<Entries>} one question, for all that show what was done to it */
export function useAuditOf(subject) {
  const isAllowed = may("list_audit");
  return useOnce(`list_audit:${subject}:${isAllowed}`, async (signal) =>
    isAllowed ? (await call("list_audit", { query: { subject, limit: SHOWN }, signal })).data.items : []);
}

/** @param {{ subject: string, empty: string }} props */
export function AuditPanel({ subject, empty }) {
  return may("list_audit") ? h(Changes, { subject, empty }) : null;
}

/** @param {{ subject: string, empty: string }} props */
function Changes({ subject, empty }) {
  const poll = useAuditOf(subject);
  return h(Panel, {
    title: "What was done to it",
    poll,
    isEmpty: (/** @type {Entries} */ entries) => entries.length === 0,
    empty,
    children: (/** @type {Entries} */ entries) => html`<ul class="changes">${entries.map((entry) => html`<li key=${entry.audit_id}>
      <span class="changes-at">${h(At, { at: entry.recorded_at })}</span> ${h(Stranger, { text: changeInWords(entry), most: 500 })} <span class="note">${byWhat(entry)}</span></li>`)}</ul>`,
  });
}
