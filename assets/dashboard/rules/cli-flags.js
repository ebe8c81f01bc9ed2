/** Members of requests as flags of the program `eventlease`. */

/** @typedef {import("./shell.js").CommandLine} CommandLine */
/** @typedef {Readonly<Record<string, any>>} Members */

const DEAD_LETTERS = [
  "engine_type", "event_type", "reason", "error_type", "error_fingerprint", "error_contains", "scenario_run_id",
  "engine_software_version", "dead_lettered_after", "dead_lettered_before", "redrives_max",
];
// An empty text on the command line stands for null.
const NULLABLE = ["error_type", "error_fingerprint", "engine_software_version"];

/** @param {string} member such as `engine_type` */
const flagOf = (member) => `--${member.replaceAll("_", "-")}`;

/** @param {CommandLine} command @param {Members} members @param {readonly string[]} names of members that are flags, in their order */
export function flagsOf(command, members, names) {
  for (const name of names) command.flag(flagOf(name), members[name]);
  return command;
}

/** @param {CommandLine} command @param {Members} filter of dead letters */
export function deadLetters(command, filter) {
  for (const name of DEAD_LETTERS) {
    command.flag(flagOf(name), filter[name] === null && NULLABLE.includes(name) ? "" : filter[name]);
  }
  return command;
}

/** @param {CommandLine} command @param {Members} body of a change of queued events: ids, or a filter */
export function queued(command, body) {
  flagsOf(command, body.filter ?? {}, ["engine_type", "event_type", "scenario_run_id"]).switch("--all", body.all);
  flagsOf(command, body, ["limit", "expected_count"]).switch("--dry-run", body.dry_run);
  for (const id of body.filter?.event_ids ?? []) command.about(id);
  return command;
}

/** @param {CommandLine} command @param {Members} body of a redrive */
export function overrides(command, body) {
  return flagsOf(command, body, ["priority", "delay_seconds", "visibility_timeout_seconds", "retry_policy"]);
}

const OF_POLICY = /** @type {const} */ ([
  ["max-retries", ["max_retries"]],
  ["retry-delay-initial", ["retry_delay", "initial"]],
  ["retry-delay-max", ["retry_delay", "max"]],
  ["retry-delay-multiplier", ["retry_delay", "multiplier"]],
  ["dead-letter-threshold", ["dead_letter_threshold"]],
  ["jitter", ["jitter"]],
]);
const OF_QUEUE = ["default_limit", "visibility_timeout_seconds", "max_lease_seconds", "max_processing", "target_clear_seconds"];

/** @param {CommandLine} command @param {any} body the settings of a queue that change; null: inherited again */
export function settingsFlags(command, body) {
  /** @type {string[]} */
  const unset = [];
  for (const name of OF_QUEUE) setOrUnset(command, unset, name.replaceAll("_", "-"), body[name]);
  if (body.retry_policy === null) unset.push("retry-policy");
  else addPolicy(command, unset, body.retry_policy ?? {});
  return command.flag("--unset", unset.length > 0 ? unset.join(",") : undefined);
}

/** @param {CommandLine} command @param {any} policy what changes of it; null: inherited again */
export function policyFlags(command, policy) {
  /** @type {string[]} */
  const unset = [];
  addPolicy(command, unset, policy);
  return command.flag("--unset", unset.length > 0 ? unset.join(",") : undefined);
}

/** @param {CommandLine} command @param {string[]} unset @param {any} policy */
function addPolicy(command, unset, policy) {
  for (const [name, path] of OF_POLICY) {
    const [first, second] = path;
    setOrUnset(command, unset, name, second === undefined ? policy[first] : policy[first]?.[second]);
  }
}

/** @param {CommandLine} command @param {string[]} unset @param {string} name @param {unknown} value */
function setOrUnset(command, unset, name, value) {
  if (value === null) unset.push(name);
  else command.flag(`--${name}`, value);
}
