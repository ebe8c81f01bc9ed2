/** What a gantt says in sentences. */
import { count } from "./numbers.js";
import { cut, visible } from "./text.js";
import { atOf, lasts } from "./times.js";
import { doubledTime } from "./gantt-doubles.js";
import { isSilent } from "./gantt.js";

/** @typedef {import("./gantt.js").Mark} Mark */
/** @typedef {import("./gantt.js").Attempt} Attempt */
/** @typedef {import("./times.js").Zone} Zone */

/** How attempts end: the word, and the letter that stands in the bar. */
const OUTCOMES = new Map([
  ["completed", { word: "completed", letter: "✓" }],
  ["failed", { word: "failed", letter: "✕" }],
  ["released", { word: "given back", letter: "↩" }],
  ["cancelled", { word: "cancelled", letter: "⊘" }],
  ["expired", { word: "lost silently: the lease ran out", letter: "⌁" }],
  ["engine_unresponsive", { word: "lost silently: the engine stopped reporting", letter: "⌁" }],
  ["engine_restarted", { word: "lost silently: the engine registered again", letter: "⌁" }],
  ["deregistered", { word: "lost silently: the engine was removed", letter: "⌁" }],
  ["max_lease", { word: "lost silently: it was held for as long as its queue allows", letter: "⌁" }],
]);

/** @param {string} outcome */
export function outcomeWords(outcome) {
  return OUTCOMES.get(outcome) ?? { word: visible(outcome), letter: "?" };
}

/** @param {string | null} engine */
export function engineWords(engine) {
  return engine === null ? "an anonymous engine" : `engine ${engine.length > 20 ? `${engine.slice(0, 8)}…${engine.slice(-6)}` : visible(engine)}`;
}

/** @param {number} from @param {number} to */
function span(from, to) {
  return lasts((to - from) / 1000);
}

/**
 * What a mark means, for pointers, for the focus and for screen readers.
 * @param {Mark} mark @param {Zone} zone
 */
export function markWords(mark, zone) {
  const { kind, from, to, attempt } = mark;
  const since = `from ${atOf(from, zone)}`;
  const name = attempt ? `Attempt ${attempt.attempt}` : "The event";
  switch (kind) {
    case "early":
      return `Not due until ${atOf(to, zone)}`;
    case "due":
      return `Due, and waited ${span(from, to)} for an engine, ${since}`;
    case "backoff":
      return `Waited ${span(from, to)} for its next try, until ${atOf(to, zone)}`;
    case "dead":
      return mark.isVague ? `Lay as a dead letter ${since}; it was redriven within this time` : `Lay as a dead letter for ${span(from, to)}, ${since}`;
    case "held":
    case "lost":
      return `${name}, ${attempt ? engineWords(attempt.engine_id) : ""}: held for ${span(from, to)} ${since}; ${outcomeWords(mark.outcome ?? "").word}${attempt ? why(attempt) : ""}`;
    case "running":
      return `${name}, ${attempt ? engineWords(attempt.engine_id) : ""}: held for ${span(from, to)} so far, ${since}`;
    case "ahead": {
      const longest = mark.longest !== undefined && mark.longest > to ? `; renewals go to ${atOf(mark.longest, zone)} at the longest` : "";
      return to > from ? `The lease ends in ${span(from, to)} unless it is renewed${longest}` : `The lease has run out${longest}`;
    }
    case "tail": {
      const report = mark.text === "queued" || mark.text === "released" ? "gave it back" : `reported ${mark.text || "something"}`;
      return `${name}: its engine went on for ${span(from, to)} after the lease had ended, and ${report} at ${atOf(to, zone)}; the report was ${mark.isRefused ? "refused" : "taken"}`;
    }
    case "double":
      return `Two engines worked on it at once for ${span(from, to)}, ${since}`;
    case "flag":
      return `${mark.text ?? ""}, ${atOf(from, zone)}`;
  }
}

