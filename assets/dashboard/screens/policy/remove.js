/** Removing the policy of an event type: asked first, with what holds then; it can be taken back, as the policy is known. */
import { changedSince, nowAndThen } from "../../rules/retry-policy.js";
import { visible } from "../../rules/text.js";
import { act } from "../../parts/act.js";
import { asCli, asCurl } from "../../parts/copy-as.js";
import { ask } from "../../parts/dialog.js";
import { lastWho, undoOf } from "../../parts/undo.js";
import { readPolicy } from "./read.js";

/** @typedef {import("../../rules/retry-policy.js").Inherited} Inherited */

/** @param {{ event_type: string, retry_policy: import("../../rules/retry-policy.js").Policy }} seen @param {Inherited} inherited */
export async function removePolicy({ event_type: type, retry_policy: policy }, inherited) {
  const path = { event_type: type };
  const isWanted = await ask({
    title: `Remove the retry policy of ${visible(type)}?`,
    sentence: "All parts are inherited then: from the queue of each event, or else from the server. It holds from the next failure on, also for events that are there already.",
    facts: nowAndThen(policy, inherited),
    verb: "Remove the policy",
    isDanger: true,
    cli: () => asCli("remove_retry_policy", { path }),
    curl: () => asCurl("remove_retry_policy", { path }),
  });
  if (!isWanted) return;
  // What is put back is what was there at the end, not what the page had seen before.
  const last = (await readPolicy(type).catch(() => policy)) ?? policy;
  const undo = undoOf({
    look: async () => meanwhile(last, await readPolicy(type), type),
    run: () => act("set_retry_policy", { path, body: last }, { done: `${visible(type)} has its old policy again.` }),
    already: `${visible(type)} has its old policy already.`,
  });
  await act("remove_retry_policy", { path }, { done: `The retry policy of ${visible(type)} is removed.`, undo });
}

/** @param {import("../../rules/retry-policy.js").Policy} old @param {import("../../rules/retry-policy.js").Policy | null} now @param {string} type @returns {Promise<import("../../rules/meanwhile.js").Meanwhile>} */
async function meanwhile(old, now, type) {
  if (now === null) return { state: "mine" };
  if (changedSince(old, now).size === 0) return { state: "before" };
  const who = (await lastWho("set_retry_policy", type)) ?? "Somebody";
  return { state: "other", news: `${who} has set another policy of ${type} meanwhile.`, question: "Put the old one in its place?" };
}
