/** The audit trail in sentences, and those changes that a plot marks. */
import { lasts } from "./times.js";
import { visible } from "./text.js";

/** @typedef {import("../api/types.js").components["schemas"]["AuditEntry"]} AuditEntry */
/** @typedef {Readonly<Record<string, any>>} Details */

/**
 * @typedef {object} Marker
 * @property {number} at  milliseconds
 * @property {string} text  a sentence
 * @property {string} sign  a letter that stands in the plot
 */

/** @type {Readonly<Record<string, (subject: string, details: Details) => string>>} after the name of the actor */
const SENTENCES = {
  pause_queue: (queue, { reason, resume_after_seconds }) =>
    `paused ${queue}${resume_after_seconds ? ` for ${lasts(resume_after_seconds)}` : ""}${because(reason)}`,
  resume_queue: (queue) => `resumed ${queue}`,
  change_queue: (queue, { before, after }) => `changed ${queue}${inBrackets(differences(before, after))}`,
  delete_queue: (queue) => `removed the settings of ${queue}`,
  quarantine_version: (queue, { engine_software_version, reason }) => `quarantined ${versionOf(engine_software_version)} of ${queue}${because(reason)}`,
  lift_quarantine: (queue, { engine_software_version }) => `lifted the quarantine of ${versionOf(engine_software_version)} of ${queue}`,
  drain_engine: (engine, { engine_type, reason }) => `drained engine ${engine}${of(engine_type)}${because(reason)}`,
  resume_engine: (engine, { engine_type }) => `let engine ${engine}${of(engine_type)} work again`,
  drain_engines: (_, { engine_type, engine_software_version: version, engines, reason }) => `drained ${things(engines, "engine")}${version ? of(versionOf(version)) : ""}${of(engine_type)}${because(reason)}`,
  change_engine: (engine) => `changed engine ${engine}`,
  deregister_engine: (engine, { engine_type }) => `removed engine ${engine}${of(engine_type)}`,
  redrive_dead_letter: (event) => `redrove dead letter ${event}`,
  renew_engine_token: (engine, { engine_type }) => `gave engine ${engine}${of(engine_type)} a new token`,
  redrive_dead_letters: (subject, { dead_letters, filter, state, redriven }) => text(state) ? `moved redrive job ${subject} to ${text(state)}, ${things(redriven, "event")} redriven` : `redrove ${things(dead_letters, "dead letter")}${of(filter?.engine_type)}`,
  discard_dead_letter: (event) => `discarded dead letter ${event}`,
  purge_dead_letters: (_, { dead_letters, filter }) => `purged ${things(dead_letters, "dead letter")}${of(filter?.engine_type)}`,
  create_redrive_job: (job, { filter }) => `began redrive job ${job}${of(filter?.engine_type)}`,
  pause_redrive_job: (job) => `paused redrive job ${job}`,
  continue_redrive_job: (job) => `continued redrive job ${job}`,
  cancel_redrive_job: (job) => `cancelled redrive job ${job}`,
  cancel_event: (event, { engine_type }) => `cancelled event ${event}${of(engine_type)}`,
  cancel_events: (_, { events, filter }) => `cancelled ${things(events, "event")}${of(filter?.engine_type)}`,
  change_event: (event, { engine_type }) => `changed when event ${event}${of(engine_type)} is due`,
  reschedule_events: (_, { events, filter }) => `rescheduled ${things(events, "event")}${of(filter?.engine_type)}`,
  set_retry_policy: (eventType, { before, after }) => `set the retry policy of ${eventType}${inBrackets(differences(before, after, "", "inherited"))}`,
  remove_retry_policy: (eventType) => `removed the retry policy of ${eventType}`,
  cancel_scenario_run: (run, { cancelled }) => `cancelled ${cancelled === undefined ? "" : `${things(cancelled, "event")} of `}run ${run}`,
  reopen_scenario_run: (run) => `reopened run ${run}`,
  create_token: (_, { name, role }) => `made the ${text(role)} token ${text(name)}`,
  revoke_token: (_, { name, role }) => `revoked the ${text(role)} token ${text(name)}`,
  create_session: () => "signed in",
  delete_session: () => "signed out",
};

