/** Saving a changed policy. The call replaces it as a whole and has no condition: so it is read again just before, and a person decides about what is new. */
import { backward, changedSince, changesInWords, isEmpty, policyMeanwhile, policyWith } from "../../rules/retry-policy.js";
import { visible } from "../../rules/text.js";
import { act } from "../../parts/act.js";
import { ask } from "../../parts/dialog.js";
import { lastWho, undoOf } from "../../parts/undo.js";
import { readPolicy } from "./read.js";

/** @typedef {import("../../rules/retry-policy.js").Policy} Policy */
/** @typedef {import("../../rules/retry-policy.js").Change} Change */

/** @param {string} type @param {Policy | null} seen what was there when the person began @param {readonly Change[]} changes @returns {Promise<boolean>} */
export async function savePolicy(type, seen, changes) {
  let base = seen;
  try {
    base = await readPolicy(type);
  } catch {
    // The call that follows says what is wrong.
  }
  if (!(await isWantedAllTheSame(type, changedSince(seen, base), changes))) return false;
  const done = `The retry policy of ${visible(type)} is changed: ${changesInWords(changes)}.`;
  const undo = undoOf({
    look: async () => lookAgain(type, changes),
    run: async () => takeBack(type, changes),
    already: `${visible(type)} has its old policy already.`,
  });
  return (await act("set_retry_policy", { path: { event_type: type }, body: policyWith(base, changes) }, { done, undo })) !== null;
}

/** Parts that the person has not touched stay as a colleague has set them, without a question. @param {string} type @param {ReadonlyMap<string, string>} since @param {readonly Change[]} changes */
async function isWantedAllTheSame(type, since, changes) {
  const others = changes.filter(({ part }) => since.has(part.path));
  if (others.length === 0) return true;
  const who = (await lastWho("set_retry_policy", type)) ?? "Somebody";
  const what = others.map(({ part }) => `${part.path}: ${since.get(part.path)}`).join(", ");
  return ask({ title: "Change it all the same?", sentence: visible(`${who} has changed this meanwhile: ${what}. Overwrite it?`), verb: "Change anyway", wayOut: "Leave it as it is" });
}

/** Who it was is only asked where it was somebody else. @param {string} type @param {readonly Change[]} changes */
async function lookAgain(type, changes) {
  const now = await readPolicy(type);
  const found = policyMeanwhile(changes, now);
  return found.state === "other" ? policyMeanwhile(changes, now, await lastWho("set_retry_policy", type)) : found;
}

/** @param {string} type @param {readonly Change[]} changes */
async function takeBack(type, changes) {
  const path = { event_type: type };
  const body = policyWith(await readPolicy(type), backward(changes));
  if (isEmpty(body)) return act("remove_retry_policy", { path }, { done: `${visible(type)} has no policy of its own again.` });
  return act("set_retry_policy", { path, body }, { done: `${visible(type)} has its old policy again.` });
}
