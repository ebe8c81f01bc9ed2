/** How fast many dead letters go back into their queues, when the last one is due, and when it stops by itself. */

import { count } from "./numbers.js";

/** @typedef {{ code: "ten_minutes" | "hour" | "tenth" | "at_once" | "own", eventsPerSecond: number | null, seconds: number }} Pace */

// The server's limits of a rate.
const LEAST = 0.001;
const MOST = 10_000;

/** Shares of those that ended that died again, at which a job stops; null: it does not. */
export const STOP_RATIOS = /** @type {const} */ ([0.1, 0.2, 0.5, null]);
export const PRESET_STOP_RATIO = 0.2;

/** @param {number} count of dead letters @param {number} seconds @returns {number} events a second, as the API takes it */
export function rateOver(count, seconds) {
  return Math.min(MOST, Math.max(LEAST, Number((count / seconds).toPrecision(3))));
}

/**
 * What is offered.
 * @param {number} count @param {number | null} finishedPerSecond what the queue finishes, where it is known
 * @returns {Pace[]}
 */
export function pacesOf(count, finishedPerSecond) {
  /** @param {Pace["code"]} code @param {number} eventsPerSecond @returns {Pace} */
  const at = (code, eventsPerSecond) => ({ code, eventsPerSecond, seconds: count / eventsPerSecond });
  /** @type {Pace[]} */
  const paces = [at("ten_minutes", rateOver(count, 600)), at("hour", rateOver(count, 3600))];
  if (finishedPerSecond !== null && finishedPerSecond > 0) paces.push(at("tenth", rateOver(finishedPerSecond, 10)));
  paces.push({ code: "at_once", eventsPerSecond: null, seconds: 0 });
  return paces;
}

/** @param {Pace} pace @param {number | null} finishedPerSecond @returns {string | null} what to consider, if anything */
export function warningOf({ eventsPerSecond }, finishedPerSecond) {
  if (finishedPerSecond === null) return null;
  if (eventsPerSecond !== null && eventsPerSecond <= finishedPerSecond) return null;
  return "This is faster than the queue finishes events now: they will wait in it, and others behind them.";
}

/** @typedef {{ count: number } | { error: string } | null} Counted null: not yet */

/** @param {Counted} counted @returns {string | null} why it cannot be done yet */
export function whyNot(counted) {
  if (counted === null) return "They are being counted";
  if ("error" in counted) return counted.error;
  return counted.count === 0 ? "None matches" : null;
}

/** @param {number} many @param {number} staying @returns {string} after the number: `go back; 1 that was redriven before stays` */
export function goesBack(many, staying) {
  const go = many === 1 ? "dead letter goes back" : "dead letters go back";
  if (staying <= 0) return `${go}.`;
  return `${go}; ${staying === 1 ? "1 that was redriven before stays" : `${count(staying)} that were redriven before stay`}.`;
}
