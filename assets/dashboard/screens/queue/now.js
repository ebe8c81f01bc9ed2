/** What is in the queue just now, and how fast it moves. */
import { count, percent, quantile, rate } from "../../rules/numbers.js";
import { busySlots } from "../../rules/slots.js";
import { failedRatio } from "../../rules/queue-state.js";
import { lasts } from "../../rules/times.js";
import { h, html } from "../../parts/html.js";
import { Link } from "../../parts/link.js";
import { Panel } from "../../parts/panel.js";
import { Bar } from "../../parts/spark.js";
import { CountDown } from "../../parts/time.js";

/** @typedef {import("../../rules/queue-settings.js").Queue} Queue */
/** @typedef {import("../../parts/html.js").Children} Children */

/** Up to here the server counts the events of one priority. */
const COUNTED = 10_000;

/** @param {{ poll: import("../../state/poll.js").Poll<Queue> }} props */
export function Now({ poll }) {
  return h(Panel, { title: "Now", poll: { ...poll, error: null }, children: (/** @type {Queue} */ queue) => h(Numbers, { queue }) });
}

/** @param {{ queue: Queue }} props */
function Numbers({ queue }) {
  const { engine_type: name, due, delayed, processing, slots, settings, rates, is_approximate: isApproximate } = queue;
  const most = settings.max_processing.value;
  const slotsInWords = busySlots(slots);
  /** @param {string} status */
  const events = (status) => ({ screen: "events", filters: { engine_type: name, status } });
  return html`<div class="now">
    ${h(Fact, {
      title: "Due",
      value: h(Link, { to: events("queued"), children: count(due, isApproximate) }),
      small: due > 0 ? `oldest ${lasts(queue.oldest_due_age_seconds)}; ${clears(queue)}` : "nobody waits",
      children: h(Priorities, { counts: queue.due_by_priority }),
    })}
    ${h(Fact, { title: "Delayed", value: count(delayed, isApproximate), small: queue.next_due_at ? html`next due: ${h(CountDown, { to: queue.next_due_at })}` : "none is delayed" })}
    ${h(Fact, { title: "Processing", value: h(Link, { to: events("processing"), children: count(processing) }), small: most === null ? slotsInWords : `${slotsInWords}; at most ${count(most)}`,
      children: h(Bar, { part: processing, whole: most === null ? slots.total : Math.min(most, slots.total), title: slotsInWords }) })}
    ${h(Fact, { title: "Engines", value: count(queue.engines.active), small: enginesOf(queue.engines) })}
    ${h(Fact, { title: "In, out", value: `${rate(rates.enqueued_per_second)}, ${rate(rates.completed_per_second)}`, small: failuresOf(rates) })}
    ${h(Fact, { title: "Wait until leased", value: quantile(queue.wait_seconds.p50), small: withinOf(queue.wait_seconds.p99, "none was leased lately") })}
    ${h(Fact, { title: "Length of attempts", value: quantile(queue.attempt_seconds.p50), small: withinOf(queue.attempt_seconds.p99, "none was reported lately") })}
    ${h(Fact, {
      title: "Dead letters",
      value: h(Link, { to: { screen: "dead-letters", filters: { engine_type: name } }, children: count(queue.dead_letters, isApproximate) }),
      small: rates.dead_lettered_per_second > 0 ? `${rate(rates.dead_lettered_per_second)} new` : "none in the last minute",
    })}
    ${h(Fact, {
      title: "Suspects",
      value: h(Link, { to: { screen: "suspects", filters: { engine_type: name } }, children: count(queue.suspects) }),
      small: "lost before; they are leased with care",
    })}
    ${h(Fact, { title: "Wanted slots", value: count(queue.wanted_slots), small: `to clear what is due within ${lasts(settings.target_clear_seconds.value)}` })}
  </div>`;
}

/** @param {{ title: string, value: Children, small: Children, children?: Children }} props */
function Fact({ title, value, small, children }) {
  return html`<section class="now-fact"><h3 class="now-title">${title}</h3><b class="now-value">${value}</b> <span class="now-small">${small}</span>${children}</section>`;
}

/** Those that have due events, the most urgent first. @param {{ counts: readonly number[] }} props */
function Priorities({ counts }) {
  const shown = counts.map((n, priority) => ({ n, priority })).filter(({ n }) => n > 0).reverse();
  const most = Math.max(...counts, 1);
  if (shown.length === 0) return null;
  const bar = (/** @type {number} */ n, /** @type {number} */ priority) => h(Bar, { part: n, whole: most, title: `${n} of priority ${priority}`, kind: "warning" });
  return html`<table class="now-priorities"><caption class="hidden">Due events by priority</caption><tbody>${shown.map(({ n, priority }) => html`<tr key=${priority}>
    <th scope="row">priority ${priority}</th><td>${bar(n, priority)}</td><td class="table-right">${count(n)}${n >= COUNTED ? "+" : ""}</td></tr>`)}</tbody></table>`;
}

/** @param {number | null} p99 @param {string} none */
function withinOf(p99, none) {
  return p99 === null ? none : `99 of 100 within ${quantile(p99)}`;
}

/** @param {Queue["rates"]} rates */
function failuresOf(rates) {
  const ratio = failedRatio(rates);
  const late = rates.late_per_second > 0 ? `; ${rate(rates.late_per_second)} late reports` : "";
  return ratio === null ? "no attempt has ended lately" : `${percent(ratio)} of attempts fail, ${rate(rates.lost_per_second)} are lost${late}`;
}

/** @param {Queue} queue */
function clears({ clear_in_seconds: seconds, pause }) {
  if (pause) return "cleared after the pause";
  return seconds === null ? "never cleared at these rates" : `cleared in ${lasts(seconds)}`;
}

/** @param {Queue["engines"]} engines */
function enginesOf({ draining, unresponsive, quarantined, holding_off }) {
  const all = /** @type {const} */ ([[draining, "draining"], [unresponsive, "silent"], [quarantined, "quarantined"], [holding_off, "holding off"]]);
  const told = all.filter(([n]) => n > 0).map(([n, word]) => `${n} ${word}`);
  return told.length === 0 ? "active" : `active; ${told.join(", ")}`;
}
