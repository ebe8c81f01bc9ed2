/** How a queue is, in a word. */
import { lasts } from "./times.js";

/** @typedef {import("../api/types.js").components["schemas"]["BriefQueue"]} BriefQueue */
/** @typedef {import("../api/types.js").components["schemas"]["AttentionItem"]} AttentionItem */
/** @typedef {"stalled" | "failing" | "behind" | "capped" | "paused" | "flowing" | "idle"} StateCode */
/** @typedef {"good" | "busy" | "waiting" | "warning" | "bad" | "lost" | "idle" | "held"} Kind */

/**
 * @typedef {object} QueueState
 * @property {StateCode} code
 * @property {string} word
 * @property {Kind} kind
 * @property {string} why  a sentence
 */

/** From the worst on. */
export const STATES = /** @type {const} */ (["stalled", "failing", "behind", "capped", "paused", "flowing", "idle"]);

/** @type {Readonly<Record<StateCode, Kind>>} */
const KINDS = { stalled: "bad", failing: "bad", behind: "warning", capped: "warning", paused: "held", flowing: "good", idle: "idle" };

/** An oldest event that has waited for longer makes a queue late, whatever the server says. */
const LATE_SECONDS = 300;
/** Engines that ask leave no due event for longer: where none is worked on, nobody asks. As the server's STANDS_AFTER_SECONDS. */
const STALLED_SECONDS = 10;

/** @typedef {Pick<BriefQueue, "due" | "delayed" | "processing" | "oldest_due_age_seconds" | "rates" | "engines" | "pause">} Facts */

/**
 * @param {Facts} queue
 * @param {readonly AttentionItem[]} [attention] what the server says of this queue
 * @param {number | null} [maxProcessing] where its settings are known
 * @returns {QueueState} never better than what the server says of it
 */
export function stateOf(queue, attention = [], maxProcessing = null) {
  const { code, why } = judged(queue, attention, maxProcessing);
  const worse = attention.find(({ severity }) => severity === "critical") ?? attention.find(({ severity }) => severity === "warning");
  if (worse === undefined || (code !== "flowing" && code !== "idle")) return { code, word: code, kind: KINDS[code], why };
  return { code, word: code, kind: worse.severity === "critical" ? "bad" : "warning", why: worse.message };
}

/** How a state is shown, whatever else is said of the queues in it. @param {StateCode} code */
export function kindOf(code) {
  return KINDS[code];
}

/** @param {Facts} queue @param {readonly AttentionItem[]} attention @param {number | null} maxProcessing @returns {{ code: StateCode, why: string }} */
function judged(queue, attention, maxProcessing) {
  const said = (/** @type {string} */ code) => attention.find((item) => item.code === code)?.message;
  if (queue.pause) return { code: "paused", why: pauseInWords(queue.pause) };
  const stopped = said("nobody_works") ?? attention.find(({ code, severity }) => code === "zombies" && severity === "critical")?.message;
  if (stopped) return { code: "stalled", why: stopped };
  if (queue.due > 0 && queue.engines.active === 0 && isUntouched(queue)) return { code: "stalled", why: `no engine is active${others(queue)}` };
  const dying = said("dying");
  if (dying) return { code: "failing", why: dying };
  if (maxProcessing !== null && queue.due > 0 && queue.processing >= maxProcessing) {
    return { code: "capped", why: `it may process ${maxProcessing} at a time` };
  }
  if (queue.due > 0 && queue.oldest_due_age_seconds > STALLED_SECONDS && isUntouched(queue)) return { code: "stalled", why: stalledInWords(queue) };
  const late = said("falling_behind");
  if (late) return { code: "behind", why: late };
  if (queue.oldest_due_age_seconds > LATE_SECONDS) return { code: "behind", why: `the oldest due event has waited for ${lasts(queue.oldest_due_age_seconds)}` };
  const { completed_per_second, failed_per_second, lost_per_second, enqueued_per_second } = queue.rates;
  const moves = completed_per_second + failed_per_second + lost_per_second + enqueued_per_second;
  if (queue.due > 0 && isUntouched(queue)) return { code: "flowing", why: `${waitsInWords(queue)}; engines may take that long` };
  if (queue.due + queue.processing > 0 || moves > 0) return { code: "flowing", why: "events are worked on, and none waits for long" };
  return { code: "idle", why: queue.delayed > 0 ? "nothing is due yet" : "nothing waits" };
}

/** Nobody works on its events, nor did lately. What was lost was worked on by an engine that is gone. @param {Facts} queue */
function isUntouched({ processing, rates }) {
  return processing === 0 && rates.completed_per_second + rates.failed_per_second + rates.released_per_second === 0;
}

/** @param {Facts} queue */
function waitsInWords({ due, oldest_due_age_seconds }) {
  const age = lasts(oldest_due_age_seconds);
  return due === 1 ? `1 event has been due for ${age}` : `${due} events are due, the oldest for ${age}`;
}

/** @param {Facts} queue */
function stalledInWords(queue) {
  const { active } = queue.engines;
  return `${waitsInWords(queue)}, and none is being worked on; ${active === 1 ? "1 engine is" : `${active} engines are`} active`;
}

/** @param {Facts} queue */
function others({ engines }) {
  const parts = /** @type {const} */ (["unresponsive", "draining", "quarantined", "holding_off"]).filter((name) => engines[name] > 0);
  return parts.length === 0 ? "" : ` (${parts.map((name) => `${engines[name]} ${name.replace("_", " ")}`).join(", ")})`;
}

/** Without times, which are shown in the zone of the reader. @param {NonNullable<BriefQueue["pause"]>} pause */
function pauseInWords({ by, reason }) {
  const whom = by ? `paused by ${by}` : "paused";
  return reason ? `${whom}: ${reason}` : whom;
}

/** @param {StateCode} code @returns {number} smaller is worse */
export function rankOf(code) {
  return STATES.indexOf(code);
}

/**
 * Until nothing is due, at these rates; null where the queue does not shrink. Retries are in neither rate, as they come back.
 * @param {Pick<BriefQueue, "due" | "rates" | "pause">} queue
 */
export function clearsInSeconds({ due, rates, pause }) {
  const net = rates.completed_per_second + rates.dead_lettered_per_second + rates.cancelled_per_second - rates.enqueued_per_second;
  if (due === 0) return 0;
  return pause || net <= 0.001 ? null : due / net;
}

/** The part of ended attempts that failed or was lost; null where none ended. @param {BriefQueue["rates"]} rates */
export function failedRatio({ completed_per_second, failed_per_second, lost_per_second }) {
  const bad = failed_per_second + lost_per_second;
  const all = bad + completed_per_second;
  return all > 0 ? bad / all : null;
}

/**
 * @template {Pick<BriefQueue, "engine_type">} Q
 * @param {readonly Q[]} queues @param {readonly AttentionItem[]} attention
 * @returns {Map<string, AttentionItem[]>} by queue
 */
export function attentionByQueue(queues, attention) {
  /** @type {Map<string, AttentionItem[]>} */
  const found = new Map(queues.map(({ engine_type }) => [engine_type, []]));
  for (const item of attention) {
    if (item.subject.engine_type) found.get(item.subject.engine_type)?.push(item);
  }
  return found;
}
