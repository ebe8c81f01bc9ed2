/** The same call for several things, a few at a time: what was done, and what was not, and why. */
import { call } from "./call.js";

/** @typedef {import("./call.js").CallError} CallError */
/** @typedef {{ done: string[], failed: { id: string, error: CallError }[], answers: Map<string, any> }} Outcome answers: by id, of those that are done */

const AT_ONCE = 4;

/**
 * @param {readonly string[]} ids
 * @param {import("./call.js").OperationId} operation
 * @param {(id: string) => import("./call.js").Request} requestOf
 * @param {(outcome: Outcome) => void} [progress] is told after each of them
 * @returns {Promise<Outcome>} in the order of the ids
 */
export async function callEach(ids, operation, requestOf, progress = () => {}) {
  /** @type {Outcome} */
  const outcome = { done: [], failed: [], answers: new Map() };
  const waiting = [...ids];
  const work = async () => {
    for (let id = waiting.shift(); id !== undefined; id = waiting.shift()) {
      try {
        const { data } = await call(operation, requestOf(id));
        outcome.answers.set(id, data);
        outcome.done.push(id);
      } catch (error) {
        outcome.failed.push({ id, error: /** @type {CallError} */ (error) });
      }
      progress(outcome);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  const place = new Map(ids.map((id, at) => [id, at]));
  outcome.done.sort((one, other) => (place.get(one) ?? 0) - (place.get(other) ?? 0));
  return outcome;
}
