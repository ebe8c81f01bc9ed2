/** The table of queues: which are shown, and in what order. */
import { STATES, attentionByQueue, rankOf, stateOf } from "./queue-state.js";

/** @typedef {import("./queue-state.js").BriefQueue} BriefQueue */
/** @typedef {import("./queue-state.js").AttentionItem} AttentionItem */
/** @typedef {{ queue: BriefQueue, state: import("./queue-state.js").QueueState }} Row */

/** What the table is sorted by; `problems` is the order in which somebody on call would look at them. */
export const SORTS = /** @type {const} */ (["problems", "name", "due", "oldest", "dead_letters", "in", "out"]);
/** @typedef {typeof SORTS[number]} Sort */

/** @type {Readonly<Record<Exclude<Sort, "problems" | "name">, (queue: BriefQueue) => number>>} */
const SIZES = {
  due: (queue) => queue.due,
  oldest: (queue) => queue.oldest_due_age_seconds,
  dead_letters: (queue) => queue.dead_letters,
  in: (queue) => queue.rates.enqueued_per_second,
  out: (queue) => queue.rates.completed_per_second,
};

/** @param {readonly BriefQueue[]} queues @param {readonly AttentionItem[]} attention @returns {Row[]} */
export function rowsOf(queues, attention) {
  const said = attentionByQueue(queues, attention);
  return queues.map((queue) => ({ queue, state: stateOf(queue, said.get(queue.engine_type)) }));
}

/**
 * @param {readonly Row[]} rows
 * @param {{ name?: string, states?: readonly string[], sort?: Sort }} wanted part of a name, in any case; no states are all states
 * @returns {Row[]}
 */
export function chosen(rows, { name = "", states = [], sort = "problems" }) {
  const part = name.trim().toLowerCase();
  const shown = rows.filter(
    ({ queue, state }) => queue.engine_type.toLowerCase().includes(part) && (states.length === 0 || states.includes(state.code)),
  );
  return shown.sort((a, b) => order(a, b, sort) || byName(a, b));
}

/** @param {Row} a @param {Row} b @param {Sort} sort */
function order(a, b, sort) {
  if (sort === "name") return 0;
  if (sort !== "problems") return SIZES[sort](b.queue) - SIZES[sort](a.queue);
  return (
    rankOf(a.state.code) - rankOf(b.state.code) || b.queue.oldest_due_age_seconds - a.queue.oldest_due_age_seconds || b.queue.due - a.queue.due
  );
}

/** @param {Row} a @param {Row} b */
function byName({ queue: { engine_type: a } }, { queue: { engine_type: b } }) {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** How many rows are in each state. @param {readonly Row[]} rows @returns {[import("./queue-state.js").StateCode, number][]} the worst first */
export function counts(rows) {
  return STATES.map((code) => [code, rows.filter(({ state }) => state.code === code).length]);
}
