/** Cancelling or rescheduling many queued events: counted first, then asked, then done in pieces where they are very many. */
import { call, serverNow } from "../api/call.js";
import { signal } from "../vendor/signals.js";
import { inWords } from "../rules/event-filter.js";
import { count } from "../rules/numbers.js";
import { visible } from "../rules/text.js";
import { ago } from "../rules/times.js";
import { refreshAll } from "../state/poll.js";
import { said } from "./act.js";
import { asCli, asCurl } from "./copy-as.js";
import { ask } from "./dialog.js";
import { h, html } from "./html.js";
import { short } from "./id.js";
import { tell } from "./notices.js";
import { PrioritySelect } from "./priority-select.js";

/** @typedef {import("../api/call.js").CallError} CallError */
/** @typedef {import("../rules/choice.js").Choice} Choice */
/** @typedef {"cancel_events" | "reschedule_events"} Operation */
/**
 * @typedef {object} Plan
 * @property {Operation} operation
 * @property {() => Record<string, unknown>} change members of the body beside the filter
 * @property {(many: string) => string} title
 * @property {string} sentence
 * @property {(many: string) => string} verb
 * @property {string} done
 * @property {boolean} isForGood
 * @property {() => import("./html.js").Children} [form]
 */

/** From so many on, what cannot be undone is typed. */
const HEAVY = 100;
const SAMPLE = 5;
/** A filter names no more ids. */
export const IDS_MOST = 1000;

/** @param {number} many */
function events(many) {
  return many === 1 ? "1 event" : `${count(many)} events`;
}

/** @param {Choice} choice */
export function cancelThese(choice) {
  return carryOut(choice, {
    operation: "cancel_events",
    change: () => ({}),
    title: (many) => `Cancel ${many}?`,
    sentence: "Queued events are cancelled at once, for good: there is no undo, and they cannot be redriven. What an engine holds by then is left alone.",
    verb: (many) => `Cancel ${many}`,
    done: "cancelled",
    isForGood: true,
  });
}

/** @param {Choice} choice */
export function runTheseNow(choice) {
  const now = new Date(serverNow()).toISOString();
  return carryOut(choice, {
    operation: "reschedule_events",
    change: () => ({ available_at: now }),
    title: (many) => `Let ${many} run now?`,
    sentence: "Those that are for later, or wait for their next try, are due at once. When they were due before is not kept: there is no undo.",
    verb: (many) => `Run ${many} now`,
    done: "due now",
    isForGood: false,
  });
}

const DELAYS = /** @type {const} */ ([[300, "5 minutes"], [1800, "30 minutes"], [3600, "an hour"], [21_600, "6 hours"], [86_400, "a day"], [604_800, "a week"]]);

/** @param {Choice} choice */
export function putTheseOff(choice) {
  const seconds = signal(1800);
  return carryOut(choice, {
    operation: "reschedule_events",
    change: () => ({ delay_seconds: seconds.value }),
    title: (many) => `Put ${many} off?`,
    sentence: "No engine gets them before then. When they were due before is not kept: there is no undo, but they can be run now again.",
    form: () => html`<label class="field">Due again in <select value=${seconds.value} onChange=${(/** @type {any} */ input) => { seconds.value = Number(input.currentTarget.value); }}>
      ${DELAYS.map(([value, words]) => html`<option key=${value} value=${value} selected=${value === seconds.value}>${words}</option>`)}</select></label>`,
    verb: (many) => `Put ${many} off`,
    done: "put off",
    isForGood: false,
  });
}

/** Which priority is asked for first, as it decides how many there are to change. @param {Choice} choice @returns {Promise<boolean>} */
export async function prioritizeThese(choice) {
  const wanted = signal(9);
  const isWanted = await ask({
    title: "Another priority",
    sentence: "Events of a higher priority are leased first: as long as there are any of them, those of a lower one wait.",
    form: () => h(PrioritySelect, { value: wanted.value, onChoose: (/** @type {number} */ value) => { wanted.value = value; } }),
    verb: "Count them",
  });
  if (!isWanted) return false;
  const priority = wanted.value;
  return carryOut(choice, {
    operation: "reschedule_events",
    change: () => ({ priority }),
    title: (many) => `Give ${many} priority ${priority}?`,
    sentence: "Those that have it already are not counted. Which priority the others have now is not kept: there is no undo.",
    verb: (many) => `Give ${many} priority ${priority}`,
    done: `of priority ${priority} now`,
    isForGood: false,
  });
}

