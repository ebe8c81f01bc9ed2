/** Redrive jobs that are not over and may come to the same dead letters: whoever redrives or discards these should know. */
import { count } from "./numbers.js";
import { isOver, leftOf } from "./redrive-job.js";

/** @typedef {import("./redrive-job.js").Job} Job */

/** Names whose values say by themselves which dead letters are meant; times and texts of messages do not. */
const EXACT = /** @type {const} */ (["engine_type", "event_type", "error_type", "error_fingerprint", "scenario_run_id", "engine_software_version"]);

/** @typedef {Readonly<Record<string, string | number | null | undefined>>} Filter as a body has it */

/** @param {readonly Job[]} jobs @returns {Job[]} those that have dead letters to go */
export function atWork(jobs) {
  return jobs.filter((job) => !isOver(job.state) && leftOf(job) > 0);
}

/**
 * The dead letters that are meant by a filter and by a job, too, as parameters of a query.
 * @param {Filter} filter @param {Job} job @returns {Record<string, string | number> | null} null: there can be none
 */
export function bothOf(filter, { filter: wanted, created_at: at }) {
  const other = /** @type {Filter} */ (wanted);
  /** @type {Record<string, string | number>} */
  const both = {};
  for (const name of EXACT) {
    const [value, second] = [filter[name], other[name]];
    if (value !== undefined && second !== undefined && value !== second) return null;
    const one = value === undefined ? second : value;
    if (one !== undefined) both[name] = one ?? "";
  }
  const after = [filter["dead_lettered_after"], other["dead_lettered_after"]].filter(isText).sort(byTime).at(-1);
  const before = /** @type {string} */ ([filter["dead_lettered_before"], other["dead_lettered_before"], at].filter(isText).sort(byTime)[0]);
  if (after !== undefined && byTime(after, before) >= 0) return null;
  const contained = filter["error_contains"] ?? other["error_contains"];
  return { ...both, ...(after === undefined ? {} : { dead_lettered_after: after }), dead_lettered_before: before, ...(contained ? { error_contains: contained } : {}) };
}

/** @param {string | number | null | undefined} value @returns {value is string} */
function isText(value) {
  return typeof value === "string";
}

/** @param {string} one @param {string} other */
function byTime(one, other) {
  return Date.parse(one) - Date.parse(other);
}

/** @param {Job} job @returns {string} what it does to them, after its name: `is redriving these, 26 to go` */
export function atWorkInWords(job) {
  const left = `${count(leftOf(job))} to go`;
  if (job.state === "paused") return `is paused, ${left}`;
  return job.state === "canary" ? `is trying some of these first, ${left}` : `is redriving these, ${left}`;
}
