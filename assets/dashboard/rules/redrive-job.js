/** Where a redrive job stands, in words. */
import { count } from "./numbers.js";
import { lasts } from "./times.js";

/** @typedef {import("../api/types.js").components["schemas"]["RedriveJob"]} Job */
/** @typedef {import("./meanwhile.js").Meanwhile} Meanwhile */
/** @typedef {"good" | "busy" | "waiting" | "warning" | "bad" | "idle" | "held"} Kind */

/** @param {Pick<Job, "state">} job @returns {{ word: string, kind: Kind }} */
export function stateOf({ state }) {
  switch (state) {
    case "canary":
      return { word: "tries the first", kind: "busy" };
    case "redriving":
      return { word: "redrives", kind: "busy" };
    case "watching":
      return { word: "watches", kind: "waiting" };
    case "paused":
      return { word: "paused", kind: "held" };
    case "stopped":
      return { word: "stopped", kind: "bad" };
    case "cancelled":
      return { word: "cancelled", kind: "idle" };
    case "finished":
      return { word: "finished", kind: "good" };
    default:
      return { word: state, kind: "idle" };
  }
}

/** @param {string} state */
export function isOver(state) {
  return ["stopped", "cancelled", "finished"].includes(state);
}

/** What can be done to it: the server refuses the rest. @param {Pick<Job, "state">} job @returns {("pause" | "continue" | "cancel")[]} */
export function changesOf({ state }) {
  if (state === "paused") return ["continue", "cancel"];
  return state === "canary" || state === "redriving" ? ["pause", "cancel"] : [];
}

/** @param {Job} job @returns {number} of those that matched, the ones that it has neither redriven nor passed over */
export function leftOf(job) {
  if (isOver(job.state) || job.state === "watching") return 0;
  return Math.max(0, job.matched - job.redriven - skippedOf(job));
}

/** @param {Job} job */
export function skippedOf({ skipped }) {
  return skipped.run_cancelled + skipped.unique_key_held + skipped.payload_patch;
}

/** @param {Job} job @returns {string} what it does and why */
export function sentenceOf(job) {
  const { state, state_reason: reason, canary, redriven, matched } = job;
  const redrives = `${count(redriven)} of ${count(matched)} are redriven`;
  switch (state) {
    case "canary":
      return `It tries the oldest ${count(canary?.count ?? 0)} first: ${faring(job)}. The others follow by themselves when all of these have ended and ${percentOf(canary?.continue_at_success_ratio ?? 0.9)} are done.`;
    case "redriving":
      return `${redrives}: ${faring(job)}. ${endOf(job)}`.trim();
    case "watching":
      return `All ${count(redriven)} are redriven, and ${count(job.open)} of them have not ended: ${faring(job)}.`;
    case "paused":
      return reason === "canary_undecided"
        ? `It waits for a person: those that it tried first have not ended in time, or not with a result. ${faring(job)}.`
        : `It is paused: ${redrives}, ${faring(job)}.`;
    case "stopped":
      return reason === "canary_failed"
        ? `It stopped: too few of those that it tried first were done. ${faring(job)}.`
        : `It stopped: too many of those that ended died again. ${redrives}, ${faring(job)}.`;
    case "cancelled":
      return `It was cancelled: ${redrives}, ${faring(job)}. The others stay dead letters.`;
    case "finished":
      return `All ${count(redriven)} have ended: ${faring(job)}.`;
    default:
      return `${redrives}, ${faring(job)}.`;
  }
}

/** How those that were redriven fared. @param {Job} job */
export function faring(job) {
  const parts = [`${count(job.completed)} done`, `${count(job.open)} open`, `${count(job.died_again)} died again`];
  if (job.cancelled > 0) parts.push(`${count(job.cancelled)} cancelled`);
  if (job.unknown > 0) parts.push(`${count(job.unknown)} not known any more`);
  const skipped = skippedOf(job);
  if (skipped > 0) parts.push(`${count(skipped)} passed over`);
  return parts.join(", ");
}

/** @param {Job} job @returns {string} when the last one will be redriven */
function endOf(job) {
  const perSecond = job.events_per_second ?? job.redriven_per_second;
  return perSecond ? `The last one follows in about ${lasts(leftOf(job) / perSecond)}.` : "";
}

/** @param {number} ratio */
function percentOf(ratio) {
  return `${Math.round(ratio * 100)} %`;
}

/** Parts of all that matched, for a bar. @param {Job} job @returns {{ name: string, kind: Kind, count: number }[]} */
export function partsOf(job) {
  return [
    { name: "done", kind: /** @type {Kind} */ ("good"), count: job.completed },
    { name: "died again", kind: /** @type {Kind} */ ("bad"), count: job.died_again },
    { name: "open", kind: /** @type {Kind} */ ("busy"), count: job.open },
    { name: "cancelled or not known", kind: /** @type {Kind} */ ("idle"), count: job.cancelled + job.unknown },
    { name: "passed over", kind: /** @type {Kind} */ ("warning"), count: skippedOf(job) },
    { name: "to come", kind: /** @type {Kind} */ ("waiting"), count: leftOf(job) },
  ].filter((part) => part.count > 0);
}

/**
 * A redrive job: its state says which of the two it was told last, and `since` whether it was told once more.
 * @param {"pause" | "continue"} change that was made @param {{ state: string, state_changed_at: string }} mine @param {{ state: string, state_changed_at: string }} now
 * @returns {Meanwhile}
 */
export function jobMeanwhile(change, mine, now) {
  const isPaused = now.state === "paused";
  if (change === "continue") return isPaused ? { state: "before" } : { state: "mine" };
  if (!isPaused) return { state: "before" };
  if (now.state_changed_at === mine.state_changed_at) return { state: "mine" };
  return { state: "other", news: "Somebody has let the job go on meanwhile, and it was paused once more.", question: "Let it go on anyway?" };
}
