/** What is chosen in a list: either rows by their ids, or all that match a filter; never a mix of both. */

/**
 * @typedef {object} Choice
 * @property {readonly string[]} ids  in the order in which they were chosen
 * @property {Readonly<Record<string, unknown>> | null} filter  as the API takes it: all that match are chosen
 * @property {string} words  the filter, for people
 */

/** @type {Choice} */
export const nothing = Object.freeze({ ids: [], filter: null, words: "" });

/** @param {readonly string[]} ids @returns {Choice} */
const ofIds = (ids) => (ids.length === 0 ? nothing : { ids, filter: null, words: "" });

/** @param {Readonly<Record<string, unknown>>} filter @param {string} words @returns {Choice} */
export function ofFilter(filter, words) {
  return { ids: [], filter, words };
}

/** @param {Choice} choice @param {string} id @returns {Choice} where all that match were chosen, nothing is: a filter has no exceptions */
export function toggled(choice, id) {
  if (choice.filter !== null) return nothing;
  return ofIds(choice.ids.includes(id) ? choice.ids.filter((each) => each !== id) : [...choice.ids, id]);
}

/** @param {Choice} choice @param {readonly string[]} ids of rows, all of which are chosen then @returns {Choice} */
export function withAll(choice, ids) {
  return ofIds([...new Set([...choice.ids, ...ids])]);
}

/**
 * With all rows between two, and both. Where one of the two is not among the rows any more, only the other is chosen.
 * @param {Choice} choice @param {readonly string[]} orderedIds as the rows stand @param {string | null} fromId @param {string} toId
 * @returns {Choice}
 */
export function withRange(choice, orderedIds, fromId, toId) {
  const to = orderedIds.indexOf(toId);
  if (to < 0) return choice;
  const from = fromId === null ? -1 : orderedIds.indexOf(fromId);
  const first = from < 0 ? to : Math.min(from, to);
  return withAll(choice, orderedIds.slice(first, Math.max(from, to) + 1));
}

/** @param {Choice} choice @param {string} id */
export function isChosen(choice, id) {
  return choice.filter !== null || choice.ids.includes(id);
}

/** @param {Choice} choice @returns {number | null} null: all that match, which the server counts */
export function countOf(choice) {
  return choice.filter === null ? choice.ids.length : null;
}

/** @param {Choice} choice */
export function isNothing(choice) {
  return choice.filter === null && choice.ids.length === 0;
}

/**
 * The choice after the list's filter was changed. Rows that were chosen by their ids stay chosen; a choice of all that matched the
 * filter before is dropped, and that is said.
 * @param {Choice} choice @param {Readonly<Record<string, unknown>>} filter of the list, as it is now
 * @returns {{ choice: Choice, said: string | null }}
 */
export function underFilter(choice, filter) {
  if (choice.filter === null || isSame(choice.filter, filter)) return { choice, said: null };
  return { choice: nothing, said: `Nothing is chosen any more, as the filter has changed. Before, all that matched were chosen: ${choice.words}.` };
}

/** @param {Readonly<Record<string, unknown>>} one @param {Readonly<Record<string, unknown>>} other */
function isSame(one, other) {
  const names = Object.keys(one);
  return (
    names.length === Object.keys(other).length &&
    names.every((name) => Object.hasOwn(other, name) && JSON.stringify(one[name]) === JSON.stringify(other[name]))
  );
}
