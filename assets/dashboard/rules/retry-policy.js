/** The retry policy of an event type: which parts are its own, what holds where it says nothing, and what a change would do. */
import { delaysInWords } from "./retry-delays.js";
import { FIELDS, inWords, patchOf, settingAt } from "./queue-settings.js";

/** @typedef {import("../api/types.js").components["schemas"]["OwnRetryPolicy"]} Policy what is missing is inherited */
/** @typedef {Pick<import("../api/types.js").components["schemas"]["Queue"], "engine_type" | "settings">} Queue */
/** @typedef {import("./queue-settings.js").Field} Part */
/** @typedef {import("./meanwhile.js").Meanwhile} Meanwhile */
/** @typedef {import("./retry-delays.js").Delays} Delays */
/** @typedef {ReadonlyMap<string, { value: number | null, queues: readonly string[] }>} Inherited by path: the server's value, where it is known, and the queues that set their own */
/** @typedef {{ part: Part, before: number | null, after: number | null }} Change null: inherited */

const OF_QUEUE = "retry_policy.";
const LOSSES = "dead_letter_threshold";
const NAMED_MOST = 3;

/** @type {readonly Part[]} the parts of a queue's policy, as they are called within one */
export const PARTS = FIELDS.filter(({ path }) => path.startsWith(OF_QUEUE)).map((field) => ({ ...field, path: field.path.slice(OF_QUEUE.length) }));

/** @param {string} name @returns {string | null} why no event type can be called so */
export function nameFault(name) {
  if (name === "." || name === "..") return "An event type cannot be called . or ..";
  if (name.length > 64) return "An event type has 64 characters at most";
  return /^[A-Za-z0-9._:-]+$/.test(name) ? null : "An event type is made of letters, digits and . _ : -";
}

/** @param {Policy | null} policy null: the type has none @param {string} path @returns {number | null} null: inherited */
export function ownOf(policy, path) {
  /** @type {any} */
  let at = policy;
  for (const name of path.split(".")) at = at?.[name];
  return at ?? null;
}

/** @param {Policy | null} policy */
export function sourceOf(policy) {
  const own = PARTS.filter(({ path }) => ownOf(policy, path) !== null).length;
  if (own === 0) return "all inherited";
  return own === PARTS.length ? "all its own" : `${own} of ${PARTS.length} its own`;
}

/** @param {Policy | null} policy @returns {string} behind the type's name */
export function sentenceOf(policy) {
  const own = PARTS.filter(({ path }) => ownOf(policy, path) !== null).length;
  if (policy === null) return "has no policy of its own: all parts are inherited.";
  if (own === PARTS.length) return "has a policy of its own, which says all parts.";
  return own === 0 ? "has a policy of its own, which says nothing: all parts are inherited." : `has a policy of its own, which says ${own} of ${PARTS.length} parts: the others are inherited.`;
}

/** What the levels below an event type say. The server's value shows where a queue has none of its own. @param {readonly Queue[]} queues @returns {Inherited} */
export function inheritedFrom(queues) {
  return new Map(PARTS.map(({ path }) => {
    const found = queues.map(({ engine_type, settings }) => ({ engine_type, ...settingAt(settings, `${OF_QUEUE}${path}`) }));
    const server = found.find(({ source }) => source === "server");
    return [path, { value: server?.value ?? null, queues: found.filter(({ source }) => source === "queue").map(({ engine_type }) => engine_type) }];
  }));
}

/** @param {Inherited} inherited @returns {string[]} the queues that say at least one part themselves, by name */
export function queuesWithOwn(inherited) {
  return [...new Set([...inherited.values()].flatMap(({ queues }) => queues))].sort();
}

/** Where an inherited part comes from. @param {Part} part @param {Inherited} inherited */
export function inheritedInWords({ path }, inherited) {
  const { queues } = inherited.get(path) ?? { queues: [] };
  if (queues.length === 0) return "server default";
  const more = queues.length > NAMED_MOST ? ` and ${queues.length - NAMED_MOST} more` : "";
  return `server default, except in ${queues.slice(0, NAMED_MOST).join(", ")}${more}`;
}

/** What holds: its own, or else the server's. @param {Policy | null} policy @param {Inherited} inherited @param {string} path @returns {number | null} null: not known */
export function valueOf(policy, inherited, path) {
  return ownOf(policy, path) ?? inherited.get(path)?.value ?? null;
}

