/** What holds where an event type says nothing: the server's policy, and the queues that have parts of their own. */
import { delaysInWords } from "../../rules/retry-delays.js";
import { delaysWith, inheritedFrom, queuesWithOwn, valueOf } from "../../rules/retry-policy.js";
import { h, html } from "../../parts/html.js";
import { Link } from "../../parts/link.js";
import { Panel } from "../../parts/panel.js";

/** @typedef {import("../../state/policy-levels.js").Queues} Queues */

const QUEUES_MOST = 20;

/** @param {{ poll: import("../../state/poll.js").Poll<Queues> }} props */
export function Levels({ poll }) {
  return h(Panel, { title: "Where an event type has no policy of its own", poll, children: (/** @type {Queues} */ queues) => h(Told, { queues }) });
}

/** For a screen that says of each part where it comes from: only what could not be read. @param {{ poll: import("../../state/poll.js").Poll<Queues> }} props */
export function LevelsNotRead({ poll }) {
  if (poll.error !== null) return h(Panel, { title: "What is inherited", poll, children: () => null });
  return poll.data?.next_cursor ? h(More, { many: poll.data.items.length }) : null;
}

/** @param {{ many: number }} props */
function More({ many }) {
  return html`<p class="note">There are more than ${many} queues: those behind them by name may have policies of their own, too.</p>`;
}

/** @param {{ queues: Queues }} props */
function Told({ queues: { items, next_cursor } }) {
  const inherited = inheritedFrom(items);
  const delays = delaysWith(null, inherited);
  const losses = valueOf(null, inherited, "dead_letter_threshold");
  const own = queuesWithOwn(inherited);
  return html`<p>The server: ${delays === null || losses === null ? "its policy is shown by queues, and none of those that could be read shows all of it." : `${delays.retries === 1 ? "1 retry" : `${delays.retries} retries`}. ${delaysInWords(delays)} Silent losses that make a dead letter: ${losses}.`}</p>
    <p>${own.length === 0 ? "No queue has a policy of its own." : html`Queues with a policy of their own: ${own.slice(0, QUEUES_MOST).map((queue, place) => html`<span key=${queue}>${place > 0 ? ", " : ""}${h(Link, { to: { screen: "queues", id: queue }, children: queue })}</span>`)}${own.length > QUEUES_MOST ? ` and ${own.length - QUEUES_MOST} more` : ""}.`}</p>
    ${next_cursor ? h(More, { many: items.length }) : null}`;
}
