/** Which entry of the audit trail can be taken back, and whether what it did still stands. */
import { FIELDS, settingsMeanwhile } from "./queue-settings.js";
import { visible } from "./text.js";

/** @typedef {import("./changes.js").AuditEntry} AuditEntry */
/** @typedef {import("./meanwhile.js").Meanwhile} Meanwhile */
/** @typedef {import("./queue-settings.js").Queue} Queue */
/** @typedef {import("./queue-settings.js").Change} Change */
/** @typedef {"pause_queue" | "quarantine_version" | "change_queue"} Kind */

/** What does the opposite, and what else changes the same: after any of them an entry is not the last of its kind. */
export const KINDS = /** @type {const} */ ({
  pause_queue: { by: "resume_queue", same: ["pause_queue", "resume_queue", "delete_queue"] },
  quarantine_version: { by: "lift_quarantine", same: ["quarantine_version", "lift_quarantine", "delete_queue"] },
  change_queue: { by: "change_queue", same: ["change_queue", "delete_queue"] },
});

/** An entry and the state that it made are written in one transaction. */
const NEAR_MS = 2000;

/** @param {AuditEntry} entry @returns {Kind | null} null: there is no way back from it that this page knows */
export function kindOf({ action }) {
  return Object.hasOwn(KINDS, action) ? /** @type {Kind} */ (action) : null;
}

/** @param {AuditEntry} entry @returns {string} what taking it back does */
export function undoInWords(entry) {
  const queue = visible(entry.subject);
  if (entry.action === "pause_queue") return `Resume ${queue}`;
  if (entry.action === "quarantine_version") return "Lift the quarantine";
  return `Set ${changesOf(entry).map(({ field, before }) => `${field.path} back to ${before.value ?? "the server default"}`).join(", ")}`;
}

/** Settings that the entry changed, with what they were before. @param {AuditEntry} entry @returns {Change[]} */
export function changesOf({ details }) {
  const { before, after } = /** @type {Record<string, any>} */ (details ?? {});
  return FIELDS.flatMap((field) => {
    const [old, now] = [valueAt(before, field.path), valueAt(after, field.path)];
    return old === now ? [] : [{ field, before: { value: old, source: old === null ? "server" : "queue" }, after: now }];
  });
}

/** @param {unknown} settings @param {string} path @returns {number | null} */
function valueAt(settings, path) {
  let at = /** @type {any} */ (settings);
  for (const name of path.split(".")) at = at?.[name];
  return typeof at === "number" ? at : null;
}

/**
 * Whether the entry is what made the queue as it is now.
 * @param {AuditEntry} entry @param {Pick<Queue, "pause" | "quarantines" | "settings">} queue as it is now
 * @param {AuditEntry | null} newest of its kind and subject
 * @returns {Meanwhile}
 */
export function entryMeanwhile(entry, queue, newest) {
  const since = newest === null || newest.audit_id === entry.audit_id ? null : newest;
  if (isUndone(entry, queue)) return { state: "before" };
  if (since !== null) return other(`${visible(since.actor)} has changed it since.`);
  if (entry.action === "change_queue") return settingsMeanwhile(changesOf(entry), queue.settings);
  const made = entry.action === "pause_queue" ? queue.pause : quarantineOf(entry, queue);
  const reason = /** @type {Record<string, unknown>} */ (entry.details ?? {})["reason"] ?? null;
  const isOwn = made !== null && Math.abs(Date.parse(made.since) - Date.parse(entry.recorded_at)) <= NEAR_MS && made.reason === reason;
  // A pause or quarantine that is changed keeps when it began: what it was before is not known.
  return isOwn ? { state: "mine" } : other("What stands now did not begin with this change.");
}

/** @param {AuditEntry} entry @param {Pick<Queue, "pause" | "quarantines" | "settings">} queue */
function isUndone(entry, queue) {
  if (entry.action === "pause_queue") return queue.pause === null;
  if (entry.action === "quarantine_version") return quarantineOf(entry, queue) === null;
  return settingsMeanwhile(changesOf(entry), queue.settings).state === "before";
}

/** @param {AuditEntry} entry @param {Pick<Queue, "quarantines">} queue */
function quarantineOf(entry, { quarantines }) {
  const version = versionOf(entry);
  return quarantines.find(({ engine_software_version }) => engine_software_version === version) ?? null;
}

/** @param {AuditEntry} entry @returns {string | null} null: engines without a version */
export function versionOf({ details }) {
  return /** @type {{ engine_software_version?: string | null } | null} */ (details)?.engine_software_version ?? null;
}

/** The newest of those that change the same as the entry. @param {AuditEntry} entry @param {readonly AuditEntry[]} entries of its subject */
export function newestOf(entry, entries) {
  const isSame = (/** @type {AuditEntry} */ each) => entry.action !== "quarantine_version" || each.action === "delete_queue" || versionOf(each) === versionOf(entry);
  const [newest] = entries.filter(isSame).sort((one, two) => (one.audit_id < two.audit_id ? 1 : -1));
  return newest ?? null;
}

/** @param {string} news @returns {Meanwhile} */
function other(news) {
  return { state: "other", news, question: "Take it back anyway?" };
}