/** @param {Policy | null} policy @param {Inherited} inherited @returns {Delays | null} null: something that it inherits is not known */
export function delaysWith(policy, inherited) {
  const [retries, initial, multiplier, max, jitter] = ["max_retries", "retry_delay.initial", "retry_delay.multiplier", "retry_delay.max", "jitter"].map((path) => valueOf(policy, inherited, path));
  if (retries == null || initial == null || multiplier == null || max == null || jitter == null) return null;
  return { retries, initial, multiplier, max, jitter };
}

/** Those that differ from what is there. @param {Policy | null} policy @param {Readonly<Record<string, number | null>>} edits by path @returns {Change[]} */
export function changesOf(policy, edits) {
  return PARTS.flatMap((part) => {
    const [before, after] = [ownOf(policy, part.path), edits[part.path]];
    return after === undefined || after === before ? [] : [{ part, before, after }];
  });
}

/** What takes them back. @param {readonly Change[]} changes @returns {Change[]} */
export function backward(changes) {
  return changes.map(({ part, before, after }) => ({ part, before: after, after: before }));
}

/** The whole policy, as the call wants it. @param {Policy | null} policy @param {readonly Change[]} changes @returns {Policy} */
export function policyWith(policy, changes) {
  const values = PARTS.map(({ path }) => {
    const change = changes.find(({ part }) => part.path === path);
    return { path, value: change === undefined ? ownOf(policy, path) : change.after };
  });
  return patchOf(values.filter(({ value }) => value !== null));
}

/** Only what changes, as the command line wants it; null inherits. @param {readonly Change[]} changes */
export function patchWith(changes) {
  return patchOf(changes.map(({ part, after }) => ({ path: part.path, value: after })));
}

/** @param {Policy} policy */
export function isEmpty(policy) {
  return PARTS.every(({ path }) => ownOf(policy, path) === null);
}

/** @param {number | null} value @param {Part} part */
export function partInWords(value, part) {
  return value === null ? "inherited" : inWords(value, part);
}

/** As it is shown before a change: with what is inherited, where that is known. @param {number | null} value @param {Part} part @param {Inherited} inherited */
export function partWithInherited(value, part, inherited) {
  const theirs = inherited.get(part.path)?.value ?? null;
  return value === null && theirs !== null ? `inherited (${inWords(theirs, part)})` : partInWords(value, part);
}

/** @param {readonly Change[]} changes @returns {string} `max_retries 5, jitter inherited` */
export function changesInWords(changes) {
  return changes.map(({ part, after }) => `${part.path} ${partInWords(after, part)}`).join(", ");
}

/** What is not as it was read before. @param {Policy | null} seen @param {Policy | null} now @returns {Map<string, string>} by path: `3 → 5` */
export function changedSince(seen, now) {
  return new Map(PARTS.flatMap((part) => {
    const [before, after] = [ownOf(seen, part.path), ownOf(now, part.path)];
    return before === after ? [] : [/** @type {const} */ ([part.path, `${partInWords(before, part)} → ${partInWords(after, part)}`])];
  }));
}

/** @param {readonly Change[]} changes that were made @param {Policy | null} policy as it is now @param {string} [who] the last one who changed it @returns {Meanwhile} */
export function policyMeanwhile(changes, policy, who = "Somebody") {
  const now = changes.map((change) => ({ ...change, own: ownOf(policy, change.part.path) }));
  if (now.every(({ own, before }) => own === before)) return { state: "before" };
  const others = now.filter(({ own, before, after }) => own !== after && own !== before);
  if (others.length === 0) return { state: "mine" };
  const to = (/** @type {readonly [Part, number | null][]} */ values) => values.map(([part, value]) => `${part.path} to ${partInWords(value, part)}`).join(", ");
  return { state: "other", news: `${who} has changed ${to(others.map(({ part, own }) => [part, own]))} meanwhile.`, question: `Set ${to(others.map(({ part, before }) => [part, before]))} anyway?` };
}

/** What removing it changes. @param {Policy} policy @param {Inherited} inherited @returns {(readonly [string, string])[]} */
export function nowAndThen(policy, inherited) {
  const delays = (/** @type {Policy | null} */ each) => {
    const found = delaysWith(each, inherited);
    return found === null ? "not known" : delaysInWords(found);
  };
  const [now, then] = [policy, null].map((each) => valueOf(each, inherited, LOSSES) ?? "not known");
  return [["Now", delays(policy)], ["Then", delays(null)], ...(now === then ? [] : [/** @type {const} */ (["Silent losses that make a dead letter", `${now} now, ${then} then`])])];
}
