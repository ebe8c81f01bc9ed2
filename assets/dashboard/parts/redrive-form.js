/** How many are redriven at which pace, what is tried first, and when it stops by itself. */
import { call } from "../api/call.js";
import { count, percent, rate } from "../rules/numbers.js";
import { STOP_RATIOS, goesBack, pacesOf, warningOf } from "../rules/redrive-plan.js";
import { lasts } from "../rules/times.js";
import { useOnce } from "../state/poll.js";
import { h, html } from "./html.js";
import { JobsAtWork } from "./jobs-at-work.js";
import { Stranger } from "./stranger.js";
import { Ago } from "./time.js";

/** @typedef {import("./redrive-many.js").Plan} Plan */

const CANARIES = [0, 1, 10, 50];
const SAMPLE = 5;

/** @param {{ plan: import("../vendor/signals.js").Signal<Plan>, change: (news: Partial<Plan>) => void, filter: Record<string, unknown> }} props */
export function RedriveForm({ plan, change, filter }) {
  const { counted, news, onlyNew, canary, stopRatio, staying, jobs } = plan.value;
  const many = counted !== null && "count" in counted ? counted.count : null;
  return html`<div class="redrive-form">
    ${news === null ? null : html`<p class="banner" role="alert">${news}</p>`}
    ${h(JobsAtWork, { jobs, then: "This would redrive what the job has not come to yet; it passes over what it does not find any more." })}
    <p class="redrive-count" role="status">${many === null ? (counted === null ? "Counting …" : "They could not be counted") : html`<b>${count(many)}</b> ${goesBack(many, staying)}`}</p>
    ${h(Sample, { filter })}
    ${h(Pace, { plan, change, many: many ?? 0 })}
    <div class="field-row">
      <label>Stop by itself <select value=${String(stopRatio)} onChange=${(/** @type {any} */ event) => change({ stopRatio: event.currentTarget.value === "null" ? null : Number(event.currentTarget.value) })}>
        ${STOP_RATIOS.map((ratio) => html`<option key=${ratio} value=${String(ratio)} selected=${ratio === stopRatio}>${ratio === null ? "never" : `when ${percent(ratio)} die again`}</option>`)}</select></label>
      <label>First try <select value=${String(canary)} onChange=${(/** @type {any} */ event) => change({ canary: Number(event.currentTarget.value) })}>
        ${CANARIES.map((each) => html`<option key=${each} value=${String(each)} selected=${each === canary}>${each === 0 ? "none" : `the oldest ${each}`}</option>`)}</select></label>
    </div>
    ${canary > 0 ? html`<p class="note">The others follow by themselves once all of these have ended and 90 % of them are done; otherwise the job stops, or waits for you.</p>` : null}
    <label><input type="checkbox" checked=${onlyNew} onChange=${(/** @type {any} */ event) => change({ onlyNew: event.currentTarget.checked })} /> without those that were redriven before</label>
  </div>`;
}

/** @param {{ plan: import("../vendor/signals.js").Signal<Plan>, change: (news: Partial<Plan>) => void, many: number }} props */
function Pace({ plan, change, many }) {
  const { paceCode, ownRate, finishedPerSecond, isWaitedIn } = plan.value;
  const paces = pacesOf(Math.max(1, many), finishedPerSecond);
  const own = { code: /** @type {const} */ ("own"), eventsPerSecond: Number(ownRate) || null, seconds: many / (Number(ownRate) || 1) };
  const chosen = [...paces, own].find(({ code }) => code === paceCode) ?? own;
  const warning = isWaitedIn ? warningOf(chosen, finishedPerSecond) : null;
  return html`<fieldset class="redrive-paces"><legend>How fast</legend>
    ${[...paces, own].map((pace) => html`<label key=${pace.code}><input type="radio" name="pace" checked=${pace.code === paceCode} onChange=${() => change({ paceCode: pace.code })} /> <span>${wordsOf(pace)}${pace.code === "own" ? html`<input class="redrive-own" inputmode="decimal" aria-label="Events a second" value=${ownRate} onInput=${(/** @type {any} */ event) => change({ ownRate: event.currentTarget.value, paceCode: "own" })} /> events a second` : null}</span></label>`)}
    ${warning === null ? null : html`<p class="note">${warning}</p>`}</fieldset>`;
}

/** @param {import("../rules/redrive-plan.js").Pace} pace */
function wordsOf({ code, eventsPerSecond, seconds }) {
  switch (code) {
    case "ten_minutes":
      return `over ten minutes (${rate(eventsPerSecond)})`;
    case "hour":
      return `over an hour (${rate(eventsPerSecond)})`;
    case "tenth":
      return `at ${rate(eventsPerSecond)}, a tenth of what the queue finishes now: takes ${lasts(seconds)}`;
    case "at_once":
      return "as fast as the server can";
    case "own":
      return "at ";
  }
}

/** The newest of them, to see that these are meant. @param {{ filter: Record<string, unknown> }} props */
function Sample({ filter }) {
  const query = Object.fromEntries(Object.entries(filter).map(([name, value]) => [name, value === null ? "" : String(value)]));
  const { data } = useOnce(`list_dead_letters:sample:${JSON.stringify(query)}`, async (signal) => (await call("list_dead_letters", { query: { ...query, view: "brief", limit: SAMPLE }, signal })).data);
  return html`<details class="redrive-sample"><summary>The newest ${SAMPLE} of them</summary>
    <ul>${(data?.items ?? []).map(({ event_id, engine_type, error_type, error_message, dead_lettered_at }) => html`<li key=${event_id}>
      ${h(Ago, { at: dead_lettered_at })} · ${h(Stranger, { text: engine_type })} · ${h(Stranger, { text: error_type })}: ${h(Stranger, { text: error_message, most: 100 })}</li>`)}</ul></details>`;
}
