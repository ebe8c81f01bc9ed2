/** Discarding many for good: counted first, the number typed, and in chunks where they are very many. */
import { call, serverNow } from "../api/call.js";
import { bodyOf } from "../rules/dead-letter-filter.js";
import { count } from "../rules/numbers.js";
import { refreshAll } from "../state/poll.js";
import { said } from "./act.js";
import { Button } from "./button.js";
import { asCli, asCurl } from "./copy-as.js";
import { ask } from "./dialog.js";
import { exportLetters } from "./export-letters.js";
import { filterWords } from "./filter-words.js";
import { h, html } from "./html.js";
import { JobsAtWork, readJobsAt } from "./jobs-at-work.js";
import { tell } from "./notices.js";

/** @typedef {import("../api/call.js").CallError} CallError */

/** @param {{ values: Readonly<Record<string, string>>, of?: string | null }} of the filter, as the address has it; of: how many causes they died of, where it is not one @returns {Promise<number | null>} null: nothing was done */
export async function purgeMany({ values, of = null }) {
  // What dies while the question stands is not meant.
  const asOf = new Date(serverNow()).toISOString();
  const wanted = bodyOf(values, serverNow());
  const before = wanted["dead_lettered_before"];
  const filter = { ...wanted, dead_lettered_before: typeof before === "string" && before < asOf ? before : asOf };
  let [matched, jobs] = await Promise.all([counted(filter), readJobsAt(filter)]);
  let news = "";
  while (matched !== null) {
    if (matched === 0) {
      tell("No dead letter matches any more.");
      return null;
    }
    const request = { body: { filter, expected_count: matched } };
    const isWanted = await ask({
      title: `Discard ${letters(matched)}${of === null ? "" : ` of ${of}`}?`,
      sentence: `${news}They go for good and cannot be redriven any more; their events stay, as failed, until their retention ends. This cannot be undone.`,
      facts: [["Which", filterWords(values)]],
      form: () => html`${h(JobsAtWork, { jobs, then: "What is discarded before the job comes to it is not redriven." })}<p>${h(Button, { onClick: () => exportLetters(values), children: "Export them as JSON lines first" })}</p>`,
      verb: `Discard ${count(matched)}`,
      isDanger: true,
      typed: String(matched),
      cli: () => asCli("purge_dead_letters", request),
      curl: () => asCurl("purge_dead_letters", request),
    });
    if (!isWanted) return null;
    const { done, failure } = await inChunks(filter, matched);
    refreshAll();
    if (failure === null) {
      tell(`${letters(done)} are discarded.`);
      return done;
    }
    if (failure.code !== "count_changed") {
      tell(done === 0 ? said(failure) : `${letters(done)} are discarded, ${count(matched - done)} are not: ${said(failure)}`, { isBad: true });
      return done === 0 ? null : done;
    }
    const { expected_count: expected, actual_count: actual } = failure.problem;
    news = `It was ${count(Number(expected))} when you looked, and is ${count(Number(actual))} now${done > 0 ? `; ${count(done)} are discarded` : ""}. `;
    matched = Number(actual);
  }
  return null;
}

/** @param {Record<string, unknown>} filter @param {number} matched @returns {Promise<{ done: number, failure: CallError | null }>} */
async function inChunks(filter, matched) {
  let done = 0;
  try {
    for (let left = matched; left > 0; ) {
      const { data } = await call("purge_dead_letters", { body: { filter, expected_count: left } });
      done += data.purged;
      left = data.remaining;
      if (left > 0) tell(`${count(done)} of ${count(matched)} are discarded; it goes on.`);
      if (data.purged === 0) break;
    }
    return { done, failure: null };
  } catch (error) {
    return { done, failure: /** @type {CallError} */ (error) };
  }
}

/** @param {Record<string, unknown>} filter @returns {Promise<number | null>} null: the person was told why not */
async function counted(filter) {
  try {
    return (await call("purge_dead_letters", { body: { filter, dry_run: true } })).data.matched;
  } catch (error) {
    tell(said(/** @type {CallError} */ (error)), { isBad: true });
    return null;
  }
}

/** @param {number} many */
function letters(many) {
  return many === 1 ? "1 dead letter" : `${count(many)} dead letters`;
}
