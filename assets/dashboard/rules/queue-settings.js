/** The settings of a queue: what each means, what a change would do, and what takes it back. */
import { lasts } from "./times.js";

/** @typedef {import("../api/types.js").components["schemas"]["Queue"]} Queue */
/** @typedef {import("../api/types.js").components["schemas"]["QueueSettings"]} Settings */
/** @typedef {import("./meanwhile.js").Meanwhile} Meanwhile */
/** @typedef {{ value: number | null, source: string }} Setting */

/**
 * @typedef {object} Field
 * @property {string} path as in the API, with points
 * @property {string} title
 * @property {"seconds" | "count" | "ratio"} unit
 * @property {number} least
 * @property {number} most
 * @property {boolean} [isWhole] false: parts of one may be given
 * @property {string} [ofNone] what no value means
 */

const DAY = 86_400;

/** @type {readonly Field[]} */
export const FIELDS = [
  { path: "max_processing", title: "Processed at a time, at most", unit: "count", least: 1, most: 100_000, ofNone: "no limit" },
  { path: "visibility_timeout_seconds", title: "Length of a lease", unit: "seconds", least: 1, most: 43_200 },
  { path: "max_lease_seconds", title: "Length of a lease with all renewals", unit: "seconds", least: 1, most: 7 * DAY },
  { path: "default_limit", title: "Events to a poll that names no limit", unit: "count", least: 1, most: 100 },
  { path: "target_clear_seconds", title: "Due events are to be processed within", unit: "seconds", least: 1, most: DAY },
  { path: "retry_policy.max_retries", title: "Retries after reported failures", unit: "count", least: 0, most: 100 },
  { path: "retry_policy.dead_letter_threshold", title: "Silent losses that make a dead letter", unit: "count", least: 1, most: 100 },
  { path: "retry_policy.retry_delay.initial", title: "First retry after", unit: "seconds", least: 0, most: DAY },
  { path: "retry_policy.retry_delay.multiplier", title: "Each later delay, times", unit: "ratio", least: 1, most: 10, isWhole: false },
  { path: "retry_policy.retry_delay.max", title: "Longest delay", unit: "seconds", least: 0, most: DAY },
  { path: "retry_policy.jitter", title: "Delays are longer or shorter by up to this part (0.1 is ±10 %)", unit: "ratio", least: 0, most: 1, isWhole: false },
];

/** @param {Settings} settings @param {string} path @returns {Setting} */
export function settingAt(settings, path) {
  /** @type {any} */
  let at = settings;
  for (const name of path.split(".")) at = at?.[name];
  return { value: at?.value ?? null, source: at?.source ?? "server" };
}

/** @param {number | null} value @param {Field} field */
export function inWords(value, { unit, ofNone = "–" }) {
  if (value === null) return ofNone;
  return unit === "seconds" ? lasts(value) : String(value);
}

/**
 * What somebody typed; empty is the value of the level above.
 * @param {string} text @param {Pick<Field, "least" | "most" | "isWhole">} field @param {string} [empty] what nothing stands for
 * @returns {{ value: number | null } | { fault: string }}
 */
export function readValue(text, { least, most, isWhole = true }, empty = "for the server's") {
  const said = text.trim();
  if (said === "") return { value: null };
  const value = /^\d+(\.\d+)?$/.test(said) ? Number(said) : NaN;
  const isFine = value >= least && value <= most && (!isWhole || Number.isInteger(value));
  return isFine ? { value } : { fault: `a ${isWhole ? "whole " : ""}number from ${least} to ${most}, or nothing ${empty}` };
}

/**
 * @typedef {object} Change
 * @property {Field} field
 * @property {Setting} before
 * @property {number | null} after null: the server's
 */

/**
 * Those that differ from what holds now.
 * @param {Settings} settings @param {Readonly<Record<string, number | null>>} edits by path
 * @returns {Change[]}
 */
export function changesOf(settings, edits) {
  return FIELDS.flatMap((field) => {
    const after = edits[field.path];
    if (after === undefined) return [];
    const before = settingAt(settings, field.path);
    const own = before.source === "queue" ? before.value : null;
    return own === after ? [] : [{ field, before, after }];
  });
}

