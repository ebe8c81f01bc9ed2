/** Taking something back that somebody else may have changed meanwhile: what is there now, against what was set and what was before. */
import { inWords, settingAt } from "./queue-settings.js";

/** @typedef {import("./pause.js").QueuePause} QueuePause */
/** @typedef {import("./queue-settings.js").Change} Change */

/**
 * `mine`: it stands as it was set, and may be taken back; `before`: it is as it was already; `other`: somebody has changed it since.
 * @typedef {{ state: "mine" } | { state: "before" } | { state: "other", news: string, question: string }} Meanwhile
 */

/** @param {Change["before"]} setting @returns {number | null} null: the server's */
function ownOf({ value, source }) {
  return source === "queue" ? value : null;
}

/**
 * @param {readonly Change[]} changes that were made @param {import("./queue-settings.js").Settings} settings as they are now
 * @param {string} [who] the last one who changed them
 * @returns {Meanwhile}
 */
export function settingsMeanwhile(changes, settings, who = "Somebody") {
  const now = changes.map((change) => ({ ...change, own: ownOf(settingAt(settings, change.field.path)), old: ownOf(change.before) }));
  if (now.every(({ own, old }) => own === old)) return { state: "before" };
  const others = now.filter(({ own, after, old }) => own !== after && own !== old);
  if (others.length === 0) return { state: "mine" };
  const words = (/** @type {number | null} */ value, /** @type {Change["field"]} */ field) => (value === null ? "the server's" : inWords(value, field));
  const to = others.map(({ field, own }) => `${field.path} to ${words(own, field)}`).join(", ");
  const back = others.map(({ field, old }) => (others.length === 1 ? words(old, field) : `${field.path} to ${words(old, field)}`)).join(", ");
  return { state: "other", news: `${who} has changed ${to} meanwhile.`, question: others.length === 1 ? `Set it back to ${back} anyway?` : `Set ${back} anyway?` };
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
  const news = now === null ? `Somebody has resumed ${name} meanwhile.` : `${who} has paused ${name} ${mine === null ? "" : "in another way "}meanwhile${because}.`;
  return { state: "other", news, question: before === null ? "Let it go on anyway?" : "Pause it as before anyway?" };
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

/** @typedef {{ priority?: number, available_at?: string | null }} Terms of an event: those that were changed */

/** @param {Terms} mine @param {Terms} before @param {Terms} now @returns {Meanwhile} */
export function eventMeanwhile(mine, before, now) {
  const names = /** @type {const} */ (["priority", "available_at"]).filter((name) => before[name] !== undefined);
  const isSame = (/** @type {Terms} */ one) => names.every((name) => timeless(one[name]) === timeless(now[name]));
  if (isSame(mine)) return { state: "mine" };
  if (isSame(before)) return { state: "before" };
  const isPriority = names.includes("priority") && mine.priority !== now.priority;
  const news = isPriority ? `Somebody has set its priority to ${now.priority} meanwhile.` : "Somebody has changed meanwhile when it is due.";
  return { state: "other", news, question: isPriority ? `Set it back to ${before.priority} anyway?` : "Make it due when it was before anyway?" };
}

/** Instants may be written in several ways. @param {number | string | null | undefined} value */
function timeless(value) {
  return typeof value === "string" ? Date.parse(value) : value;
}

/** @typedef {import("../api/types.js").components["schemas"]["EngineDrain"]} Drain */

/** @param {Drain | null} mine @param {Drain | null} now @returns {Meanwhile} */
export function drainMeanwhile(mine, now) {
  if (now === null) return { state: "before" };
  if (mine !== null && mine.since === now.since && mine.reason === now.reason && mine.then === now.then) return { state: "mine" };
  return { state: "other", news: `Somebody has told it to drain, too${now.reason ? `: ${now.reason}` : ""}.`, question: "Let it go on anyway?" };
}

/**
 * Several at once. @param {readonly Meanwhile[]} each
 * @returns {Meanwhile}
 */
export function allMeanwhile(each) {
  const others = each.filter((one) => one.state === "other");
  const [first] = others;
  if (first === undefined) return each.length > 0 && each.every(({ state }) => state === "before") ? { state: "before" } : { state: "mine" };
  const more = others.length > 1 ? ` So it is with ${others.length} of ${each.length}.` : "";
  return { state: "other", news: `${first.news}${more}`, question: each.length === 1 ? first.question : `Bring all ${each.length} back anyway?` };
}
