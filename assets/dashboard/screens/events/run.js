/** How far a run is, above the list of its events. */
import { call } from "../../api/call.js";
import { count } from "../../rules/numbers.js";
import { usePoll } from "../../state/poll.js";
import { CopyAs } from "../../parts/copy-as.js";
import { h, html } from "../../parts/html.js";
import { Link } from "../../parts/link.js";
import { Panel } from "../../parts/panel.js";
import { Stranger } from "../../parts/stranger.js";
import { At } from "../../parts/time.js";

/** @typedef {import("../../api/call.js").Data<"read_scenario_run">} Run */

const SECONDS = 10;
const WORDS = /** @type {const} */ ([["queued", "queued"], ["processing", "processing"], ["completed", "completed"], ["failed", "dead letters"], ["cancelled", "cancelled"]]);

/** @param {{ id: string }} props */
export function RunSummary({ id }) {
  const poll = usePoll(`read_scenario_run:${id}`, async (signal) => (await call("read_scenario_run", { path: { scenario_run_id: id }, signal })).data, { seconds: SECONDS });
  return h(Panel, {
    title: "The run",
    poll,
    actions: h(CopyAs, { operation: "read_scenario_run", request: { path: { scenario_run_id: id } } }),
    children: (/** @type {Run} */ run) => html`<p>Run ${h(Link, { to: { screen: "runs", id }, children: h(Stranger, { text: id, most: 64 }) })}: ${sumOf(run)}${": "}
      ${WORDS.map(([status, words], place) => html`<span key=${status}>${place > 0 ? ", " : ""}${h(Link, { to: { screen: "events", filters: { scenario_run_id: id, status } }, children: `${count(run.counts[status], run.is_approximate)} ${words}` })}</span>`)}.
      ${run.cancelled_at === null ? "" : html` It was cancelled ${h(At, { at: run.cancelled_at })} and takes no more events.`}</p>`,
  });
}

/** @param {Run} run */
function sumOf({ counts, is_approximate: isApproximate }) {
  const many = Object.values(counts).reduce((sum, each) => sum + each, 0);
  return many === 1 ? "1 event" : `${count(many, isApproximate)} events`;
}
