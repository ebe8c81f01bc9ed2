/** A list without events: by its filter, or by nature. */
import { call, serverNow } from "../../api/call.js";
import { leftOutOf, queryOf } from "../../rules/event-filter.js";
import { setFilters } from "../../state/place.js";
import { useOnce } from "../../state/poll.js";
import { Button } from "../../parts/button.js";
import { CopyCurl } from "../../parts/copy-as.js";
import { h, html } from "../../parts/html.js";
import { Link } from "../../parts/link.js";
import { At } from "../../parts/time.js";

/** @param {{ values: Readonly<Record<string, string>> }} props */
export function NoEvents({ values }) {
  const names = Object.keys(values);
  if (names.length > 0) {
    const clear = () => setFilters(Object.fromEntries(names.map((name) => [name, null])));
    return html`<div><p>No event matches. Each part of the filter above has a cross to take it away.${leftOutOf(values) ? html` ${leftOutOf(values)}` : null}</p>${isCheap(values) ? h(Before, { values }) : null}${h(Button, { onClick: clear, children: "clear all" })}</div>`;
  }
  const request = { body: { engine_type: "dialogue", event_type: "line.requested", payload: { text: "Hello" } } };
  return html`<div><p>There are no events yet. A producer enqueues one by a POST to api/v1/events; this line is ready for a terminal:</p>
    ${h(CopyCurl, { operation: "enqueue_event", request })}</div>`;
}

/** Filters with which the newest event is one read of an index. @param {Readonly<Record<string, string>>} values */
function isCheap(values) {
  return values["created_after"] !== undefined && Object.keys(values).every((name) => name === "created_after" || name === "engine_type");
}

/** With a time range: when there was one last. @param {{ values: Readonly<Record<string, string>> }} props */
function Before({ values }) {
  const query = queryOf({ ...values, created_before: values["created_after"] ?? "" }, serverNow());
  const { data } = useOnce(`list_events:before:${JSON.stringify(values)}`, async (signal) =>
    (await call("list_events", { query: { ...query, created_after: undefined, view: "brief", limit: 1 }, signal })).data.items);
  const [newest] = data ?? [];
  if (data === null) return null;
  return newest ? html`<p>The newest before that is from ${h(At, { at: newest.created_at })}: ${h(Link, { to: { screen: "events", id: newest.event_id }, children: "open it" })}</p>` : html`<p>There is none before that either.</p>`;
}
