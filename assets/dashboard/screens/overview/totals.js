/** All queues together, in five numbers. */
import { count, rate } from "../../rules/numbers.js";
import { ofSlots } from "../../rules/slots.js";
import { valuesOf } from "../../rules/history.js";
import { usePoll } from "../../state/poll.js";
import { session } from "../../state/session.js";
import { serverNow } from "../../api/call.js";
import { read } from "../../parts/history-panel.js";
import { h, html } from "../../parts/html.js";
import { Link } from "../../parts/link.js";
import { Spark } from "../../parts/spark.js";
import { lasts } from "../../rules/times.js";

/** @typedef {import("../../state/overview.js").Overview["totals"]} OverviewTotals */
/** @typedef {import("../../rules/history.js").Line} Line */

const MINUTES = 20;

/** @param {{ totals: OverviewTotals }} props */
export function Totals({ totals }) {
  const { rates, slots } = totals;
  const history = useLastMinutes();
  /** @param {Line["column"]} column @param {Line["kind"]} kind @param {import("../../rules/history.js").Unit} unit */
  const spark = (column, kind, unit) =>
    history ? h(Spark, { values: valuesOf(history, { title: "", column, kind }, unit), kind, title: `the last ${MINUTES} minutes` }) : null;
  const oldest = totals.due > 0 ? `oldest ${lasts(totals.oldest_due_age_seconds)}` : "nobody waits";
  const late = rates.late_per_second > 0 ? `${rate(rates.late_per_second)} late reports` : "0 late reports";
  const all = [
    { title: "Due", value: count(totals.due, totals.is_approximate), small: oldest, line: spark("due", "warning", "count"), to: queues("due") },
    { title: "Processing", value: count(totals.processing), small: ofSlots(slots), line: spark("processing", "busy", "count"), to: queues() },
    {
      title: "Completed",
      value: rate(rates.completed_per_second),
      small: `${rate(rates.enqueued_per_second)} come in`,
      line: spark("completed", "good", "rate"),
      to: queues("out"),
    },
    {
      title: "Failed and lost",
      value: rate(rates.failed_per_second + rates.lost_per_second),
      small: late,
      line: spark(["failed", "lost"], "bad", "rate"),
      to: { screen: "events", filters: { status: "failed" } },
    },
    {
      title: "Dead letters",
      value: count(totals.dead_letters, totals.is_approximate),
      small: `${count(totals.suspects)} suspects`,
      line: spark("dead_letters", "lost", "count"),
      to: { screen: "dead-letters" },
    },
  ];
  return html`<ul class="totals">${all.map((total) => h(Total, { key: total.title, ...total }))}</ul>`;
}

/** @param {string} [sort] */
function queues(sort) {
  return { screen: "queues", ...(sort ? { filters: { sort } } : {}) };
}

/** @param {{ title: string, value: string, small: string, line: import("../../parts/html.js").Children, to: import("../../state/place.js").Goal }} props */
function Total({ title, value, small, line, to }) {
  return html`<li class="total">${h(Link, { to, class: "total-link", children: html`<span class="total-title">${title}</span><b class="total-value">${value}</b>` })}
    <span class="total-small">${small}</span>${line}</li>`;
}

/** Of all queues: a token that is limited to some may not see it. */
function useLastMinutes() {
  const isLimited = session.value?.engine_types != null;
  return usePoll(`read_history:last minutes ${isLimited}`, async (signal) => {
    if (isLimited) return null;
    const from = new Date(serverNow() - MINUTES * 60_000).toISOString();
    return read(undefined, { from, to: undefined }, signal);
  }, { seconds: 60 }).data;
}
