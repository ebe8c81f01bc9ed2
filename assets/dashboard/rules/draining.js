/** An engine that drains: it is given nothing more. */

/** @typedef {import("./meanwhile.js").Meanwhile} Meanwhile */
/** @typedef {import("../api/types.js").components["schemas"]["EngineDrain"]} Drain */

/** @param {Drain | null} mine @param {Drain | null} now @returns {Meanwhile} */
export function drainMeanwhile(mine, now) {
  if (now === null) return { state: "before" };
  if (mine !== null && mine.since === now.since && mine.reason === now.reason && mine.then === now.then) return { state: "mine" };
  return { state: "other", news: `Somebody has told it to drain, too${now.reason ? `: ${now.reason}` : ""}.`, question: "Let it go on anyway?" };
}
