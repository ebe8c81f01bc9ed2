/** One event: what happened to it, and why it does not run. */
import { useEffect, useState } from "../vendor/hooks.js";
import { callWithText } from "../api/call.js";
import { usePoll } from "../state/poll.js";
import { AuditPanel } from "../parts/audit-panel.js";
import { h, html } from "../parts/html.js";
import { Panel } from "../parts/panel.js";
import { EventAttempts } from "./event/attempts.js";
import { EventContents } from "./event/contents.js";
import { EventExplain } from "./event/explain.js";
import { EventHead } from "./event/head.js";
import { EventRelated } from "./event/related.js";
import { NoEvent } from "./event/no-event.js";

/** @typedef {{ data: import("../rules/event-words.js").Event, text: string }} Told */

const OPEN_SECONDS = 2;
/** One that has ended may be redriven by somebody else. */
const ENDED_SECONDS = 15;
/** What an engine reported comes along each time. */
const LARGE_BYTES = 65_536;

/** @param {import("./list.js").ScreenProps} props */
function View({ id, values }) {
  const [seconds, setSeconds] = useState(OPEN_SECONDS);
  const poll = usePoll(`read_event:${id}`, (signal) => callWithText("read_event", { path: { event_id: id }, signal }), { seconds });
  const event = poll.data?.data;
  useEffect(() => {
    if (!event) return;
    const bytes = event.error_bytes + event.progress_bytes + event.result_bytes;
    setSeconds(event.finished_at !== null || bytes > LARGE_BYTES ? ENDED_SECONDS : OPEN_SECONDS);
  }, [event]);
  if (poll.data === null && poll.error?.status === 404) return h(NoEvent, { id });
  return html`<div class="event">
    ${h(Panel, { poll, children: ({ data }) => h(EventHead, { event: data }) })}
    ${event ? html`<div class="event">
      ${h(EventExplain, { event })}
      ${h(EventAttempts, { event, open: values["open"] ?? null })}
      ${h(EventContents, { event, text: poll.data?.text ?? "" })}
      ${h(EventRelated, { event })}
      ${h(AuditPanel, { subject: id, empty: "Nobody has changed this event alone. Changes of many events at once are in the audit trail of their queue." })}
    </div>` : null}
  </div>`;
}

/** @type {import("./list.js").Screen} */
export const screen = { filters: { open: { kind: "number", least: 1 } }, isOfId: true, view: View };
