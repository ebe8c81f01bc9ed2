/** The history of a queue, or of all, as plots take it. */
import { instantOf } from "./filters.js";

/** @typedef {import("../api/types.js").components["schemas"]["History"]} History */
/** @typedef {{ [K in keyof History]: History[K] extends readonly (number | null)[] ? K : never }[keyof History]} Column */

/**
 * @typedef {object} Line
 * @property {string} title
 * @property {Column | readonly Column[]} column several are added up
 * @property {import("./queue-state.js").Kind} kind its colour
 */

/** @typedef {"rate" | "count" | "seconds"} Unit */

/** Lines of a plot are told apart by their dashes too. */
export const DASHES = [[], [6, 3], [2, 2], [10, 3, 2, 3], [1, 3]];

/** When each step ended, in seconds: what is plotted there was so at its end, or happened since the end before. @param {History} history */
export function endsOf({ from, step_seconds, due }) {
  const first = Date.parse(from) / 1000 + step_seconds;
  return due.map((_, i) => first + i * step_seconds);
}

/**
 * A line's values; null, a gap, where nothing was measured. Of what happened, rates are made.
 * @param {History} history @param {Line} line @param {Unit} unit @returns {(number | null)[]}
 */
export function valuesOf(history, { column }, unit) {
  const columns = (typeof column === "string" ? [column] : column).map((name) => history[name]);
  const divisor = unit === "rate" ? history.step_seconds : 1;
  return (columns[0] ?? []).map((_, i) => {
    let sum = 0;
    for (const values of columns) {
      const value = values[i];
      if (value === null || value === undefined) return null;
      sum += value;
    }
    return sum / divisor;
  });
}

/** Points with a gap on either side, which no line shows. @param {readonly (number | null)[]} values */
export function lonely(values) {
  return values.flatMap((value, i) => (value !== null && (values[i - 1] ?? null) === null && (values[i + 1] ?? null) === null ? [i] : []));
}

/** @param {History} history */
export function isBlank({ due }) {
  return due.every((value) => value === null);
}

/** Of a range that reaches until now it may be too early to say anything. */
const IS_NOW = 2 * 60_000;

/**
 * @param {Pick<History, "to">} history that is blank @param {number} now @param {(at: number) => string} inWords
 * @returns {string} why
 */
export function blankInWords({ to }, now, inWords) {
  if (Date.parse(to) < now - IS_NOW) return "Nothing was measured in this time.";
  const first = (Math.floor(now / 60_000) + 1) * 60_000;
  return `Nothing was measured yet: the first point comes when a minute is over, at ${inWords(first)}.`;
}

/** The range of a screen, as the address has it. */
export const FIRST_RANGE = "-1h";

/**
 * @param {{ from?: string, to?: string }} values from the address @param {number} now
 * @returns {{ from: string, to: string | undefined }} as the API takes it; no `to` is now
 */
export function rangeOf({ from = FIRST_RANGE, to }, now) {
  const begin = instantOf(from, now) ?? instantOf(FIRST_RANGE, now) ?? "";
  const end = to === undefined ? undefined : (instantOf(to, now) ?? undefined);
  if (end === undefined || Date.parse(end) >= now) return { from: begin, to: undefined };
  // The server wants a minute at least, and the later time last.
  const least = new Date(Math.max(Date.parse(end), Date.parse(begin) + 60_000)).toISOString();
  return { from: begin, to: least };
}

/**
 * The range before, or after, of the same length, up to now.
 * @param {{ from?: string, to?: string }} values @param {-1 | 1} direction @param {number} now
 * @returns {{ from: string, to: string | null }} for the address
 */
export function moved(values, direction, now) {
  const range = rangeOf(values, now);
  const [from, to] = [Date.parse(range.from), range.to === undefined ? now : Date.parse(range.to)];
  const length = to - from;
  if (direction === 1 && to + length >= now) return { from: wholeMinute(now - length), to: null };
  return { from: wholeMinute(from + direction * length), to: wholeMinute(to + direction * length) };
}

/** @param {number} at */
export function wholeMinute(at) {
  return new Date(Math.round(at / 60_000) * 60_000).toISOString().replace(".000Z", "Z");
}