/** @param {Choice} choice @param {Plan} plan @returns {Promise<boolean>} whether anything was done */
async function carryOut(choice, plan) {
  const filter = choice.filter ?? { event_ids: choice.ids.slice(0, IDS_MOST) };
  const number = choice.filter === null ? choice.ids.length : null;
  let matched = await counted(plan, filter);
  let news = "";
  while (matched !== null) {
    if (matched === 0) {
      tell("None of them is queued any more, or all are as wanted already.");
      return false;
    }
    const many = events(matched);
    const body = () => ({ filter, ...plan.change(), expected_count: matched });
    /** @type {[string, import("./html.js").Children][]} */
    const facts = [["Which", choice.filter === null ? "the chosen ones" : inWords(filter)]];
    if (number === null) facts.push(["The newest that match", html`<ul class="id-list">${(await sample(filter)).map((each) => html`<li key=${each}>${each}</li>`)}</ul>`]);
    if (number !== null && number > matched) facts.push(["Left alone", `${events(number - matched)}, which are not queued any more, or are as wanted already`]);
    const isWanted = await ask({
      title: plan.title(many),
      sentence: news + plan.sentence,
      facts,
      ...(plan.form ? { form: plan.form } : {}),
      verb: plan.verb(many),
      isDanger: plan.isForGood,
      ...(plan.isForGood && (matched > HEAVY || choice.filter !== null) ? { typed: String(matched) } : {}),
      cli: () => asCli(plan.operation, { body: body() }),
      curl: () => asCurl(plan.operation, { body: body() }),
    });
    if (!isWanted) return false;
    const { done, failure } = await inPieces(plan, filter, matched);
    refreshAll();
    if (failure === null) {
      tell(`${events(done)} ${done === 1 ? "is" : "are"} ${plan.done}.`);
      return true;
    }
    if (failure.code !== "count_changed") {
      tell(done === 0 ? said(failure) : `${events(done)} are ${plan.done}, ${count(matched - done)} are not: ${said(failure)}`, { isBad: true });
      return done > 0;
    }
    const actual = Number(failure.problem["actual_count"]);
    news = `It was ${count(matched - done)} when you looked, and is ${count(actual)} now${done > 0 ? `; ${count(done)} are ${plan.done}` : ""}. `;
    matched = actual;
  }
  return false;
}

/** A few of them, the newest. @param {Record<string, unknown>} filter @returns {Promise<string[]>} */
async function sample(filter) {
  try {
    const { data } = await call("list_events", { query: { .../** @type {Record<string, string>} */ (filter), status: "queued", view: "brief", limit: SAMPLE } });
    return data.items.map(({ event_id, event_type, created_at }) => `${visible(event_type)} ${short(event_id)}, enqueued ${ago((serverNow() - Date.parse(created_at)) / 1000)}`);
  } catch {
    return ["they cannot be listed just now"];
  }
}

/** One call does 10,000. @param {Plan} plan @param {Record<string, unknown>} filter @param {number} matched @returns {Promise<{ done: number, failure: CallError | null }>} */
async function inPieces(plan, filter, matched) {
  let done = 0;
  try {
    for (let left = matched; left > 0; ) {
      const { data } = await call(plan.operation, { body: { filter, ...plan.change(), expected_count: left } });
      const now = "cancelled" in data ? data.cancelled : data.rescheduled;
      done += now;
      left = data.remaining;
      if (now === 0) break;
      if (left > 0) tell(`${count(done)} of ${count(matched)} are ${plan.done}; it goes on.`);
    }
    return { done, failure: null };
  } catch (error) {
    return { done, failure: /** @type {CallError} */ (error) };
  }
}

/** @param {Plan} plan @param {Record<string, unknown>} filter @returns {Promise<number | null>} null: the person was told why not */
async function counted(plan, filter) {
  try {
    return (await call(plan.operation, { body: { filter, ...plan.change(), dry_run: true } })).data.matched;
  } catch (error) {
    tell(said(/** @type {CallError} */ (error)), { isBad: true });
    return null;
  }
}