/** @param {Attempt} attempt */
function why({ error_type, error_message, code, reason }) {
  const parts = [error_type ?? code, error_message ?? reason].filter((part) => part !== null && part !== "");
  return parts.length > 0 ? `: ${visible(cut(parts.join(": "), 200).head)}` : "";
}

/**
 * The whole in a sentence: `Waited 40 s in all, was worked on for 12 min in 4 attempts by 3 engines, 5 min of it lost silently;
 * 90 s were done twice.`
 * @param {import("./gantt.js").Gantt} gantt
 */
export function sentenceOf({ marks, hasOlder }) {
  const total = (/** @type {readonly string[]} */ ...kinds) => marks.reduce((sum, mark) => sum + (kinds.includes(mark.kind) ? mark.to - mark.from : 0), 0);
  const worked = marks.filter((mark) => mark.kind === "held" || mark.kind === "lost" || mark.kind === "running");
  const engines = new Set(worked.map((mark) => mark.attempt?.engine_id ?? "anonymous"));
  const waited = total("due");
  const rested = total("backoff");
  const parts = [];
  if (waited > 0 || worked.length === 0) parts.push(`waited ${lasts(waited / 1000)} for engines`);
  if (rested > 0) parts.push(`${lasts(rested / 1000)} for its next try`);
  if (worked.length === 0) return capital(`${parts.join(" and ")}; no engine has had it yet.`);
  const lost = total("lost");
  const number = worked.length === 1 ? "one attempt" : `${count(worked.length)} attempts`;
  const by = engines.size === 1 ? "one engine" : `${count(engines.size)} engines`;
  const work = `was worked on for ${lasts(total("held", "lost", "running") / 1000)} in ${hasOlder ? "these " : ""}${number} by ${by}`;
  const silent = lost > 0 ? `, ${lasts(lost / 1000)} of it lost silently` : "";
  return capital(`${[parts.join(" and "), work].filter(Boolean).join(", ")}${silent}${twice(marks)}.`);
}

/** @param {readonly Mark[]} marks */
function twice(marks) {
  const doubled = doubledTime(marks);
  if (doubled > 0) return `; ${lasts(doubled / 1000)} were done twice`;
  // An engine that fell silent may have worked on, or may have stopped: that is not known.
  const last = marks.reduce((most, mark) => Math.max(most, mark.attempt?.attempt ?? 0), 0);
  const isOpen = marks.some((mark) => mark.kind === "lost" && isSilent(mark.outcome ?? "") && (mark.attempt?.attempt ?? 0) < last);
  return isOpen ? "; an engine that fell silent may have gone on while the next one worked" : "";
}

/** @param {string} text */
function capital(text) {
  return text.slice(0, 1).toUpperCase() + text.slice(1);
}

/** What the marks mean, for the legend: only those that occur. @param {readonly Mark[]} marks @returns {{ kind: string, words: string }[]} */
export function legendOf(marks) {
  const kinds = new Set(marks.map((mark) => (mark.kind === "tail" && mark.isRefused ? "refused" : mark.kind === "held" ? mark.outcome : mark.kind)));
  return LEGEND.filter(([kind]) => kinds.has(/** @type {any} */ (kind))).map(([kind, words]) => ({ kind, words }));
}

const LEGEND = /** @type {const} */ ([
  ["early", "not due yet"],
  ["due", "due, waits for an engine"],
  ["backoff", "waits for its next try"],
  ["completed", "held, and completed"],
  ["failed", "held, and failed"],
  ["released", "held, and given back"],
  ["cancelled", "held until it was cancelled"],
  ["lost", "lost silently; the torn end is when that was noticed"],
  ["running", "held now"],
  ["ahead", "to the end of the lease, and to its longest end"],
  ["tail", "the engine went on after its lease; its late report was taken"],
  ["refused", "the engine went on after its lease; its late report was refused"],
  ["double", "two engines at once"],
  ["dead", "a dead letter"],
  ["flag", "something was done to it"],
]);
