/** One redrive job: where it stands, and what may be done to it. */
import { call } from "../api/call.js";
import { isOver, partsOf, sentenceOf, stateOf } from "../rules/redrive-job.js";
import { count } from "../rules/numbers.js";
import { usePoll } from "../state/poll.js";
import { h, html } from "./html.js";
import { JobButtons } from "./job-buttons.js";
import { Link } from "./link.js";
import { Panel } from "./panel.js";
import { useState } from "../vendor/hooks.js";
import { Ago } from "./time.js";
import { Status } from "./words.js";

/** @typedef {import("../rules/redrive-job.js").Job} Job */

/** @param {{ id: string, title: string, isWhole?: boolean, facts?: (job: Job) => import("./html.js").Children }} props isWhole: it is the page of the job */
export function JobPanel({ id, title, isWhole = false, facts }) {
  const [isDone, setDone] = useState(false);
  const poll = usePoll(
    `read_redrive_job:${id}`,
    async (signal) => {
      const { data } = await call("read_redrive_job", { path: { job_id: id }, signal });
      setDone(isOver(data.state) && data.open === 0);
      return data;
    },
    { seconds: isDone ? 30 : 2 },
  );
  return h(Panel, {
    title,
    poll,
    gone: html`<p>There is no such job. Jobs are kept for as long as ended events are, counted from when they last changed their state.</p>`,
    actions: poll.data === null ? null : html`${h(JobButtons, { job: poll.data })}${isWhole ? null : h(Link, { to: { screen: "redrive-jobs", id }, children: "the job" })}`,
    children: (/** @type {Job} */ job) => html`<div>
      <p role="status">${h(Status, { ...stateOf(job), code: job.state_reason ?? "" })} ${h(Ago, { at: job.state_changed_at })}. ${sentenceOf(job)}</p>
      ${h(JobBar, { job })}
      ${facts?.(job)}
    </div>`,
  });
}

/** @param {{ job: Job }} props */
export function JobBar({ job }) {
  const parts = partsOf(job);
  const total = parts.reduce((sum, part) => sum + part.count, 0);
  return html`<div class="job-bar" role="img" aria-label=${parts.map(({ name, count: many }) => `${count(many)} ${name}`).join(", ")}>${parts.map(({ name, kind, count: many }) => {
    /** @param {HTMLElement | null} part */
    const long = (part) => part?.style.setProperty("flex-grow", String(many / total));
    return html`<span key=${name} class=${`job-bar-part job-bar-${kind}`} ref=${long} title=${`${count(many)} ${name}`}></span>`;
  })}</div>`;
}
