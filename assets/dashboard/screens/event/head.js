/** How the event stands, in a sentence; its budgets; and what can be done about it. */
import { serverNow } from "../../api/call.js";
import { budgetsOf, policyInWords, sentenceOf, stateOf } from "../../rules/event-words.js";
import { tick } from "../../state/live.js";
import { may } from "../../state/session.js";
import { Button } from "../../parts/button.js";
import { Copy } from "../../parts/copy.js";
import { CopyAs } from "../../parts/copy-as.js";
import { h, html } from "../../parts/html.js";
import { Link } from "../../parts/link.js";
import { onDemand } from "../../parts/on-demand.js";
import { Stranger } from "../../parts/stranger.js";
import { At } from "../../parts/time.js";
import { Status } from "../../parts/words.js";
import { DeadLetterButtons } from "./dead-letter-buttons.js";

/** @typedef {import("../../rules/event-words.js").Event} Event */

const DOTS_MOST = 12;
const actions = () => import("../../parts/event-actions.js");
const enqueuing = () => import("../../parts/enqueue.js");

/** @param {{ event: Event }} props */
export function EventHead({ event }) {
  void tick.value;
  const now = serverNow();
  const { word, kind } = stateOf(event, now);
  return html`<div class="event-head">
    <div class="event-title">
      ${h(Status, { word, kind, code: event.dead_letter_reason ?? event.status })}
      <h2>${h(Stranger, { text: event.event_type })} <small>in ${h(Link, { to: { screen: "queues", id: event.engine_type }, children: h(Stranger, { text: event.engine_type }) })}</small></h2>
      <span class="event-id"><span class="id">${event.event_id}</span> ${h(Copy, { text: event.event_id, label: "copy id" })}</span>
    </div>
    <p class="event-sentence">${sentenceOf(event, now)}</p>
    ${event.is_suspect ? html`<p class="event-suspect">${h(Status, { word: "suspect", kind: "lost" })} It was lost silently, so it is
      leased alone, or beside no other such event: a payload that kills engines takes no others with it.</p>` : null}
    <dl class="event-facts">
      ${budgetsOf(event).map((budget) => html`<div key=${budget.name}><dt>${budget.name}</dt><dd>${h(Dots, budget)}</dd></div>`)}
      <div><dt>priority</dt><dd>${event.priority} of 9</dd></div>
      <div><dt>enqueued</dt><dd>${h(At, { at: event.created_at })}</dd></div>
      ${event.status === "queued" ? html`<div><dt>due</dt><dd>${h(At, { at: event.available_at })}</dd></div>` : null}
      ${event.finished_at ? html`<div><dt>ended</dt><dd>${h(At, { at: event.finished_at })}</dd></div>` : null}
      ${h(Policy, { event })}
    </dl>
    <div class="event-actions">${h(Actions, { event, now })}${h(Button, { operation: "enqueue_event", onClick: () => onDemand(enqueuing, ({ enqueueCopy }) => enqueueCopy(event)), children: "Enqueue a copy …" })}${h(CopyAs, { operation: "read_event", request: { path: { event_id: event.event_id } } })}</div>
  </div>`;
}

/** @param {{ event: Event }} props */
function Policy({ event }) {
  const words = policyInWords(event);
  const link = may("read_retry_policy") ? h(Link, { to: { screen: "policies", id: event.event_type }, children: "policy of its type" }) : null;
  if (words === null && link === null) return null;
  return html`<div><dt>retry policy</dt><dd>${words}${words !== null && link !== null ? html` · ` : null}${link}</dd></div>`;
}

/** @param {import("../../rules/event-words.js").Budget} props */
function Dots({ spent, total, words, name }) {
  const isDrawn = total !== null && total <= DOTS_MOST;
  return html`<span class="event-budget" title=${words}>
    ${isDrawn ? html`<span aria-hidden="true">${Array.from({ length: total }, (_, place) => html`<span key=${place} class=${place < spent ? "event-dot event-dot-spent" : "event-dot"}></span>`)}</span> ` : null}
    <span class=${total !== null && spent > 0 && spent >= total - 1 ? "event-budget-low" : ""}>${spent}${total === null ? "" : ` of ${total}`}</span>
    <span class="hidden">${name}: ${words}</span></span>`;
}

/** @param {{ event: Event, now: number }} props */
function Actions({ event, now }) {
  const cancel = () => onDemand(actions, ({ cancelEvent }) => cancelEvent(event));
  const isLater = event.available_at !== null && Date.parse(event.available_at) > now;
  if (event.status === "queued") {
    return html`
      ${isLater ? h(Button, { operation: "change_event", kind: "main", onClick: () => onDemand(actions, ({ runNow }) => runNow(event)), children: "Run now" }) : null}
      ${h(Button, { operation: "change_event", onClick: () => onDemand(actions, ({ runLater }) => runLater(event)), children: "Run later …" })}
      ${h(Button, { operation: "change_event", onClick: () => onDemand(actions, ({ setPriority }) => setPriority(event)), children: "Priority …" })}
      ${h(Button, { operation: "cancel_event", kind: "danger", onClick: cancel, children: "Cancel …" })}`;
  }
  if (event.status === "processing") {
    const why = event.cancel_requested ? "Its cancellation is asked for already" : null;
    return h(Button, { operation: "cancel_event", kind: "danger", why, onClick: cancel, children: "Cancel …" });
  }
  return event.dead_letter_reason === null ? null : h(DeadLetterButtons, { letter: event });
}
