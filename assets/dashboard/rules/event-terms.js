/** What an operator changes of an event that waits: its priority, and when it is due. */

/** @typedef {import("./meanwhile.js").Meanwhile} Meanwhile */
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
