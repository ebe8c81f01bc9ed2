/** Who changed what lately, for tokens that may read the audit trail. */
import { call } from "../../api/call.js";
import { changeInWords } from "../../rules/changes.js";
import { may } from "../../state/session.js";
import { usePoll } from "../../state/poll.js";
import { h, html } from "../../parts/html.js";
import { Link } from "../../parts/link.js";
import { Panel } from "../../parts/panel.js";
import { Ago } from "../../parts/time.js";

/** @typedef {readonly import("../../rules/changes.js").AuditEntry[]} Entries */

const SHOWN = 8;
const READ = 50;

/** Signing in changes nothing. @param {Entries[number]} entry */
const isChange = ({ action }) => action !== "create_session" && action !== "delete_session";

export function LatestChanges() {
  return may("list_audit") ? h(Changes, null) : null;
}

function Changes() {
  const poll = usePoll("list_audit:latest", async (signal) => (await call("list_audit", { query: { limit: READ }, signal })).data.items.filter(isChange).slice(0, SHOWN), { seconds: 30 });
  return h(Panel, {
    title: "Latest changes",
    poll,
    actions: h(Link, { to: { screen: "audit", filters: { recorded_after: "-1h" } }, children: "all of the last hour" }),
    isEmpty: (/** @type {Entries} */ entries) => entries.length === 0,
    empty: "Nobody has changed anything.",
    children: (/** @type {Entries} */ entries) => html`<ul class="changes">${entries.map((entry) => html`<li key=${entry.audit_id}>
      <span class="changes-at">${h(Ago, { at: entry.recorded_at })}</span> <bdi>${changeInWords(entry)}</bdi></li>`)}</ul>`,
  });
}
