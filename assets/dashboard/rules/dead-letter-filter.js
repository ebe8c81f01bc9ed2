/** Which dead letters are meant: filters of the address, parameters of a query, and the member `filter` of a body. */
import { parametersOf } from "./filters.js";

/** @typedef {Readonly<Record<string, string>>} Values of filters, as the address has them */
/** @typedef {Record<string, string | number | null>} BodyFilter */

export const REASONS = /** @type {const} */ (["retries_exhausted", "not_retryable", "lease_losses_exhausted"]);

/** @type {Readonly<Record<string, import("./filters.js").FilterSpec>>} */
export const FILTERS = {
  engine_type: { kind: "text", most: 64 },
  event_type: { kind: "text", most: 64 },
  reason: { kind: "choice", choices: REASONS },
  error_type: { kind: "text", most: 200, isNullable: true },
  error_fingerprint: { kind: "text", most: 200, isNullable: true },
  error_contains: { kind: "text", most: 200 },
  scenario_run_id: { kind: "text", most: 64 },
  engine_software_version: { kind: "text", most: 64, isNullable: true },
  dead_lettered_after: { kind: "time" },
  dead_lettered_before: { kind: "time" },
  redrives_max: { kind: "number", least: 0, most: 1_000_000 },
};
export const NAMES = Object.keys(FILTERS);

/**
 * @param {Values} values @param {number} now milliseconds since 1970, by the server's clock
 * @returns {Record<string, string>} as parameters: an empty value stands for null
 */
export function queryOf(values, now) {
  return parametersOf(FILTERS, values, now);
}

/** @param {Values} values @param {number} now @returns {BodyFilter} as the member `filter` of a body; without members, all are meant */
export function bodyOf(values, now) {
  /** @type {BodyFilter} */
  const body = {};
  for (const [name, value] of Object.entries(queryOf(values, now))) {
    if (value === "") body[name] = null;
    else body[name] = kindOf(name) === "number" ? Number(value) : value;
  }
  return body;
}

/** @param {Readonly<Record<string, unknown>>} filter of a group or job @returns {Record<string, string>} as the address has it */
export function valuesOf(filter) {
  /** @type {Record<string, string>} */
  const values = {};
  for (const name of NAMES) {
    const value = filter[name];
    if (value === null && FILTERS[name]?.isNullable) values[name] = "";
    else if (value !== undefined && value !== null) values[name] = String(value);
  }
  return values;
}

const TITLES = {
  engine_type: "queue",
  event_type: "event type",
  reason: "reason",
  error_type: "error type",
  error_fingerprint: "cause",
  error_contains: "message with",
  scenario_run_id: "run",
  engine_software_version: "version",
  dead_lettered_after: "died from",
  dead_lettered_before: "died before",
  redrives_max: "redriven at most",
};

/** @param {string} name of a filter */
export function titleOf(name) {
  return /** @type {Record<string, string>} */ (TITLES)[name] ?? name;
}

/** @param {Values} values @param {(instant: string) => string} [at] how times are shown */
export function inWords(values, at = (instant) => instant) {
  const parts = NAMES.filter((name) => values[name] !== undefined).map((name) => `${titleOf(name)} ${valueInWords(name, values[name] ?? "", at)}`);
  return parts.length === 0 ? "all dead letters that you may see" : parts.join(", ");
}

/** @param {string} name @param {string} value @param {(instant: string) => string} at */
function valueInWords(name, value, at) {
  if (value === "") return "none";
  if (name === "reason") return value.split(",").map(reason).join(" or ");
  if (kindOf(name) !== "time") return value;
  return value.startsWith("-") ? `${value.slice(1)} ago` : at(value);
}

/** @param {string} code of the API */
export function reason(code) {
  switch (code) {
    case "retries_exhausted":
      return "ran out of tries";
    case "not_retryable":
      return "not worth a retry, said the engine";
    case "lease_losses_exhausted":
      return "lost silently too often";
    default:
      return code;
  }
}

/** @param {string} name */
function kindOf(name) {
  return FILTERS[name]?.kind;
}
