/** Where the axis of a plot over time has its ticks, and what stands there. */
import { offsetName, offsetOf, wall } from "./times.js";

/** @typedef {import("./times.js").Zone} Zone */

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const STEPS = [1, 2, 5, 10, 15, 30].map((n) => n * MINUTE).concat([1, 2, 3, 6, 12].map((n) => n * HOUR), [1, 2, 7, 14, 28, 91].map((n) => n * DAY));
const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/**
 * Ticks at round times of the zone's own clock. They go by instants: an hour that comes twice has its ticks twice, told
 * apart by their offsets, and one that is left out has none.
 *
 * @param {number} from milliseconds @param {number} to @param {Zone} zone @param {number} most ticks that have room
 * @returns {{ at: number, label: string }[]}
 */
export function ticks(from, to, zone, most) {
  if (!(to > from) || most < 1) return [];
  const step = STEPS.find((each) => (to - from) / each <= most) ?? DAY * Math.ceil((to - from) / DAY / most);
  const offsets = new Set([offsetOf(from, zone), offsetOf(to, zone)]);
  /** @type {{ at: number, label: string }[]} */
  const found = [];
  for (let at = aligned(from, step, zone, Math.ceil); at <= to; at = next(at, step, zone)) {
    if (at >= from) found.push({ at, label: label(at, step, zone, offsets.size > 1) });
  }
  return found;
}

/** @param {number} at @param {number} step @param {Zone} zone @param {(n: number) => number} round */
function aligned(at, step, zone, round) {
  const offset = offsetOf(at, zone) * MINUTE;
  const first = round((at + offset) / step) * step - offset;
  const moved = offset - offsetOf(first, zone) * MINUTE; // the clock was changed in between
  return moved === 0 || (first + offset - moved) % step === 0 ? first : first + moved;
}

/** @param {number} at @param {number} step @param {Zone} zone */
function next(at, step, zone) {
  const then = aligned(at + step, step, zone, Math.round);
  return then > at ? then : at + step;
}

/** @param {number} at @param {number} step @param {Zone} zone @param {boolean} hasTwoOffsets */
function label(at, step, zone, hasTwoOffsets) {
  const shown = wall(at, zone);
  if (!shown) return "";
  const day = `${shown.day} ${MONTHS[shown.month - 1]}`;
  if (step >= DAY || shown.time === "00:00") return day;
  return hasTwoOffsets ? `${shown.time} ${offsetName(shown.offset, zone).replace("UTC", "")}` : shown.time;
}
