/** When a poll asks again. */

const LONGEST_SECONDS = 60;
const JITTER = 0.1;

/** @typedef {"normal" | "slow" | "off"} Pace */

/**
 * The pause begins when the last answer is there, so that calls never overlap.
 *
 * @param {object} at
 * @param {number} at.seconds between two answers, as the screen wants it
 * @param {number} at.failures in a row
 * @param {number | null} at.retryAfterSeconds as the server asked for it
 * @param {Pace} at.pace
 * @param {number} at.random from 0 to 1
 * @returns {number | null} seconds; null: it asks no more by itself
 */
export function pauseSeconds({ seconds, failures, retryAfterSeconds, pace, random }) {
  if (pace === "off") return null;
  const wanted = pace === "slow" ? seconds * 4 : seconds;
  const longest = Math.max(LONGEST_SECONDS, wanted);
  const patient = Math.min(longest, wanted * 2 ** Math.min(failures, 10));
  return Math.max(patient, retryAfterSeconds ?? 0) * (1 + JITTER * (2 * random - 1)) + (retryAfterSeconds ? JITTER * retryAfterSeconds : 0);
}

/**
 * How old data look.
 * @param {number} ageSeconds @param {number} seconds between two answers
 * @returns {"fresh" | "old" | "very old"}
 */
export function freshness(ageSeconds, seconds) {
  if (ageSeconds > 10 * seconds) return "very old";
  return ageSeconds > 3 * seconds ? "old" : "fresh";
}
