/** Each call of the page as a line of the program `eventlease`, so that the page teaches the commands. */
import { deadLetters, flagsOf, overrides, policyFlags, queued, settingsFlags } from "./cli-flags.js";
import { CommandLine } from "./shell.js";

export { curl } from "./curl.js";

/**
 * @typedef {object} Request
 * @property {Readonly<Record<string, string>>} [path]
 * @property {Readonly<Record<string, any>>} [query]
 * @property {any} [body]
 * @property {string} [payload]  another payload, as JSON text: it is sent byte for byte
 */

/** @typedef {keyof typeof lines} OperationWithLine */
/** @typedef {{ path: Readonly<Record<string, string>>, query: Readonly<Record<string, any>>, body: any, payload?: string | undefined }} Parts */

const line = (/** @type {string} */ words) => new CommandLine(words);
const QUEUES = ["set", "pause", "resume", "quarantine", "quarantines", "lift", "peek", "delete", "help"];
const POLICIES = ["set", "unset", "help"];
const LIST_OF_EVENTS = [
  "engine_type", "event_type", "status", "scenario_run_id", "lease_losses_min", "leased_by", "error_type", "idempotency_key",
  "unique_key", "caused_by", "created_after", "created_before", "limit",
];
const LIST_OF_ENGINES = [
  "engine_type", "status", "capability", "scenario_run_id", "engine_software_version", "held_over_seconds",
  "silent_over_seconds", "limit",
];

/** @param {CommandLine} command @param {Parts} parts @param {readonly string[]} names */
const withQuery = (command, { query }, names) => flagsOf(command, query, names);
/** @param {CommandLine} command @param {Parts} parts a page with payloads, which the table would not show */
const withPayload = (command, { query }) => command.switch("--payload --json", query["include"] === "payload");
/** @param {unknown} value of a flag in a query */
const isOn = (value) => value === true || value === "true";
/** @param {CommandLine} command @param {Parts["query"]} of */
const version = (command, of) =>
  isOn(of["without_version"]) || of["engine_software_version"] === null
    ? command.switch("--without-version", true)
    : command.flag("--engine-software-version", of["engine_software_version"]);

