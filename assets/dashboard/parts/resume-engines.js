/** Letting several engines go on. */
import { callEach } from "../api/each.js";
import { resumeInWords } from "../rules/drain-words.js";
import { count } from "../rules/numbers.js";
import { refreshAll } from "../state/poll.js";
import { said } from "./act.js";
import { asCli, asCurl } from "./copy-as.js";
import { ask } from "./dialog.js";
import { tell } from "./notices.js";

/** @typedef {import("../rules/engine-words.js").Engine} Engine */

const request = (/** @type {string} */ id) => ({ path: { engine_id: id } });

/** @param {readonly string[]} ids @returns {Promise<readonly string[]>} those that were not resumed */
export async function resumeEngines(ids) {
  const { done, failed } = await callEach(ids, "resume_engine", request);
  const [first] = failed;
  if (first) tell(`${count(done.length)} engines work again, ${count(failed.length)} do not: ${said(first.error)}`, { isBad: true });
  else tell(done.length === 1 ? "The engine works again." : `${count(done.length)} engines work again.`);
  refreshAll();
  return failed.map(({ id }) => id);
}

/** @param {readonly Engine[]} draining @returns {Promise<readonly string[] | null>} those that were not resumed; null: the person left it */
export async function askToResume(draining) {
  const ids = draining.map(({ engine_id }) => engine_id);
  const isWanted = await ask({
    title: ids.length === 1 ? "Resume 1 engine?" : `Resume ${count(ids.length)} engines?`,
    sentence: resumeInWords(draining),
    verb: ids.length === 1 ? "Resume 1 engine" : `Resume ${count(ids.length)} engines`,
    cli: () => ids.map((id) => asCli("resume_engine", request(id))).join("\n"),
    curl: () => ids.map((id) => asCurl("resume_engine", request(id))).join("\n"),
  });
  return isWanted ? resumeEngines(ids) : null;
}
