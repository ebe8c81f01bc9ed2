/** Pausing queues: for how long, and what brings back the state of before. */
import { lasts } from "./times.js";

/** @typedef {import("../api/types.js").components["schemas"]["QueuePause"]} QueuePause */
/** @typedef {{ reason?: string, resume_after_seconds?: number }} PauseBody */

export const LENGTHS = /** @type {const} */ ([
  [300, "5 min"],
  [1800, "30 min"],
  [3600, "1 h"],
  [14_400, "4 h"],
  [86_400, "1 d"],
  [null, "until somebody resumes it"],
]);

/** Chosen at first: a pause that ends by itself is not forgotten. */
export const PRESET_LENGTH = 1800;

export const MOST_REASON = 500;

/** @param {string} reason @param {number | null} seconds @returns {PauseBody} */
export function pauseBody(reason, seconds) {
  const said = reason.trim();
  return { ...(said ? { reason: said } : {}), ...(seconds === null ? {} : { resume_after_seconds: seconds }) };
}

/**
 * What pauses a queue once more as it was paused before, with the time that was left.
 * @param {QueuePause} pause @param {number} now milliseconds
 * @returns {PauseBody | null} null: it would have ended by now
 */
export function sameAgain({ reason, resume_at }, now) {
  if (!resume_at) return pauseBody(reason ?? "", null);
  const left = Math.round((Date.parse(resume_at) - now) / 1000);
  return left < 1 ? null : pauseBody(reason ?? "", left);
}

/** @param {readonly string[]} names @param {number | null} seconds @returns {string} what it will do */
export function pauseInWords(names, seconds) {
  const many = names.length !== 1;
  const which = many ? `${names.length} queues` : (names[0] ?? "");
  const end = seconds === null ? `until somebody resumes ${many ? "them" : "it"}` : `for ${lasts(seconds)}`;
  return `Engines get nothing of ${which} ${end}. What they hold already they may finish, and new events are taken in.`;
}