/** What is marked in a plot, and by which letter. */
const SIGNS = /** @type {Readonly<Record<string, string>>} */ ({
  pause_queue: "P",
  resume_queue: "P",
  change_queue: "S",
  quarantine_version: "Q",
  lift_quarantine: "Q",
  drain_engine: "D",
  drain_engines: "D",
  resume_engine: "D",
  redrive_dead_letters: "R",
  create_redrive_job: "R",
  continue_redrive_job: "R",
  cancel_events: "C",
  cancel_scenario_run: "C",
});

const SIGN_WORDS = /** @type {Readonly<Record<string, string>>} */ ({
  P: "paused or resumed",
  S: "settings",
  Q: "quarantine",
  D: "drained or resumed",
  R: "redrive",
  C: "cancelled",
  V: "a version came",
});

/** What the letters in a plot stand for: those that are there. @param {readonly Marker[]} markers @returns {string} empty where there are none */
export function signsInWords(markers) {
  const there = new Set(markers.map(({ sign }) => sign));
  return Object.entries(SIGN_WORDS).filter(([sign]) => there.has(sign)).map(([sign, words]) => `${sign}: ${words}`).join(" · ");
}

/** @param {AuditEntry} entry @returns {string} `anna paused billing for 30 min: model upgrade` */
export function changeInWords({ actor, action, subject, details }) {
  const say = SENTENCES[action];
  const told = say ? say(visible(subject), /** @type {Details} */ (details ?? {})) : `${action.replaceAll("_", " ")} ${visible(subject)}`;
  return `${visible(actor)} ${told}`;
}

/** @param {readonly AuditEntry[]} entries @returns {Marker[]} the oldest first */
export function markersOf(entries) {
  return entries
    .flatMap((entry) => {
      const sign = SIGNS[entry.action];
      return sign === undefined ? [] : [{ at: Date.parse(entry.recorded_at), text: changeInWords(entry), sign }];
    })
    .sort((a, b) => a.at - b.at);
}

/**
 * Of the entries of all queues, those that have to do with one.
 * @param {readonly AuditEntry[]} entries @param {string} engineType
 */
export function changesOf(entries, engineType) {
  return entries.filter(({ subject, details }) => {
    const told = /** @type {Details} */ (details ?? {});
    return subject === engineType || told["engine_type"] === engineType || told["filter"]?.engine_type === engineType;
  });
}

/**
 * Members that differ, as they are named in the API: `max_processing 10 → 20`.
 * @param {unknown} before @param {unknown} after @param {string} [path] @param {string} [none] what is said where nothing is set @returns {string[]}
 */
export function differences(before, after, path = "", none = "the server's") {
  const isObject = (/** @type {unknown} */ value) => typeof value === "object" && value !== null && !Array.isArray(value);
  if (isObject(before) || isObject(after)) {
    const [old, now] = [/** @type {Details} */ (before ?? {}), /** @type {Details} */ (after ?? {})];
    const names = new Set([...Object.keys(old), ...Object.keys(now)]);
    return [...names].flatMap((name) => differences(old[name], now[name], path ? `${path}.${name}` : name, none));
  }
  const [old, now] = [before ?? null, after ?? null];
  return JSON.stringify(old) === JSON.stringify(now) ? [] : [`${path} ${valueOf(old, none)} → ${valueOf(now, none)}`];
}

/** @param {unknown} value @param {string} none */
function valueOf(value, none) {
  return value === null ? none : visible(String(value));
}

/** @param {unknown} value */
function text(value) {
  return typeof value === "string" ? visible(value) : "";
}

/** @param {unknown} reason */
function because(reason) {
  return text(reason) ? `: ${text(reason)}` : "";
}

/** @param {unknown} engineType */
function of(engineType) {
  return text(engineType) ? ` of ${text(engineType)}` : "";
}

/** @param {unknown} version */
function versionOf(version) {
  return text(version) ? `version ${text(version)}` : "engines without a version";
}

/** @param {unknown} number @param {string} what */
function things(number, what) {
  return typeof number === "number" ? `${number} ${what}${number === 1 ? "" : "s"}` : `${what}s`;
}

/** @param {readonly string[]} parts */
function inBrackets(parts) {
  return parts.length === 0 ? "" : ` (${parts.slice(0, 3).join(", ")}${parts.length > 3 ? ", …" : ""})`;
}
