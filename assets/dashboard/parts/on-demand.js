/** What a button does is loaded when it is first pressed: few people who look at a screen do anything on it. */
import { ask } from "./dialog.js";

/**
 * @template M, R
 * @param {() => Promise<M>} load
 * @param {(module: M) => R} run
 * @returns {Promise<Awaited<R> | null>} null: it could not be loaded, and the person has given up
 */
export async function onDemand(load, run) {
  for (;;) {
    const module = await load().catch(() => null);
    if (module !== null) return await run(module);
    const isWanted = await ask({
      title: "A part of this page could not be loaded",
      sentence: "Nothing was done. The server cannot be reached, or it was upgraded and no longer has the files of this page: then reload the page.",
      verb: "Try again",
    });
    if (!isWanted) return null;
  }
}
