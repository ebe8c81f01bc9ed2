/** Redrive jobs that are at the same dead letters: on the page of a cause, and in each question about them. */
import { call, serverNow } from "../api/call.js";
import { bodyOf } from "../rules/dead-letter-filter.js";
import { atWork, atWorkInWords, bothOf } from "../rules/jobs-at-work.js";
import { usePoll } from "../state/poll.js";
import { may } from "../state/session.js";
import { h, html } from "./html.js";
import { short } from "./id.js";
import { Link } from "./link.js";
import { Stranger } from "./stranger.js";

/** @typedef {import("../rules/redrive-job.js").Job} Job */
/** @typedef {import("../rules/jobs-at-work.js").Filter} Filter */

/** The newest are looked at: one that has anything to go is hardly behind so many others. */
const READ = 50;
/** At these it is looked whether they come to the same. */
const MOST = 5;
const EVERY_SECONDS = 10;

/** @param {Filter} filter @param {AbortSignal} [signal] @returns {Promise<readonly Job[]>} none where the token may not see them */
async function read(filter, signal) {
  if (!may("list_redrive_jobs") || !may("list_dead_letters")) return [];
  const more = signal ? { signal } : {};
  const jobs = atWork((await call("list_redrive_jobs", { query: { limit: READ }, ...more })).data.items);
  const isAt = await Promise.all(jobs.slice(0, MOST).map(async (job) => {
    const query = bothOf(filter, job);
    return query !== null && (await call("list_dead_letters", { query: { ...query, view: "brief", limit: 1 }, ...more })).data.items.length > 0;
  }));
  return jobs.filter((_, place) => isAt[place]);
}

/** Those that are at dead letters of a filter just now; none where that cannot be known. @param {Filter} filter */
export async function readJobsAt(filter) {
  try {
    return await read(filter);
  } catch {
    return [];
  }
}

/** @param {Readonly<Record<string, string>>} values the filter, as the address has it */
export function useJobsAt(values) {
  return usePoll(`list_redrive_jobs:at ${JSON.stringify(values)}`, (signal) => read(bodyOf(values, serverNow()), signal), { seconds: EVERY_SECONDS }).data ?? [];
}

/** @param {{ jobs: readonly Job[], then?: string }} props then: what would become of what one is about to do */
export function JobsAtWork({ jobs, then = "" }) {
  if (jobs.length === 0) return null;
  return html`<div class="banner jobs-at-work" role="status">${jobs.map((job) => html`<p key=${job.job_id}>
    ${h(Link, { to: { screen: "redrive-jobs", id: job.job_id }, children: `Job ${short(job.job_id)}` })} ${atWorkInWords(job)}${job.created_by ? html`, begun by ${h(Stranger, { text: job.created_by })}` : ""}.</p>`)}
    ${then ? html`<p>${then}</p>` : null}</div>`;
}
