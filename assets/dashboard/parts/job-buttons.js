/** Pausing, continuing and cancelling a redrive job. */
import { changesOf, jobMeanwhile } from "../rules/redrive-job.js";
import { count } from "../rules/numbers.js";
import { leftOf } from "../rules/redrive-job.js";
import { call } from "../api/call.js";
import { act } from "./act.js";
import { Button } from "./button.js";
import { asCli, asCurl } from "./copy-as.js";
import { ask } from "./dialog.js";
import { h, html } from "./html.js";
import { undoOf } from "./undo.js";

/** @typedef {import("../rules/redrive-job.js").Job} Job */

const OPERATIONS = /** @type {const} */ ({ pause: "pause_redrive_job", continue: "continue_redrive_job", cancel: "cancel_redrive_job" });
const VERBS = { pause: "Pause", continue: "Continue", cancel: "Cancel" };

/** @param {{ job: Job }} props */
export function JobButtons({ job }) {
  return html`${changesOf(job).map((change) =>
    h(Button, { key: change, operation: OPERATIONS[change], kind: change === "cancel" ? "danger" : "plain", onClick: () => changeJob(job, change), children: VERBS[change] }))}`;
}

/** @param {Job} job @param {"pause" | "continue" | "cancel"} change */
export async function changeJob(job, change) {
  const request = { path: { job_id: job.job_id } };
  if (change === "pause") return act("pause_redrive_job", request, { done: "The job is paused. What it has redriven goes on.", undo: (mine) => takeBack(change, mine, request) });
  if (change === "continue") {
    if (job.state_reason === "canary_undecided") return continueUndecided(job, request);
    return act("continue_redrive_job", request, { done: "The job goes on.", undo: (mine) => takeBack(change, mine, request) });
  }
  const isWanted = await ask({
    title: "Cancel this job?",
    sentence: `It redrives nothing any more: ${count(leftOf(job))} stay dead letters. What it has redriven goes on. This cannot be undone; a new job can be made.`,
    verb: "Cancel the job",
    isDanger: true,
    cli: () => asCli("cancel_redrive_job", request),
    curl: () => asCurl("cancel_redrive_job", request),
  });
  if (isWanted) await act("cancel_redrive_job", request, { done: "The job is cancelled." });
}

/** The rest follows without those that were tried having said something: that is asked. @param {Job} job @param {{ path: { job_id: string } }} request */
async function continueUndecided(job, request) {
  const isWanted = await ask({
    title: "Go on with the rest?",
    sentence: `Those that were tried first have not all ended with a result: ${count(job.completed)} are done, ${count(job.died_again)} died again, ${count(job.open)} are open. The job goes on with the other ${count(leftOf(job))}.`,
    verb: "Go on",
    cli: () => asCli("continue_redrive_job", request),
    curl: () => asCurl("continue_redrive_job", request),
  });
  if (isWanted) await act("continue_redrive_job", request, { done: "The job goes on." });
}

/** @param {"pause" | "continue"} change that was made @param {Job} mine @param {{ path: { job_id: string } }} request */
function takeBack(change, mine, request) {
  const look = async () => jobMeanwhile(change, mine, (await call("read_redrive_job", request)).data);
  return change === "pause"
    ? undoOf({ look, run: () => act("continue_redrive_job", request, { done: "The job goes on." }), already: "The job is not paused any more." })()
    : undoOf({ look, run: () => act("pause_redrive_job", request, { done: "The job is paused again." }), already: "The job is paused already." })();
}
