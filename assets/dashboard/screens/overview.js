/** Is something wrong? Since when, and what can be done? */
import { useOverview } from "../state/overview.js";
import { session } from "../state/session.js";
import { HistoryPanel } from "../parts/history-panel.js";
import { h, html } from "../parts/html.js";
import { Link } from "../parts/link.js";
import { Panel } from "../parts/panel.js";
import { rangeFilters } from "../parts/range.js";
import { Attention } from "./overview/attention.js";
import { HeatStrip } from "./overview/heat-strip.js";
import { LatestChanges } from "./overview/latest-changes.js";
import { Totals } from "./overview/totals.js";

/** @typedef {import("../state/overview.js").Overview} Overview */

/** @type {readonly import("../parts/history-panel.js").PlotOf[]} */
const PLOTS = [
  {
    title: "In and out",
    unit: "rate",
    lines: [
      { title: "enqueued", column: "enqueued", kind: "busy" },
      { title: "completed", column: "completed", kind: "good" },
      { title: "failed and lost", column: ["failed", "lost"], kind: "bad" },
    ],
  },
  { title: "Longest wait of a due event", unit: "seconds", lines: [{ title: "oldest", column: "oldest_due_age_seconds", kind: "warning" }] },
];

/** @param {import("./list.js").ScreenProps} props */
function OverviewScreen({ values }) {
  const poll = useOverview();
  return html`<div class="overview">
    ${h(Panel, { title: "Needs attention", poll, children: (/** @type {Overview} */ overview) => h(Attention, { overview }) })}
    ${h(Panel, { title: "Now", poll, children: (/** @type {Overview} */ { totals }) => h(Totals, { totals }) })}
    ${h(OverTime, { values })}
    ${h(Panel, { title: "Queues", poll, children: (/** @type {Overview} */ overview) => h(HeatStrip, { overview }) })}
    ${h(LatestChanges, null)}
  </div>`;
}

/** Of all queues, which a token that is limited to some may not see. @param {{ values: Readonly<Record<string, string>> }} props */
function OverTime({ values }) {
  const types = session.value?.engine_types ?? null;
  if (types === null) return h(HistoryPanel, { title: "Over time", values, plots: PLOTS });
  const [only, ...others] = types;
  if (only !== undefined && others.length === 0) return h(HistoryPanel, { title: `Over time: ${only}`, values, plots: PLOTS, engineType: only });
  return html`<section class="panel"><header class="panel-head"><h2>Over time</h2></header>
    <p class="note">Your token is limited to some queues. Each has its plots on its own page: ${types.map((name, at) => html`${at > 0 ? ", " : ""}${h(Link, { to: { screen: "queues", id: name }, children: name })}`)}.</p></section>`;
}

/** @type {import("./list.js").Screen} */
export const screen = { filters: rangeFilters, view: OverviewScreen };
