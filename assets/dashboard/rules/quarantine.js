/** Taking a version of the engines out of a queue: what it would do, and whether it still stands as it was set. */
import { outlookOf } from "./drain.js";
import { count } from "./numbers.js";
import { versionInWords } from "./versions.js";

/** @typedef {import("./meanwhile.js").Meanwhile} Meanwhile */
/** @typedef {import("../api/types.js").components["schemas"]["Quarantine"]} Quarantine */
/** @typedef {import("./drain.js").Group} Group */

/**
 * @param {readonly Group[]} groups as the summary of engines has them @param {string} name of the queue @param {string | null} version
 * @returns {{ sentence: string, isLast: boolean }} isLast: no engine would work on the queue
 */
export function quarantineInWords(groups, name, version) {
  const { engines, silent, held, remaining } = outlookOf(groups, name, version, () => true);
  const who = version === null ? versionInWords(null) : `engines of ${versionInWords(version)}`;
  const whom = `${capital(who)} get nothing of ${name} any more, also those that register later`;
  const now = engines === 0 ? "just now there are none" : `now ${engines === 1 ? "1 is" : `${count(engines)} are`} there`;
  const hold = held === 0 ? "" : ` and may finish the ${count(held)} events that ${engines === 1 ? "it holds" : "they hold"}`;
  const alone = engines === silent ? "No engine of the queue is active: it stands still already." : "No other engine of the queue is active: it stands still then.";
  const rest = remaining === 0 ? alone : `${count(remaining)} active ${remaining === 1 ? "engine of another version works" : "engines of other versions work"} on.`;
  return { sentence: `${whom}: ${now}${hold}. ${rest}`, isLast: remaining === 0 };
}

/** @param {string} text */
function capital(text) {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** @param {Quarantine} mine as it was set @param {readonly Quarantine[]} now those of the queue @returns {Meanwhile} */
export function quarantineMeanwhile(mine, now) {
  const there = now.find(({ engine_software_version }) => engine_software_version === mine.engine_software_version);
  if (there === undefined) return { state: "before" };
  if (there.since === mine.since && there.reason === mine.reason && there.lift_at === mine.lift_at) return { state: "mine" };
  return { state: "other", news: `${there.by ?? "Somebody"} has quarantined it in another way meanwhile: ${there.reason}.`, question: "Lift it anyway?" };
}
