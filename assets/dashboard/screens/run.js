/** One scenario run: how far it is, what failed where, and cancelling what is left of it. */
import { call } from "../api/call.js";
import { events, openOf, partsOf, sentenceOf, stateOf, sumOf } from "../rules/run.js";
import { count, percent } from "../rules/numbers.js";
import { usePoll } from "../state/poll.js";
import { may } from "../state/session.js";
import { AuditPanel } from "../parts/audit-panel.js";
import { Copy } from "../parts/copy.js";
import { CopyAs } from "../parts/copy-as.js";
import { h, html } from "../parts/html.js";
import { Link } from "../parts/link.js";
import { Panel } from "../parts/panel.js";
import { Stranger } from "../parts/stranger.js";
import { At } from "../parts/time.js";
import { Status } from "../parts/words.js";
import { RunButtons } from "./run/buttons.js";
import { Failures } from "./run/failures.js";

/** @typedef {import("../rules/run.js").Run} Run */

const SECONDS = 5;

/** @param {import("./list.js").ScreenProps} props */
function OneRun({ id }) {
  const request = { path: { scenario_run_id: id } };
  const poll = usePoll(`read_scenario_run:${id}`, async (signal) => (await call("read_scenario_run", { ...request, signal })).data, { seconds: SECONDS });
  return html`<div>
    ${h(Panel, {
      title: "How far it is",
      poll,
      actions: poll.data === null ? null : h(RunButtons, { id, run: poll.data }),
      children: (/** @type {Run} */ run) => html`<div>
        <p>Run <b>${h(Stranger, { text: id, most: 64 })}</b> ${h(Copy, { text: id })}</p>
        <p>${h(Status, stateOf(run))} ${sentenceOf(run)}</p>
        ${sumOf(run) === 0 ? null : h(Bar, { run })}
        ${h(Facts, { id, run })}
      </div>`,
    })}
    ${may("group_dead_letters") ? h(Failures, { id }) : null}
    ${h(AuditPanel, { subject: id, empty: "Nobody has cancelled or reopened this run." })}
    <p>${h(CopyAs, { operation: "read_scenario_run", request })}</p>
  </div>`;
}

/** @param {{ run: Run }} props */
function Bar({ run }) {
  const parts = partsOf(run).filter((part) => part.count > 0);
  const sum = sumOf(run);
  return html`<div class="job-bar" role="img" aria-label=${parts.map(({ name, count: many }) => `${count(many, run.is_approximate)} ${name}`).join(", ")}>${parts.map(({ name, kind, count: many }) => {
    /** @param {HTMLElement | null} part */
    const long = (part) => part?.style.setProperty("flex-grow", String(many / sum));
    return html`<span key=${name} class=${`job-bar-part job-bar-${kind}`} ref=${long} title=${`${count(many, run.is_approximate)} ${name}`}></span>`;
  })}</div>`;
}

/** @param {{ id: string, run: Run }} props */
function Facts({ id, run }) {
  const sum = sumOf(run);
  const ended = sum - openOf(run);
  return html`<dl class="facts">
    ${partsOf(run).map(({ status, name, count: many }) => html`<div key=${status}><dt>${name}</dt><dd>${may("list_events") && many > 0
      ? h(Link, { to: { screen: "events", filters: { scenario_run_id: id, status } }, children: count(many, run.is_approximate) })
      : count(many, run.is_approximate)}</dd></div>`)}
    ${sum === 0 ? null : html`<div><dt>ended</dt><dd>${percent(ended / sum)} of ${events(sum, run.is_approximate)}</dd></div>`}
    <div><dt>first event created</dt><dd>${h(At, { at: run.first_created_at })}</dd></div>
    <div><dt>last event ended</dt><dd>${h(At, { at: run.last_ended_at })}</dd></div>
    ${run.cancelled_at === null ? null : html`<div><dt>cancelled</dt><dd>${h(At, { at: run.cancelled_at })}${run.cancelled_by === null ? null : html` by ${h(Stranger, { text: run.cancelled_by })}`}</dd></div>`}
    ${run.cancelled_in.length === 0 ? null : html`<div><dt>cancelled only in</dt><dd>${run.cancelled_in.map((queue, place) => html`<span key=${queue}>${place > 0 ? ", " : ""}${h(Link, { to: { screen: "queues", id: queue }, children: queue })}</span>`)}</dd></div>`}
  </dl>
  ${run.is_approximate ? html`<p class="note">There are more events than the server counts: 10,000 of each kind, and the newest 10,000 that are stored.</p>` : null}`;
}

/** @type {import("./list.js").Screen} */
export const screen = { filters: {}, view: OneRun };
