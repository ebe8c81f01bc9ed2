/** What was changed in the time that plots show, from the audit trail: for tokens that may read it. */
import { call, serverNow } from "../api/call.js";
import { changesOf, markersOf } from "../rules/changes.js";
import { rangeOf } from "../rules/history.js";
import { may } from "../state/session.js";
import { usePoll } from "../state/poll.js";

const MOST = 200;

/**
 * @param {Readonly<Record<string, string>>} values the range, from the address
 * @param {string} [engineType] of this queue alone
 * @returns {import("../rules/changes.js").Marker[]}
 */
export function useMarkers(values, engineType) {
  const { from, to } = { from: values["from"], to: values["to"] };
  const isAllowed = may("list_audit");
  const poll = usePoll(`list_audit:markers ${from} ${to} ${isAllowed}`, async (signal) => {
    if (!isAllowed) return [];
    const range = rangeOf({ from, to }, serverNow());
    const query = { recorded_after: range.from, recorded_before: range.to, limit: MOST };
    return (await call("list_audit", { query, signal })).data.items;
  }, { seconds: 60 });
  const entries = poll.data ?? [];
  return markersOf(engineType === undefined ? entries : changesOf(entries, engineType));
}