/** For PATCH; null inherits. @param {readonly { path: string, value: number | null }[]} values */
export function patchOf(values) {
  /** @type {Record<string, any>} */
  const patch = {};
  for (const { path, value } of values) {
    const names = path.split(".");
    const last = /** @type {string} */ (names.pop());
    let at = patch;
    for (const name of names) at = at[name] ??= {};
    at[last] = value;
  }
  return patch;
}

/** @param {readonly Change[]} changes */
export function forward(changes) {
  return patchOf(changes.map(({ field, after }) => ({ path: field.path, value: after })));
}

/** What takes them back. @param {readonly Change[]} changes */
export function backward(changes) {
  return patchOf(changes.map(({ field, before }) => ({ path: field.path, value: before.source === "queue" ? before.value : null })));
}

/** The policy as it would be. @param {Settings} settings @param {readonly Change[]} changes */
export function policyWith(settings, changes) {
  const value = (/** @type {string} */ path) => changes.find(({ field }) => field.path === path)?.after ?? settingAt(settings, path).value ?? 0;
  return {
    retries: value("retry_policy.max_retries"),
    initial: value("retry_policy.retry_delay.initial"),
    multiplier: value("retry_policy.retry_delay.multiplier"),
    max: value("retry_policy.retry_delay.max"),
    jitter: value("retry_policy.jitter"),
  };
}

/**
 * What a change does just now, where that can be said.
 * @param {Change} change @param {Pick<Queue, "processing" | "due">} queue @returns {string | null}
 */
export function effectOf({ field: { path }, after }, { processing, due }) {
  if (path === "max_processing" && after !== null) {
    const now = processing === 0 ? "None is processed now" : processing === 1 ? "1 is processed now" : `${processing} are processed now`;
    if (processing >= after) return `${now}: nothing is given out until fewer than ${after} are.`;
    return due > 0 ? `${now}, so ${after - processing} more may be taken at once.` : `${now}.`;
  }
  if (path === "visibility_timeout_seconds" || path === "max_lease_seconds") return "It holds for leases from now on; those that run keep their ends until they are renewed.";
  if (path.startsWith("retry_policy.")) return "It holds for failures from now on, also of events that are there already, unless their own policy or their type's says otherwise.";
  return null;
}

/** @param {Change["before"]} setting @returns {number | null} null: the server's */
function ownOf({ value, source }) {
  return source === "queue" ? value : null;
}

/**
 * @param {readonly Change[]} changes that were made @param {Settings} settings as they are now
 * @param {string} [who] the last one who changed them
 * @returns {Meanwhile}
 */
export function settingsMeanwhile(changes, settings, who = "Somebody") {
  const now = changes.map((change) => ({ ...change, own: ownOf(settingAt(settings, change.field.path)), old: ownOf(change.before) }));
  if (now.every(({ own, old }) => own === old)) return { state: "before" };
  const others = now.filter(({ own, after, old }) => own !== after && own !== old);
  if (others.length === 0) return { state: "mine" };
  const words = (/** @type {number | null} */ value, /** @type {Change["field"]} */ field) => (value === null ? "the server default" : inWords(value, field));
  const to = others.map(({ field, own }) => `${field.path} to ${words(own, field)}`).join(", ");
  const back = others.map(({ field, old }) => (others.length === 1 ? words(old, field) : `${field.path} to ${words(old, field)}`)).join(", ");
  return { state: "other", news: `${who} has changed ${to} meanwhile.`, question: others.length === 1 ? `Set it back to ${back} anyway?` : `Set ${back} anyway?` };
}

/**
 * What somebody else has changed since a form was opened.
 * @param {Settings} seen @param {Settings} now
 * @returns {Map<string, string>} by path: `7 → 9`
 */
export function changedSince(seen, now) {
  const words = (/** @type {Setting} */ setting, /** @type {Field} */ field) => (ownOf(setting) === null ? `server default (${inWords(setting.value, field)})` : inWords(setting.value, field));
  return new Map(FIELDS.flatMap((field) => {
    const [before, after] = [settingAt(seen, field.path), settingAt(now, field.path)];
    return ownOf(before) === ownOf(after) ? [] : [/** @type {const} */ ([field.path, `${words(before, field)} → ${words(after, field)}`])];
  }));
}
