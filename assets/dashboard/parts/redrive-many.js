/** Redriving many as a job of the server: counted first, at a pace that is chosen, and with a rule that stops it. */
import { call, serverNow } from "../api/call.js";
import { bodyOf } from "../rules/dead-letter-filter.js";
import { count } from "../rules/numbers.js";
import { PRESET_STOP_RATIO, pacesOf, whyNot } from "../rules/redrive-plan.js";
import { refreshAll } from "../state/poll.js";
import { signal } from "../vendor/signals.js";
import { said } from "./act.js";
import { asCli, asCurl } from "./copy-as.js";
import { ask } from "./dialog.js";
import { filterWords } from "./filter-words.js";
import { h } from "./html.js";
import { tell } from "./notices.js";
import { readJobsAt } from "./jobs-at-work.js";
import { RedriveForm } from "./redrive-form.js";

/** @typedef {import("../rules/redrive-plan.js").Counted} Counted */
/** @typedef {import("../api/types.js").components["schemas"]["RedriveJob"]} Job */
/** @typedef {import("../api/call.js").CallError} CallError */

/**
 * @typedef {object} Plan what the form changes
 * @property {Counted} counted
 * @property {string} paceCode
 * @property {string} ownRate as it is typed
 * @property {number | null} stopRatio
 * @property {number} canary how many are tried first; 0: none
 * @property {boolean} onlyNew without those that were redriven before
 * @property {number | null} finishedPerSecond
 * @property {boolean} isWaitedIn events are due in the queue already
 * @property {number} staying of those that match, the ones that were redriven before and are left out
 * @property {readonly Job[]} jobs that are at some of these already
 * @property {string | null} news what has changed since it was asked
 */

/**
 * @param {object} of
 * @param {Readonly<Record<string, string>>} of.values the filter, as the address has it
 * @param {string | null} [of.of] how many causes they died of, where it is not one
 * @param {boolean} [of.isRest] some have been tried by now
 * @param {number} [of.canary] how many are tried first
 * @returns {Promise<Job | null>} null: no job was made
 */
export async function redriveMany({ values, of = null, isRest = false, canary = 0 }) {
  // Those that die while the question stands are not meant, perhaps again and by this very redrive.
  const asOf = new Date(serverNow()).toISOString();
  const wanted = bodyOf(values, serverNow());
  const before = wanted["dead_lettered_before"];
  const filter = { ...wanted, dead_lettered_before: typeof before === "string" && before < asOf ? before : asOf };
  /** @type {import("../vendor/signals.js").Signal<Plan>} */
  const plan = signal({ counted: null, paceCode: "ten_minutes", ownRate: "1", stopRatio: PRESET_STOP_RATIO, canary, onlyNew: isRest, finishedPerSecond: null, isWaitedIn: false, staying: 0, jobs: [], news: null });
  const change = (/** @type {Partial<Plan>} */ news) => {
    const isOther = news.onlyNew !== undefined && news.onlyNew !== plan.value.onlyNew;
    plan.value = { ...plan.value, ...news, ...(isOther ? { counted: null } : {}) };
    if (isOther) void countThem();
  };
  const body = () => bodyOfPlan(plan.value, filter);
  const countThem = async () => {
    const { onlyNew } = plan.value;
    const [counted, all] = await Promise.all([dryRun(body()), onlyNew ? dryRun({ filter }) : null]);
    const staying = all !== null && "count" in all && counted !== null && "count" in counted ? all.count - counted.count : 0;
    if (plan.value.onlyNew === onlyNew) change({ counted, staying });
  };
  void countThem();
  void readJobsAt(filter).then((jobs) => change({ jobs }));
  if (typeof wanted["engine_type"] === "string") void paceOf(wanted["engine_type"]).then(change);
  for (;;) {
    const isWanted = await ask({
      title: of !== null ? `Redrive dead letters of ${of}` : isRest ? "Redrive the rest" : "Redrive as a job",
      sentence: `The server puts them back into their queues, the oldest first, also when this page is closed. It can be paused and cancelled; what an engine has finished stays done.`,
      facts: [["Which", filterWords(values)]],
      form: () => h(RedriveForm, { plan, change, filter: body().filter }),
      why: () => whyNot(plan.value.counted) ?? faultOf(plan.value),
      verb: isRest ? "Redrive the rest" : "Redrive",
      cli: () => asCli("create_redrive_job", { body: body() }),
      curl: () => asCurl("create_redrive_job", { body: body() }),
    });
    if (!isWanted) return null;
    try {
      const { data } = await call("create_redrive_job", { body: body() });
      tell(`${count(data.matched)} dead letters are being redriven.`);
      refreshAll();
      return data.job;
    } catch (error) {
      const failure = /** @type {CallError} */ (error);
      if (failure.code !== "count_changed") {
        tell(said(failure), { isBad: true });
        return null;
      }
      const { expected_count: expected, actual_count: actual } = failure.problem;
      change({ counted: { count: Number(actual) }, news: `It was ${count(Number(expected))} when you looked, and is ${count(Number(actual))} now. Nothing was done.` });
    }
  }
}

/** @param {Plan} plan @param {Record<string, string | number | null>} filter */
function bodyOfPlan({ counted, paceCode, ownRate, stopRatio, canary, onlyNew, finishedPerSecond }, filter) {
  const many = counted !== null && "count" in counted ? counted.count : 0;
  const pace = pacesOf(Math.max(1, many), finishedPerSecond).find(({ code }) => code === paceCode);
  const rate = paceCode === "own" ? Number(ownRate) : pace?.eventsPerSecond;
  const most = filter["redrives_max"];
  return {
    filter: { ...filter, ...(onlyNew ? { redrives_max: Math.min(typeof most === "number" ? most : 0, 0) } : {}) },
    ...(canary > 0 ? { canary: { count: canary } } : {}),
    ...(rate ? { events_per_second: rate } : {}),
    ...(stopRatio === null ? {} : { stop_at_failure_ratio: stopRatio }),
    ...(counted !== null && "count" in counted ? { expected_count: many } : {}),
  };
}

/** @param {{ filter: unknown }} body @returns {Promise<Counted>} */
async function dryRun({ filter }) {
  try {
    return { count: (await call("create_redrive_job", { body: { filter, dry_run: true } })).data.matched };
  } catch (error) {
    return { error: said(/** @type {CallError} */ (error)) };
  }
}

/** What the queue does now; nothing where it is not known: the offer is smaller then. @param {string} engine_type @returns {Promise<Partial<Plan>>} */
async function paceOf(engine_type) {
  try {
    const { rates, due } = (await call("read_queue", { path: { engine_type } })).data;
    return { finishedPerSecond: rates.completed_per_second, isWaitedIn: due > 0 };
  } catch {
    return {};
  }
}

/** @param {Plan} plan */
function faultOf({ paceCode, ownRate }) {
  if (paceCode !== "own") return null;
  const rate = Number(ownRate);
  return rate >= 0.001 && rate <= 10_000 ? null : "A rate is a number from 0.001 to 10,000 events a second";
}
