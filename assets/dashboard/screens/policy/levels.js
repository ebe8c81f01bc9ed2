/** What is wrong where the levels below an event type could not be read, and what was not looked at. */
import { h, html } from "../../parts/html.js";
import { Panel } from "../../parts/panel.js";

/** @param {{ poll: import("../../state/poll.js").Poll<import("../../state/policy-levels.js").Queues> }} props */
export function Levels({ poll }) {
  if (poll.error !== null) return h(Panel, { title: "What is inherited", poll, children: () => null });
  return poll.data?.next_cursor ? html`<p class="note">There are more than ${poll.data.items.length} queues: those behind them by name may say otherwise of what is inherited.</p>` : null;
}
