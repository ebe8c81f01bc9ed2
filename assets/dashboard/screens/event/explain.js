/** Why the event stands as it does, by the rules by which the service decides. */
import { call } from "../../api/call.js";
import { may } from "../../state/session.js";
import { usePoll } from "../../state/poll.js";
import { Advice } from "../../parts/advice.js";
import { h, html } from "../../parts/html.js";
import { Link } from "../../parts/link.js";
import { Panel } from "../../parts/panel.js";
import { Remedy } from "../../parts/remedy.js";
import { Stranger } from "../../parts/stranger.js";
import { Ago, At, CountDown } from "../../parts/time.js";

/** @typedef {import("../../api/call.js").Data<"explain_event">} Explanation */
/** @typedef {Explanation["reasons"][number]} Reason */

const OPEN_SECONDS = 5;

/** @param {{ event: import("../../rules/event-words.js").Event }} props */
export function EventExplain({ event }) {
  // How it completed is said above.
  return may("explain_event") && event.status !== "completed" ? h(Explain, { event }) : null;
}

/** @param {{ event: import("../../rules/event-words.js").Event }} props */
function Explain({ event }) {
  const { event_id: id, status } = event;
  const isOpen = event.finished_at === null;
  // Another status has other reasons.
  const key = `explain_event:${id}:${status}`;
  const poll = usePoll(key, async (signal) => (await call("explain_event", { path: { event_id: id }, signal })).data, { seconds: isOpen ? OPEN_SECONDS : null });
  const title = status === "queued" ? "Why it does not run" : status === "processing" ? "Where it is" : "How it ended";
  return h(Panel, { title, poll, children: (/** @type {Explanation} */ told) => h(Reasons, { told, isWaiting: status === "queued" }) });
}

/** @param {{ told: Explanation, isWaiting: boolean }} props */
function Reasons({ told, isWaiting }) {
  const first = told.reasons.find((reason) => reason.is_decisive) ?? told.reasons[0];
  const others = told.reasons.filter((reason) => reason !== first);
  return html`<div class="explain">
    <p class="explain-verdict">${h(Stranger, { text: sentence(told.verdict.message, first), most: 1000 })} <code class="code">${told.verdict.code}</code></p>
    ${first ? h(More, { reason: first }) : null}
    ${told.expected_start_at ? html`<p>An engine is likely to take it at ${h(At, { at: told.expected_start_at })}: in ${h(CountDown, { to: told.expected_start_at, over: "no time" })}.</p>` : null}
    ${others.length === 0 ? null : html`<details open=${isWaiting}><summary>${others.length === 1 ? "One thing more" : `${others.length} things more`}${isWaiting ? ", in the way or coming next" : ""}</summary>
      <ol class="explain-reasons">${others.map((reason) => html`<li key=${reason.code + reason.message}>
        <p class=${reason.is_decisive ? "explain-decisive" : ""}>${h(Stranger, { text: sentence(reason.message, reason), most: 1000 })}
          ${" "}<code class="code">${reason.code}</code>${reason.is_decisive ? " – this alone would keep it" : ""}</p>
        ${h(More, { reason })}</li>`)}</ol></details>`}
  </div>`;
}

/** Since when, until when, what to do, and where to look. @param {{ reason: Reason }} props */
function More({ reason }) {
  const { since, until, what_to_do, subject } = reason;
  const engine = subject.engine_id;
  return html`<div class="explain-more">
    ${since ? html`<span>since ${h(Ago, { at: since })}</span>` : null}
    ${until ? html`<span>until ${h(At, { at: until })}: ${h(CountDown, { to: until, over: "over" })} left</span>` : null}
    ${h(Remedy, { reason })}
    ${h(Advice, { text: what_to_do })}
    ${engine ? h(Link, { to: may("read_engine") ? { screen: "engines", id: engine } : { screen: "events", filters: { leased_by: engine } }, children: "what this engine is doing" }) : null}
    ${!engine && subject.engine_type ? h(Link, { to: { screen: "queues", id: subject.engine_type }, children: "the queue" }) : null}
  </div>`;
}

/** With a capital letter, but where it begins with the name of a queue. @param {string} text @param {Reason | undefined} reason */
function sentence(text, reason) {
  const name = reason?.subject.engine_type;
  const begun = name && text.startsWith(name) ? text : text.slice(0, 1).toUpperCase() + text.slice(1);
  return begun + (/[.!?]$/.test(text) ? "" : ".");
}
