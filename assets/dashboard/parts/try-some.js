/** Some dead letters are redriven before the rest, to see whether the cause is gone. */
import { call, serverNow } from "../api/call.js";
import { callEach } from "../api/each.js";
import { newest, spread } from "../rules/canary.js";
import { bodyOf, queryOf } from "../rules/dead-letter-filter.js";
import { count } from "../rules/numbers.js";
import { refreshAll } from "../state/poll.js";
import { said } from "./act.js";
import { asCli } from "./copy-as.js";
import { ask } from "./dialog.js";
import { h } from "./html.js";
import { JobsAtWork, readJobsAt } from "./jobs-at-work.js";
import { tell } from "./notices.js";

/** @typedef {"spread" | "newest"} Which */
/** @typedef {import("../rules/canary.js").Letter} Letter */

/** Up to so many it is light: it is done without a question. */
const LIGHT_MOST = 10;
const PAGE = 200;
/** Where there are more, so many further pages are read, each ending at another time. */
const FURTHER = 3;

/**
 * @param {object} of
 * @param {Readonly<Record<string, string>>} of.values the filter, as the address has it
 * @param {Pick<import("../rules/causes.js").Cause, "first" | "last" | "redrivable">} of.cause
 * @param {number} of.many @param {Which} of.which
 * @returns {Promise<{ ids: string[], at: string } | null>} null: none was redriven
 */
export async function trySome({ values, cause, many, which }) {
  let letters;
  try {
    letters = await candidates(values, cause, which);
  } catch (error) {
    tell(said(/** @type {import("../api/call.js").CallError} */ (error)), { isBad: true });
    return null;
  }
  const chosen = (which === "spread" ? spread : newest)(letters, many).map(({ event_id }) => event_id);
  if (chosen.length === 0) {
    tell("None of them can be redriven any more.", { isBad: true });
    return null;
  }
  const jobs = await readJobsAt(bodyOf(values, serverNow()));
  if (chosen.length > LIGHT_MOST || jobs.length > 0) {
    const isWanted = await ask({
      title: `Try ${count(chosen.length)} of them?`,
      sentence: "They go back into their queues at once, with fresh budgets. What an engine has not taken can be cancelled afterwards; there is no other way back.",
      ...(jobs.length === 0 ? {} : { form: () => h(JobsAtWork, { jobs, then: "It comes to these by itself; those that you try now it passes over." }) }),
      verb: `Try ${count(chosen.length)}`,
      cli: () => asCli("redrive_dead_letter", { path: { event_id: "" } }).replace("''", chosen.join(" ")),
    });
    if (!isWanted) return null;
  }
  const at = new Date(serverNow()).toISOString();
  const { done, failed } = await callEach(chosen, "redrive_dead_letter", (event_id) => ({ path: { event_id }, body: {} }));
  refreshAll();
  const [first] = failed;
  if (first !== undefined) tell(`${count(done.length)} of ${count(chosen.length)} are queued again. Not the others: ${said(first.error)}`, { isBad: true });
  else tell(`${done.length === 1 ? "1 is" : `${count(done.length)} are`} queued again.`);
  return done.length === 0 ? null : { ids: done, at };
}

/** @param {Readonly<Record<string, string>>} values @param {{ first: string, last: string, redrivable: number }} cause @param {Which} which @returns {Promise<readonly Letter[]>} */
async function candidates(values, { first, last, redrivable }, which) {
  const query = { ...queryOf(values, serverNow()), view: "brief", limit: PAGE };
  const ask = async (/** @type {string | undefined} */ before) =>
    (await call("list_dead_letters", { query: before === undefined ? query : { ...query, dead_lettered_before: before } })).data.items;
  const newestOnes = await ask(undefined);
  if (which === "newest" || redrivable <= PAGE) return newestOnes;
  const [from, to] = [Date.parse(first), Date.parse(last)];
  const ends = Array.from({ length: FURTHER }, (_, place) => new Date(from + ((to - from) * (place + 1)) / (FURTHER + 1) + 1).toISOString());
  const older = await Promise.all(ends.map((end) => ask(end)));
  const byId = new Map([newestOnes, ...older].flat().map((letter) => [letter.event_id, letter]));
  return [...byId.values()];
}
