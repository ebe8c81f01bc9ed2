/** One queue: why it grows, and what can be done. */
import { call } from "../api/call.js";
import { versionMarkers } from "../rules/version-markers.js";
import { setFilter } from "../state/place.js";
import { usePoll } from "../state/poll.js";
import { may } from "../state/session.js";
import { Button } from "../parts/button.js";
import { EnginePanel } from "../parts/engine-panel.js";
import { HistoryPanel } from "../parts/history-panel.js";
import { h, html } from "../parts/html.js";
import { Link } from "../parts/link.js";
import { rangeFilters } from "../parts/range.js";
import { DeadLetterGroups } from "./queue/dead-letter-groups.js";
import { Engines, useEngines } from "./queue/engines.js";
import { Head } from "./queue/head.js";
import { NextUp } from "./queue/next-up.js";
import { Now } from "./queue/now.js";
import { Settings } from "./queue/settings.js";

/** @typedef {import("../rules/queue-settings.js").Queue} Queue */

/** @type {readonly import("../parts/history-panel.js").PlotOf[]} */
const PLOTS = [
  {
    title: "In and out",
    unit: "rate",
    lines: [
      { title: "enqueued", column: "enqueued", kind: "busy" },
      { title: "completed", column: "completed", kind: "good" },
      { title: "failed", column: "failed", kind: "bad" },
      { title: "lost", column: "lost", kind: "lost" },
    ],
  },
  {
    title: "How deep",
    unit: "count",
    lines: [
      { title: "due", column: "due", kind: "warning" },
      { title: "delayed", column: "delayed", kind: "waiting" },
      { title: "dead letters", column: "dead_letters", kind: "lost" },
    ],
  },
  {
    title: "Waits",
    unit: "seconds",
    lines: [
      { title: "oldest due", column: "oldest_due_age_seconds", kind: "warning" },
      { title: "wait, p99", column: "wait_p99_seconds", kind: "busy" },
      { title: "attempt, p99", column: "attempt_p99_seconds", kind: "held" },
    ],
  },
  {
    title: "Slots of the engines",
    unit: "count",
    lines: [
      { title: "slots", column: "slots", kind: "waiting" },
      { title: "busy", column: "busy", kind: "busy" },
    ],
  },
];

/** @param {import("./list.js").ScreenProps} props */
function QueueScreen({ id: name, values }) {
  const poll = usePoll(`read_queue:${name}`, async (signal) => (await call("read_queue", { path: { engine_type: name }, signal })).data, { seconds: 5 });
  const engines = useEngines(name);
  const isThere = poll.data !== null;
  return html`<div class="queue">
    ${h(Head, { name, poll })}
    ${values["engine"] === undefined || !may("read_engine") ? null : h(EngineSought, { id: values["engine"] })}
    ${isThere ? html`
      ${h(Now, { poll })}
      ${h(HistoryPanel, { title: "Flow", values, plots: PLOTS, engineType: name, more: versionMarkers(engines.data?.items ?? []), links: (from, to) => minuteOf(name, from, to) })}
      ${h(NextUp, { name })}
      <div class="queue-lists">${h(Engines, { name })}${h(DeadLetterGroups, { name })}</div>
      ${h(Settings, { name, poll })}` : null}
  </div>`;
}

/** What happened in a minute of the plot. @param {string} name @param {string} from @param {string} to */
function minuteOf(name, from, to) {
  return html`${h(Link, { to: { screen: "events", filters: { engine_type: name, created_after: from, created_before: to } }, children: "events enqueued then" })}${" · "}
    ${h(Link, { to: { screen: "dead-letters", filters: { engine_type: name, dead_lettered_after: from, dead_lettered_before: to } }, children: "dead letters of then" })}`;
}

/** The one that somebody has looked for, first of all. @param {{ id: string }} props */
function EngineSought({ id }) {
  return html`<div data-sought>${h(EnginePanel, { id, at: "queue", actions: h(Button, { kind: "quiet", onClick: () => setFilter("engine", null), children: "close" }) })}</div>`;
}

/** @type {import("./list.js").Screen} */
export const screen = { filters: { ...rangeFilters, engine: { kind: "id" } }, view: QueueScreen };
