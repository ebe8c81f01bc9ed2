/** One redrive job. */
import { valuesOf } from "../rules/dead-letter-filter.js";
import { count, percent, rate } from "../rules/numbers.js";
import { lasts } from "../rules/times.js";
import { CopyAs } from "../parts/copy-as.js";
import { filterWords } from "../parts/filter-words.js";
import { h, html } from "../parts/html.js";
import { JobPanel } from "../parts/job-panel.js";
import { Link } from "../parts/link.js";
import { Stranger } from "../parts/stranger.js";
import { At } from "../parts/time.js";

/** @typedef {import("../rules/redrive-job.js").Job} Job */

/** @param {import("./list.js").ScreenProps} props */
function RedriveJob({ id }) {
  return html`<div>
    ${h(JobPanel, { id, title: "How far it is", isWhole: true, facts: (/** @type {Job} */ job) => h(Facts, { job }) })}
    <p>${h(CopyAs, { operation: "read_redrive_job", request: { path: { job_id: id } } })}</p>
  </div>`;
}

/** @param {{ job: Job }} props */
function Facts({ job }) {
  const values = valuesOf(job.filter);
  const { canary, skipped } = job;
  return html`<div>
    <dl class="facts">
      <div><dt>Which</dt><dd>${h(Link, { to: { screen: "dead-letter-group", filters: values }, children: filterWords(values) })}</dd></div>
      <div><dt>Matched when it was made</dt><dd>${count(job.matched)}</dd></div>
      <div><dt>Redriven</dt><dd>${count(job.redriven)}</dd></div>
      <div><dt>Done</dt><dd>${count(job.completed)}</dd></div>
      <div><dt>Died again</dt><dd>${count(job.died_again)}</dd></div>
      <div><dt>Open</dt><dd>${count(job.open)}</dd></div>
      ${job.cancelled + job.unknown > 0 ? html`<div><dt>Cancelled, or not known any more</dt><dd>${count(job.cancelled + job.unknown)}</dd></div>` : null}
      ${skipped.run_cancelled > 0 ? html`<div><dt>Passed over: their run is cancelled</dt><dd>${count(skipped.run_cancelled)}</dd></div>` : null}
      ${skipped.unique_key_held > 0 ? html`<div><dt>Passed over: an open event has their unique key</dt><dd>${count(skipped.unique_key_held)}</dd></div>` : null}
      ${skipped.payload_patch > 0 ? html`<div><dt>Passed over: the patch does not fit their payload</dt><dd>${count(skipped.payload_patch)}</dd></div>` : null}
      <div><dt>Pace</dt><dd>${job.events_per_second === null ? "as fast as the server can" : rate(job.events_per_second)}${job.redriven_per_second === null ? "" : `, so far ${rate(job.redriven_per_second)}`}</dd></div>
      <div><dt>Stops by itself</dt><dd>${job.stop_at_failure_ratio === null ? "never" : `when ${percent(job.stop_at_failure_ratio)} of those that ended died again; judged after 20`}</dd></div>
      <div><dt>Tried first</dt><dd>${canary === null ? "none" : `the oldest ${count(canary.count)}; the others follow when ${percent(canary.continue_at_success_ratio)} are done; it waits for a person after ${lasts(canary.wait_seconds)}`}</dd></div>
      <div><dt>Made</dt><dd>${h(At, { at: job.created_at })}${job.created_by === null ? null : html` by ${h(Stranger, { text: job.created_by })}`}</dd></div>
      <div><dt>Last redriven</dt><dd>${h(At, { at: job.last_redriven_at })}</dd></div>
      ${job.priority === null ? null : html`<div><dt>Priority</dt><dd>${job.priority}</dd></div>`}
      ${job.visibility_timeout_seconds === null ? null : html`<div><dt>Visibility timeout</dt><dd>${lasts(job.visibility_timeout_seconds)}</dd></div>`}
    </dl>
    ${job.payload_patch === null ? null : html`<p>It changes their payloads by a patch, which makes new events of them.</p>`}
  </div>`;
}

/** @type {import("./list.js").Screen} */
export const screen = { filters: {}, isOfId: true, view: RedriveJob };
