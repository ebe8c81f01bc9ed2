/** Taking something back that somebody else may have changed meanwhile: what is there now, against what was set and what was before. */

/**
 * `mine`: it stands as it was set, and may be taken back; `before`: it is as it was already; `other`: somebody has changed it since.
 * @typedef {{ state: "mine" } | { state: "before" } | { state: "other", news: string, question: string }} Meanwhile
 */

/** Several at once. @param {readonly Meanwhile[]} each @returns {Meanwhile} */
export function allMeanwhile(each) {
  const others = each.filter((one) => one.state === "other");
  const [first] = others;
  if (first === undefined) return each.length > 0 && each.every(({ state }) => state === "before") ? { state: "before" } : { state: "mine" };
  const more = others.length > 1 ? ` So it is with ${others.length} of ${each.length}.` : "";
  return { state: "other", news: `${first.news}${more}`, question: each.length === 1 ? first.question : `Bring all ${each.length} back anyway?` };
}
