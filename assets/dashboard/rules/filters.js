/** The filters of a screen, read from the address. What cannot be read is reported. */
import { idFault } from "./ids.js";

/**
 * @typedef {object} FilterSpec
 * @property {"text" | "choice" | "flag" | "number" | "time" | "id"} kind
 * @property {readonly string[]} [choices]
 * @property {number} [least]
 * @property {number} [most]  of a number its value, of a text its length
 * @property {boolean} [isNullable]  an empty value is a filter, too: what has none
 */

/** @typedef {{ name: string, value: string, why: string }} Unreadable */

const RELATIVE = /^-(\d{1,6})(s|m|h|d)$/;
const SECONDS = { s: 1, m: 60, h: 3600, d: 86_400 };
const ABSOLUTE = /^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d)$/;
// Of every screen: the zone that was chosen for sharing, the tab, the sorting and the open row.
const EVERYWHERE = ["tz", "tab", "sort", "open"];

/**
 * @param {Readonly<Record<string, FilterSpec>>} specs
 * @param {Readonly<Record<string, string>>} filters
 * @returns {{ values: Record<string, string>, unreadable: Unreadable[] }}
 */
export function readFilters(specs, filters) {
  /** @type {Record<string, string>} */
  const values = {};
  /** @type {Unreadable[]} */
  const unreadable = [];
  for (const [name, value] of Object.entries(filters)) {
    const spec = Object.hasOwn(specs, name) ? specs[name] : undefined;
    if (!spec && EVERYWHERE.includes(name)) {
      values[name] = value;
      continue;
    }
    const why = spec ? fault(spec, value) : "this screen has no such filter";
    if (why === null) values[name] = value;
    else unreadable.push({ name, value, why });
  }
  return { values, unreadable };
}

/** @param {FilterSpec} spec @param {string} value @returns {string | null} what is wrong with it */
export function fault(spec, value) {
  switch (spec.kind) {
    case "choice": {
      const choices = spec.choices ?? [];
      return value.split(",").every((each) => choices.includes(each)) ? null : `it may be ${choices.join(", ")}`;
    }
    case "flag":
      return value === "true" || value === "false" ? null : "it may be true or false";
    case "number": {
      const { least = 0, most = Number.MAX_SAFE_INTEGER } = spec;
      const number = /^-?\d+(\.\d+)?$/.test(value) ? Number(value) : NaN;
      return number >= least && number <= most ? null : `it is a number from ${least} to ${most}`;
    }
    case "time":
      return instantOf(value, 0) === null ? "it is a time such as 2026-11-29T02:00:00Z, or -1h for an hour ago" : null;
    case "id":
      return idFault(value);
    case "text":
      return value.length <= (spec.most ?? 256) ? null : `it is longer than ${spec.most ?? 256} characters`;
  }
}

/**
 * The filters as parameters of a query: times are instants, and what filters nothing is left out.
 * @param {Readonly<Record<string, FilterSpec>>} specs @param {Readonly<Record<string, string>>} values
 * @param {number} now milliseconds since 1970, by the server's clock
 * @returns {Record<string, string>}
 */
export function parametersOf(specs, values, now) {
  /** @type {Record<string, string>} */
  const parameters = {};
  for (const [name, { kind, isNullable = false }] of Object.entries(specs)) {
    const value = values[name];
    if (value === undefined || (value === "" && !isNullable) || (kind === "flag" && value === "false")) continue;
    parameters[name] = kind === "time" ? (instantOf(value, now) ?? value) : value;
  }
  return parameters;
}

/**
 * The instant that a filter of kind `time` means, as the API takes it.
 * @param {string} text @param {number} now milliseconds since 1970, by the server's clock
 */
export function instantOf(text, now) {
  const relative = RELATIVE.exec(text);
  if (relative) {
    const unit = /** @type {keyof typeof SECONDS} */ (relative[2]);
    return new Date(now - Number(relative[1]) * SECONDS[unit] * 1000).toISOString();
  }
  if (!ABSOLUTE.test(text)) return null;
  const instant = new Date(text);
  return Number.isNaN(instant.getTime()) ? null : instant.toISOString();
}
