/** How a replica stands with its database, in words. */
import { count } from "./numbers.js";
import { lasts } from "./times.js";

/** @typedef {import("../api/types.js").components["schemas"]["ReplicaHealth"]} ReplicaHealth */

/** @param {ReplicaHealth["pool"]} pool */
export function poolInWords({ size, idle, max }) {
  return `${count(size - idle)} in use, ${count(idle)} idle; ${count(max)} at most`;
}

/** @param {ReplicaHealth["listener"]} listener */
export function listenerInWords({ is_connected, interruptions, pid }) {
  const lost = interruptions === 0 ? "never interrupted" : `interrupted ${interruptions === 1 ? "once" : `${count(interruptions)} times`}`;
  return `${is_connected ? "yes" : "no"}${pid === null ? "" : `, by session ${pid}`}, ${lost}`;
}

/** @param {ReplicaHealth["clock"]} clock */
export function clockInWords({ difference_ms: difference, round_trip_ms: roundTrip }) {
  const side = difference === 0 ? "as the database's" : `${lasts(Math.abs(difference) / 1000)} ${difference > 0 ? "ahead of" : "behind"} the database's`;
  return `${side}; the database answers in ${lasts(roundTrip / 1000)}`;
}

/** @param {number | null} seconds since the last one */
export function writesInWords(seconds) {
  return seconds === null ? "none yet" : seconds < 1 ? "less than a second ago" : `${lasts(seconds)} ago`;
}
