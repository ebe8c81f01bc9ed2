/** Draining engines that are chosen one by one: what that leaves their queues with is said first. */
import { call } from "../api/call.js";
import { callEach } from "../api/each.js";
import { drainMeanwhile } from "../rules/draining.js";
import { outlooksOf } from "../rules/drain.js";
import { drainInWords, versionsInWords } from "../rules/drain-words.js";
import { allMeanwhile } from "../rules/meanwhile.js";
import { count } from "../rules/numbers.js";
import { refreshAll } from "../state/poll.js";
import { said } from "./act.js";
import { asCli, asCurl } from "./copy-as.js";
import { ask } from "./dialog.js";
import { drainForm } from "./drain-form.js";
import { tell } from "./notices.js";
import { resumeEngines } from "./resume-engines.js";
import { undoOf } from "./undo.js";

/** @typedef {import("../rules/engine-words.js").Engine} Engine */

/**
 * @param {readonly Engine[]} engines that do not drain yet @param {readonly import("../rules/drain-words.js").Queue[]} queues
 * @returns {Promise<readonly string[] | null>} those that could not be drained; null: the person left it
 */
export async function drainChosen(engines, queues) {
  const ids = engines.map(({ engine_id }) => engine_id);
  const { form, body } = drainForm();
  const verb = ids.length === 1 ? "Drain 1 engine" : `Drain ${count(ids.length)} engines`;
  let outlooks;
  try {
    outlooks = outlooksOf(engines, (await call("summarize_engines")).data.groups);
  } catch (error) {
    tell(`They do not drain, as what that would leave could not be read: ${said(/** @type {import("../api/call.js").CallError} */ (error))}`, { isBad: true });
    return null;
  }
  const request = (/** @type {string} */ id) => ({ path: { engine_id: id }, body: body() });
  const isWanted = await ask({
    title: `${verb}?`,
    sentence: drainInWords(outlooks, queues, engines),
    facts: [["Versions", versionsInWords(engines)]],
    form,
    verb,
    isDanger: [...outlooks.values()].some(({ remaining }) => remaining === 0),
    cli: () => ids.map((id) => asCli("drain_engine", request(id))).join("\n"),
    curl: () => ids.map((id) => asCurl("drain_engine", request(id))).join("\n"),
  });
  if (!isWanted) return null;
  const { done, failed, answers } = await callEach(ids, "drain_engine", request);
  const undo = undoOf({ look: () => look(done, answers), run: () => resumeEngines(done), already: "None of them is draining any more." });
  const [first] = failed;
  const words = `${done.length === 1 ? "1 engine drains" : `${count(done.length)} engines drain`}${first ? `, ${count(failed.length)} could not be told to: ${said(first.error)}` : "."}`;
  // Those that were told to exit may be gone a moment later.
  tell(words, { isBad: first !== undefined, ...(body().then === "stay" && done.length > 0 ? { undo } : {}) });
  refreshAll();
  return failed.map(({ id }) => id);
}

/** @param {readonly string[]} ids @param {ReadonlyMap<string, Engine>} mine as this press of a button left them */
async function look(ids, mine) {
  const now = await callEach(ids, "read_engine", (id) => ({ path: { engine_id: id } }));
  const [first] = now.failed;
  if (first !== undefined) throw first.error;
  return allMeanwhile(ids.map((id) => drainMeanwhile(mine.get(id)?.drain ?? null, now.answers.get(id)?.drain ?? null)));
}
