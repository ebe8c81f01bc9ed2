/** The same done to many things, one request each: what became of every one of them. */

/** Of one choice. */
export const MOST = 100;
const AT_ONCE = 4;

/**
 * @template E
 * @typedef {{ name: string, error: E | null }} Result
 */

/**
 * @template E
 * @param {readonly string[]} names
 * @param {(name: string) => Promise<unknown>} run rejects with an `E`
 * @param {(results: readonly Result<E>[]) => void} [heard] after each
 * @returns {Promise<Result<E>[]>} in the order in which they ended
 */
export async function each(names, run, heard) {
  const waiting = [...names];
  /** @type {Result<E>[]} */
  const results = [];
  const work = async () => {
    for (let name = waiting.shift(); name !== undefined; name = waiting.shift()) {
      const error = await run(name).then(() => null, (/** @type {E} */ failure) => failure);
      results.push({ name, error });
      heard?.([...results]);
    }
  };
  await Promise.all(Array.from({ length: Math.min(AT_ONCE, names.length) }, work));
  return results;
}
