/** When the event's queue was paused during its life, for the flags of the gantt. */
import { call } from "../../api/call.js";
import { may } from "../../state/session.js";
import { useOnce } from "../../state/poll.js";

/** @typedef {readonly import("../../rules/changes.js").AuditEntry[]} Entries */

const MOST = 20;

/** @param {import("../../rules/event-words.js").Event} event @returns {Entries} */
export function usePauses({ engine_type: subject, created_at, finished_at }) {
  const isAllowed = may("list_audit");
  const query = { subject, action: /** @type {const} */ ("pause_queue"), recorded_after: created_at, recorded_before: finished_at, limit: MOST };
  return useOnce(`list_audit:pauses:${isAllowed} ${subject} ${created_at} ${finished_at}`, async (signal) => (isAllowed ? (await call("list_audit", { query, signal })).data.items : [])).data ?? [];
}