/** @satisfies {Readonly<Record<string, (parts: Parts) => CommandLine>>} */
const lines = {
  read_overview: () => line("overview"),
  read_history: ({ query }) => line("history").flag("--hours", hours(query)),
  read_queue_history: ({ path, query }) => line("history").flag("--hours", hours(query)).about(path["engine_type"]),
  read_session: () => line("whoami"),
  explain_event: ({ path }) => line("explain").about(path["event_id"]),
  explain_queue: ({ path }) => line("explain").about(path["engine_type"]),

  // It asks for the same report, and judges it in the same words.
  read_database_health: () => line("doctor"),

  list_queues: (parts) => withQuery(line("queues"), parts, ["limit"]),
  read_queue: ({ path }) => line("queues").about(path["engine_type"], QUEUES),
  change_queue: ({ path, body }) => settingsFlags(line("queues set"), body).about(path["engine_type"]),
  delete_queue: ({ path }) => line("queues delete").about(path["engine_type"]),
  pause_queue: ({ path, body }) =>
    flagsOf(line("pause"), body ?? {}, ["reason", "resume_after_seconds"]).about(path["engine_type"]),
  resume_queue: ({ path }) => line("resume").about(path["engine_type"]),
  peek_queue: (parts) => withPayload(withQuery(line("peek"), parts, ["limit"]), parts).about(parts.path["engine_type"]),
  list_quarantines: ({ path }) => line("queues quarantines").about(path["engine_type"]),
  quarantine_version: ({ path, body }) =>
    flagsOf(version(line("queues quarantine"), body), body, ["reason", "lift_after_seconds"]).about(path["engine_type"]),
  lift_quarantine: ({ path, query }) => version(line("queues lift"), query).about(path["engine_type"]),

  list_engines: (parts) =>
    withQuery(line("engines"), parts, LIST_OF_ENGINES)
      .switch("--idle", isOn(parts.query["idle"]))
      .switch("--zombie", isOn(parts.query["zombie"])),
  summarize_engines: (parts) => withQuery(line("engines summary"), parts, ["engine_type"]),
  read_engine: ({ path }) => line("engines").about(path["engine_id"]),
  list_engine_leases: ({ path }) => line("engines").about(path["engine_id"]),
  drain_engine: ({ path, body }) => flagsOf(line("engines drain"), body ?? {}, ["reason", "then"]).about(path["engine_id"]),
  drain_engines: ({ body }) =>
    flagsOf(flagsOf(line("engines drain"), body.filter ?? {}, ["engine_type", "engine_software_version"]), body, [
      "reason",
      "then",
    ]).switch("--dry-run", body.dry_run),
  resume_engine: ({ path }) => line("engines resume").about(path["engine_id"]),

  list_events: (parts) =>
    withPayload(withQuery(line("events"), parts, LIST_OF_EVENTS), parts).switch("--failing", isOn(parts.query["failing"])),
  read_event: ({ path }) => line("events").about(path["event_id"]),
  list_attempts: ({ path }) => line("events").about(path["event_id"]),
  read_event_payload: ({ path }) => line("events payload").about(path["event_id"]),
  read_event_result: ({ path }) => line("events result").about(path["event_id"]),
  change_event: ({ path, body }) => flagsOf(line("events change"), body, ["priority", "available_at"]).about(path["event_id"]),
  cancel_event: ({ path }) => line("cancel").about(path["event_id"]),
  cancel_events: ({ body }) => queued(line("events cancel"), body),
  reschedule_events: ({ body }) =>
    queued(flagsOf(line("events reschedule"), body, ["available_at", "delay_seconds", "priority"]), body),

  list_dead_letters: (parts) =>
    withPayload(withQuery(deadLetters(line("dead-letters list"), parts.query), parts, ["limit"]), parts),
  group_dead_letters: (parts) => withQuery(deadLetters(line("dead-letters groups"), parts.query), parts, ["by"]),
  read_dead_letter: ({ path }) => line("dead-letters show").about(path["event_id"]),
  redrive_dead_letter: ({ path, body, payload }) =>
    overrides(line("dead-letters redrive").about(path["event_id"]), body ?? {}).flag("--payload", payload),
  discard_dead_letter: ({ path }) => line("dead-letters purge").about(path["event_id"]),
  redrive_dead_letters: ({ body }) =>
    overrides(bulk(line("dead-letters redrive"), body), body).flag("--spread-seconds", body.spread_seconds),
  purge_dead_letters: ({ body }) => bulk(line("dead-letters purge"), body),

  create_redrive_job: ({ body }) =>
    overrides(bulk(line("dead-letters redrive"), body).switch("--job", true), body)
      .flag("--canary", body.canary?.count)
      .flag("--continue-at", body.canary?.continue_at_success_ratio)
      .flag("--canary-seconds", body.canary?.wait_seconds)
      .flag("--rate", body.events_per_second)
      .flag("--stop-at", body.stop_at_failure_ratio)
      .flag("--payload-patch", body.payload_patch),
  list_redrive_jobs: (parts) => withQuery(line("redrive-jobs"), parts, ["engine_type", "limit"]),
  read_redrive_job: ({ path }) => line("redrive-jobs").about(path["job_id"]),
  pause_redrive_job: ({ path }) => line("redrive-jobs pause").about(path["job_id"]),
  continue_redrive_job: ({ path }) => line("redrive-jobs continue").about(path["job_id"]),
  cancel_redrive_job: ({ path }) => line("redrive-jobs cancel").about(path["job_id"]),

  list_scenario_runs: (parts) => withQuery(line("runs"), parts, ["limit"]),
  read_scenario_run: (parts) => withQuery(line("runs show"), parts, ["wait_seconds"]).about(parts.path["scenario_run_id"]),
  cancel_scenario_run: ({ path }) => line("runs cancel").about(path["scenario_run_id"]),
  reopen_scenario_run: ({ path }) => line("runs reopen").about(path["scenario_run_id"]),

  list_event_types: (parts) => withQuery(line("policies"), parts, ["limit"]),
  read_retry_policy: ({ path }) => line("policies").about(path["event_type"], POLICIES),
  set_retry_policy: ({ path, body }) => policyFlags(line("policies set"), body).about(path["event_type"]),
  remove_retry_policy: ({ path }) => line("policies unset").about(path["event_type"]),

  list_audit: (parts) =>
    withQuery(line("audit"), parts, ["actor", "action", "subject", "recorded_after", "recorded_before", "limit"]),
  list_tokens: (parts) => withQuery(line("token list"), parts, ["role", "name", "limit"]).switch("--engines", Object.values(parts.query).every((value) => value === undefined)),
  create_token: ({ body }) =>
    flagsOf(line("token create"), body, ["name", "role"])
      .flag("--engine-type", body.engine_types?.join(","))
      .flag("--engine-id", body.engine_id)
      .flag("--expires-in-seconds", body.expires_in_seconds),
  revoke_token: ({ path }) => line("token revoke").about(path["token_id"]),
};

/**
 * The line that does the same as the call; null where the program has none.
 * @param {string} operationId @param {Request} [request] @param {string} [server] its address; without it, the one of `EVENTLEASE_URL`
 * @returns {string | null}
 */
export function cli(operationId, { path = {}, query = {}, body, payload } = {}, server) {
  const write = Object.hasOwn(lines, operationId) ? lines[/** @type {OperationWithLine} */ (operationId)] : undefined;
  return write ? write({ path, query, body, payload }).flag("--url", server).toString() : null;
}

/** The operations that have a line. */
export const operationsWithLine = Object.keys(lines);

/** @param {CommandLine} command @param {any} body of a bulk change: which dead letters, and how many of them */
function bulk(command, body) {
  const which = body.all ? command.switch("--all", true) : deadLetters(command, body.filter ?? {});
  return flagsOf(which, body, ["limit", "expected_count"]).switch("--dry-run", body.dry_run);
}

/** @param {Parts["query"]} query @returns {number | undefined} whole hours back, as the program takes no other range */
function hours({ from, to }) {
  if (typeof from !== "string") return undefined;
  const seconds = (Date.parse(to ?? "") || Date.now()) - Date.parse(from);
  return Number.isNaN(seconds) ? undefined : Math.max(1, Math.ceil(seconds / 3_600_000));
}
