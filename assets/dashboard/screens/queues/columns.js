/** What the table of queues shows of each. */
import { count, percent, rate } from "../../rules/numbers.js";
import { clearsInSeconds, failedRatio } from "../../rules/queue-state.js";
import { visible } from "../../rules/text.js";
import { lasts } from "../../rules/times.js";
import { h, html } from "../../parts/html.js";
import { Bar, Spark } from "../../parts/spark.js";
import { windowWidth } from "../../parts/width.js";
import { Status } from "../../parts/words.js";

/** @typedef {import("../../rules/queue-list.js").Row} Row */
/** @typedef {import("../../rules/queue-list.js").Sort} Sort */
/** @typedef {import("../../parts/table.js").Column<Row>} Column */

/** Windows that are narrower have no room for them; on a phone, rows are cards. @type {Readonly<Record<string, number>>} */
const FROM_WIDTH = { processing: 900, spark: 1240, delayed: 1340, engines: 1040, in: 980, out: 980, failed: 980, clears: 1400 };

/** @param {Sort} sort as it is @param {(by: Sort) => void} by @returns {Column[]} */
export function columns(sort, by) {
  /** @param {Sort} name @returns {Pick<Column, "sort" | "sorted">} */
  const sorts = (name) => ({
    sort: () => by(sort === name ? "problems" : name),
    ...(sort === name ? { sorted: name === "name" ? "ascending" : "descending" } : {}),
  });
  /** @type {Column[]} */
  const all = [
    { name: "name", title: "Queue", cell: ({ queue }) => queue.engine_type, phone: "head", ...sorts("name") },
    { name: "state", title: "State", cell: ({ state }) => html`<span title=${visible(state.why)}>${h(Status, { word: state.word, kind: state.kind })}</span>` },
    { name: "due", title: "Due", align: "right", cell: ({ queue }) => count(queue.due, queue.is_approximate), ...sorts("due") },
    { name: "oldest", title: "Oldest", align: "right", cell: ({ queue }) => (queue.due > 0 ? lasts(queue.oldest_due_age_seconds) : "–"), ...sorts("oldest") },
    { name: "spark", title: "Last 20 min", phone: "hide", cell: ({ queue }) => h(Spark, { values: queue.due_by_minute, title: "due in the last 20 minutes" }) },
    { name: "delayed", title: "Delayed", align: "right", phone: "hide", cell: ({ queue }) => count(queue.delayed, queue.is_approximate) },
    { name: "processing", title: "Held / slots", phone: "hide", cell: ({ queue }) => h(Slots, { queue }) },
    { name: "engines", title: "Engines", phone: "hide", cell: ({ queue }) => enginesOf(queue.engines) },
    { name: "in", title: "In", align: "right", phone: "hide", cell: ({ queue }) => rate(queue.rates.enqueued_per_second), ...sorts("in") },
    { name: "out", title: "Out", align: "right", phone: "hide", cell: ({ queue }) => rate(queue.rates.completed_per_second), ...sorts("out") },
    { name: "failed", title: "Failed", align: "right", phone: "hide", cell: ({ queue }) => percent(failedRatio(queue.rates)) },
    { name: "dead_letters", title: "Dead", align: "right", cell: ({ queue }) => count(queue.dead_letters, queue.is_approximate), ...sorts("dead_letters") },
    { name: "clears", title: "Clears in", align: "right", phone: "hide", cell: ({ queue }) => clears(queue) },
  ];
  return all.filter(({ name, phone }) => phone !== "hide" || windowWidth() >= (FROM_WIDTH[name] ?? 0));
}

/** @param {{ queue: Row["queue"] }} props */
function Slots({ queue: { processing, slots } }) {
  const more = slots.unlimited_engines > 0 ? "+" : "";
  const title = `${slots.busy} of ${slots.total}${more} slots are busy`;
  return html`<span class="queues-slots">${h(Bar, { part: slots.busy, whole: slots.total, title })} ${count(processing)}/${count(slots.total)}${more}</span>`;
}

/** @param {Row["queue"]["engines"]} engines */
function enginesOf({ active, draining, unresponsive, quarantined, holding_off }) {
  const others = [[draining, "draining"], [unresponsive, "silent"], [quarantined, "quarantined"], [holding_off, "holding off"]];
  const told = others.flatMap(([n, word]) => (n === 0 ? [] : [`${n} ${word}`]));
  return told.length === 0 ? `${active}` : `${active} (${told.join(", ")})`;
}

/** @param {Row["queue"]} queue */
function clears(queue) {
  if (queue.due === 0) return "–";
  const seconds = clearsInSeconds(queue);
  return seconds === null ? "never" : lasts(seconds);
}
