/** Pausing queues: for how long, and what brings back the state of before. */
import { lasts } from "./times.js";

/** @typedef {import("../api/types.js").components["schemas"]["QueuePause"]} QueuePause */
/** @typedef {{ reason?: string, resume_after_seconds?: number }} PauseBody */
/** @typedef {import("./meanwhile.js").Meanwhile} Meanwhile */

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

/** @param {QueuePause | null} one @param {QueuePause | null} other */
function isSamePause(one, other) {
  if (one === null || other === null) return one === other;
  return one.since === other.since && one.reason === other.reason && one.resume_at === other.resume_at;
}

/**
 * @param {string} name of the queue @param {QueuePause | null} mine as it was set; null: resumed
 * @param {QueuePause | null} before @param {QueuePause | null} now
 * @returns {Meanwhile}
 */
export function pauseMeanwhile(name, mine, before, now) {
  if (isSamePause(mine, now)) return { state: "mine" };
  if (isSamePause(before, now)) return { state: "before" };
  const who = now?.by ?? "Somebody";
  const because = now?.reason ? `: ${now.reason}` : "";
  const news = now === null ? `${name} goes on since then.` : `${who} has paused ${name} ${mine === null ? "" : "in another way "}meanwhile${because}.`;
  return { state: "other", news, question: before === null ? "Let it go on anyway?" : "Pause it as before anyway?" };
}

/**
 * What somebody else has done while a question about a pause stood; null: nothing.
 * @param {string} name @param {QueuePause | null} seen @param {QueuePause | null} now
 * @returns {{ news: string, question: string } | null}
 */
export function pausedMeanwhile(name, seen, now) {
  if (isSamePause(seen, now)) return null;
  if (now === null) return { news: `${name} goes on since then.`, question: "Pause it again?" };
  return { news: `${now.by ?? "Somebody"} has paused ${name} meanwhile${now.reason ? `: ${now.reason}` : ""}.`, question: "Put your pause in the place of that one?" };
}
