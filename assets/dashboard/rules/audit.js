/** The audit trail as a list: who changed how much, which entries belong together, and where each leads. */
import { changeInWords } from "./changes.js";
import { visible } from "./text.js";

/** @typedef {import("./changes.js").AuditEntry} AuditEntry */
/** @typedef {import("../api/call.js").OperationId} OperationId */
/** @typedef {{ key: string, entry: AuditEntry, entries: readonly AuditEntry[] }} Row the newest entry, and all of the same request */
/** @typedef {{ screen: string, id?: string, filters?: Record<string, string>, operation: OperationId }} Subject where it leads, and what a token must be allowed, to go there */

/** What is recorded, in the order in which the filter offers it. */
export const ACTIONS = /** @type {const} */ ([
  "pause_queue", "resume_queue", "change_queue", "delete_queue", "quarantine_version", "lift_quarantine",
  "drain_engine", "drain_engines", "resume_engine", "change_engine", "deregister_engine", "renew_engine_token",
  "redrive_dead_letter", "redrive_dead_letters", "discard_dead_letter", "purge_dead_letters",
  "create_redrive_job", "pause_redrive_job", "continue_redrive_job", "cancel_redrive_job",
  "cancel_event", "cancel_events", "change_event", "reschedule_events", "cancel_scenario_run", "reopen_scenario_run",
  "set_retry_policy", "remove_retry_policy", "create_token", "revoke_token", "create_session", "delete_session",
]);

/** @type {Readonly<Record<string, import("./filters.js").FilterSpec>>} */
export const FILTERS = {
  actor: { kind: "text", most: 100 },
  action: { kind: "choice", choices: ACTIONS },
  subject: { kind: "text", most: 200 },
  recorded_after: { kind: "time" },
  recorded_before: { kind: "time" },
  sign_ins: { kind: "flag" },
};

/** Signing in changes nothing. @param {Pick<AuditEntry, "action">} entry */
export function isSignIn({ action }) {
  return action === "create_session" || action === "delete_session";
}

/** @param {Readonly<Record<string, string>>} values of the filters @returns {boolean} entries of signing in are asked for */
export function wantsSignIns({ sign_ins, action = "" }) {
  return sign_ins === "true" || isSignIn({ action });
}

/**
 * The newest first. A large change is made and recorded in steps: those of one request become one row. A request's id may come from
 * the caller, who may use it again: so what was done, to what and by whom has to be the same as well.
 * @param {readonly AuditEntry[]} entries @returns {Row[]}
 */
export function rowsOf(entries) {
  /** @type {Map<string, AuditEntry[]>} */
  const requests = new Map();
  for (const entry of entries) {
    const { request_id, actor, action, subject, audit_id } = entry;
    const key = request_id === null ? audit_id : JSON.stringify([request_id, actor, action, subject]);
    const steps = requests.get(key);
    if (steps) steps.push(entry);
    else requests.set(key, [entry]);
  }
  return [...requests.values()].flatMap((steps) => {
    const [newest] = steps;
    const oldest = steps.at(-1);
    // By its oldest step, so that a row stays the same row when a step is added.
    return newest && oldest ? [{ key: oldest.audit_id, entry: newest, entries: steps }] : [];
  });
}

/** What the steps of a request count. */
const COUNTED = /** @type {const} */ (["events", "dead_letters", "cancelled", "cancel_requested"]);

/** @param {Row} row @returns {string} `anna cancelled 1200 events of vision, in 3 steps` */
export function rowInWords({ entry, entries }) {
  if (entries.length === 1) return changeInWords(entry);
  const details = /** @type {Record<string, unknown>} */ ({ ...entry.details });
  for (const name of COUNTED) {
    const counts = entries.map((each) => /** @type {Record<string, unknown> | null} */ (each.details)?.[name]).filter((count) => typeof count === "number");
    if (counts.length > 0) details[name] = counts.reduce((sum, count) => sum + count, 0);
  }
  return `${changeInWords({ ...entry, details })}, in ${entries.length} steps`;
}

const NAMED_MOST = 4;

/**
 * Who changed how much, and what: whoever changed most stands first.
 * @param {readonly Row[]} rows @returns {{ actor: string, changes: number, words: string }[]}
 */
export function actorsOf(rows) {
  /** @type {Map<string, Row[]>} */
  const byActor = new Map();
  for (const row of rows) {
    if (isSignIn(row.entry)) continue;
    const { actor } = row.entry;
    byActor.set(actor, [...(byActor.get(actor) ?? []), row]);
  }
  return [...byActor].map(([actor, own]) => ({ actor, changes: own.length, words: toWhat(own) })).sort((one, other) => other.changes - one.changes);
}

/** @param {readonly Row[]} rows of one actor @returns {string} `3 changes, to billing, vision and 1 more` */
function toWhat(rows) {
  const subjects = [...new Set(rows.map(({ entry }) => nameOf(entry)))];
  const named = subjects.slice(0, NAMED_MOST);
  const more = subjects.length - named.length;
  return `${rows.length === 1 ? "1 change" : `${rows.length} changes`}, to ${named.join(", ")}${more > 0 ? ` and ${more} more` : ""}`;
}

/** @type {Readonly<Record<string, string>>} what is named by an id, by the screen that shows it */
const KINDS = { engines: "an engine", "redrive-jobs": "a redrive job", events: "events", tokens: "tokens" };
const ID = /[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}/gi;

/** What a person calls it: names as they are, and ids by their kind. @param {AuditEntry} entry */
function nameOf(entry) {
  return KINDS[subjectOf(entry)?.screen ?? ""] ?? visible(entry.subject);
}

/** A row has its subject in a column of its own. @param {Row} row @param {(id: string) => string} short */
export function rowInBrief(row, short) {
  return rowInWords(row).replace(ID, short);
}

/** Where what was changed is shown; null: it has no place of its own. @param {AuditEntry} entry @returns {Subject | null} */
export function subjectOf({ action, subject, details }) {
  const told = /** @type {Record<string, any>} */ (details ?? {});
  if (isSignIn({ action }) || action === "create_token" || action === "revoke_token") {
    const name = told["name"];
    return { screen: "tokens", filters: { open: told["session_of"] ?? subject, ...(typeof name === "string" ? { name } : {}) }, operation: "list_tokens" };
  }
  if (action.endsWith("_retry_policy")) return { screen: "policies", id: subject, operation: "read_retry_policy" };
  if (action.endsWith("_scenario_run")) return { screen: "runs", id: subject, operation: "read_scenario_run" };
  if (action.endsWith("_redrive_job") || (action === "redrive_dead_letters" && told["state"] !== undefined)) return { screen: "redrive-jobs", id: subject, operation: "read_redrive_job" };
  if (["cancel_event", "change_event", "redrive_dead_letter", "discard_dead_letter"].includes(action)) return { screen: "events", id: subject, operation: "read_event" };
  if (/^(drain|resume|change|deregister)_engine$|^renew_engine_token$/.test(action)) return { screen: "engines", id: subject, operation: "read_engine" };
  const queue = /_queue$|^quarantine_version$|^lift_quarantine$/.test(action) ? subject : (told["filter"]?.engine_type ?? told["engine_type"]);
  return typeof queue === "string" ? { screen: "queues", id: queue, operation: "read_queue" } : null;
}
