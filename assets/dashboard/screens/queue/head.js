/** How the queue is, why, and what to do about it. */
import { call } from "../../api/call.js";
import { ofFilter } from "../../rules/choice.js";
import { inWords } from "../../rules/event-filter.js";
import { stateOf } from "../../rules/queue-state.js";
import { usePoll } from "../../state/poll.js";
import { useOverview } from "../../state/overview.js";
import { Advice } from "../../parts/advice.js";
import { Button } from "../../parts/button.js";
import { CopyAs } from "../../parts/copy-as.js";
import { enqueueInto } from "../../parts/enqueue.js";
import { cancelThese } from "../../parts/events-chosen.js";
import { h, html } from "../../parts/html.js";
import { Link } from "../../parts/link.js";
import { Panel } from "../../parts/panel.js";
import { pause, resume } from "../../parts/pause.js";
import { Remedy } from "../../parts/remedy.js";
import { Stranger } from "../../parts/stranger.js";
import { At, CountDown } from "../../parts/time.js";
import { Status } from "../../parts/words.js";
import { Quarantines } from "./quarantines.js";

/** @typedef {import("../../rules/queue-settings.js").Queue} Queue */
/** @typedef {import("../../api/call.js").Data<"explain_queue">} Explanation */

/** @param {{ name: string, poll: import("../../state/poll.js").Poll<Queue> }} props */
export function Head({ name, poll }) {
  const queue = poll.data;
  return h(Panel, {
    title: name,
    poll,
    actions: html`${h(CopyAs, { operation: "read_queue", request: { path: { engine_type: name } } })}${queue ? html`${h(PauseOrResume, { queue })}
      ${h(Button, { operation: "enqueue_event", onClick: () => enqueueInto(name, queue.pause !== null), children: "Enqueue …" })}
      ${h(Button, { operation: "cancel_events", kind: "danger", why: queue.due + queue.delayed === 0 ? "No event is queued" : null, onClick: () => cancelQueued(name), children: "Cancel all queued …" })}` : null}`,
    gone: h(NoQueue, { name }),
    children: (/** @type {Queue} */ data) => h(State, { queue: data }),
  });
}

/** @param {string} name */
function cancelQueued(name) {
  const filter = { engine_type: name };
  return cancelThese(ofFilter(filter, inWords(filter)));
}

/** @param {{ queue: Queue }} props */
function PauseOrResume({ queue }) {
  if (!queue.pause) return h(Button, { operation: "pause_queue", onClick: () => pause(queue), children: "Pause" });
  return html`${h(Button, { operation: "pause_queue", onClick: () => pause(queue), children: "Change the pause" })}
    ${h(Button, { operation: "resume_queue", kind: "main", onClick: () => resume(queue), children: "Resume" })}`;
}

/** @param {{ queue: Queue }} props */
function State({ queue }) {
  const attention = useOverview().data?.attention.filter(({ subject }) => subject.engine_type === queue.engine_type) ?? [];
  const state = stateOf(queue, attention, queue.settings.max_processing.value);
  return html`<div class="queue-state">
    <p class="queue-word">${h(Status, { word: state.word, kind: state.kind })} <span>${h(Stranger, { text: state.why, most: 400 })}</span></p>
    ${queue.pause?.resume_at ? html`<p>It goes on by itself at ${h(At, { at: queue.pause.resume_at })}, in ${h(CountDown, { to: queue.pause.resume_at })}.</p>` : null}
    ${isEmpty(queue) ? html`<p class="note">It has no events and no engines: it is kept for its settings alone.</p>` : null}
    ${h(Quarantines, { name: queue.engine_type, quarantines: queue.quarantines })}
    ${h(Explained, { name: queue.engine_type })}
  </div>`;
}

/** @param {Queue} queue */
function isEmpty({ due, delayed, processing, dead_letters, engines }) {
  return due + delayed + processing + dead_letters + engines.active + engines.draining + engines.unresponsive + engines.quarantined === 0;
}

/** The verdict in a line; all reasons below it. @param {{ name: string }} props */
function Explained({ name }) {
  const poll = usePoll(`explain_queue:${name}`, async (signal) => (await call("explain_queue", { path: { engine_type: name }, signal })).data, { seconds: 10 });
  return h(Panel, {
    poll,
    children: (/** @type {Explanation} */ { verdict, reasons }) => {
      const others = reasons.filter(({ message }) => message !== verdict.message);
      const decisive = reasons.find(({ message }) => message === verdict.message);
      return html`<p class="queue-verdict">${h(Stranger, { text: capital(verdict.message, name), most: 400 })} <code class="code">${verdict.code}</code></p>
        ${decisive ? h(Reason, { reason: decisive }) : null}
        ${others.length === 0 ? null : html`<ul class="queue-reasons">${others.map((reason) => html`<li key=${reason.code + reason.message}>
          <span>${h(Stranger, { text: capital(reason.message, name), most: 400 })} <code class="code">${reason.code}</code></span> ${h(Reason, { reason })}</li>`)}</ul>`}`;
    },
  });
}

/** A sentence begins with a capital letter, but not where the name of the queue does. @param {string} text @param {string} name */
function capital(text, name) {
  return text.startsWith(name) ? text : text.charAt(0).toUpperCase() + text.slice(1);
}

/** What these call for stands on the page already. */
const QUEUE_HAS = ["paused", "queue_paused", "version_quarantined"];

/** Its times, and what to do. @param {{ reason: Explanation["reasons"][number] }} props */
function Reason({ reason }) {
  const { since, until, what_to_do } = reason;
  if (!since && !until && !what_to_do) return null;
  return html`<div class="queue-reason">${since ? html`<span class="note">since ${h(At, { at: since })}</span>` : null}
    ${until ? html`<span class="note">until ${h(At, { at: until })}</span>` : null}${QUEUE_HAS.includes(reason.code) ? null : h(Remedy, { reason })}${h(Advice, { text: what_to_do })}</div>`;
}

/** @param {{ name: string }} props */
function NoQueue({ name }) {
  return html`<p>There is no queue <b>${h(Stranger, { text: name, most: 64 })}</b>, or your token may not see it. It is made by the first event for it,
    ${" "}or the first engine that registers with its name.
    ${" "}${h(Link, { to: { screen: "queues", filters: { q: name.slice(0, 64) } }, children: "Queues with such names" })}</p>`;
}
