/** What the engine holds: each lease with a bar to its end, and when it comes back if nothing is heard. */
import { call, serverNow } from "../../api/call.js";
import { comesBack } from "../../rules/engine-words.js";
import { bytes, count } from "../../rules/numbers.js";
import { lasts } from "../../rules/times.js";
import { tick } from "../../state/live.js";
import { usePages } from "../../state/pages.js";
import { may } from "../../state/session.js";
import { cancelEvent } from "../../parts/event-actions.js";
import { h, html } from "../../parts/html.js";
import { short } from "../../parts/id.js";
import { Link } from "../../parts/link.js";
import { Panel } from "../../parts/panel.js";
import { Bar } from "../../parts/spark.js";
import { Stranger } from "../../parts/stranger.js";
import { Table } from "../../parts/table.js";
import { Ago, CountDown } from "../../parts/time.js";
import { twoLines } from "../../parts/two-lines.js";

/** @typedef {import("../../rules/engine-words.js").Engine} Engine */
/** @typedef {import("../../rules/engine-words.js").Held} Held */

const SECONDS = 5;
const LIMIT = 50;

/** @param {{ engine: Engine }} props */
export function EngineLeases({ engine }) {
  const { engine_id } = engine;
  const { poll, rows, more } = usePages(
    `list_engine_leases:${engine_id}`,
    async (cursor, signal) => (await call("list_engine_leases", { path: { engine_id }, query: { view: "brief", limit: LIMIT, cursor }, ...(signal ? { signal } : {}) })).data,
    { seconds: SECONDS, idOf: (/** @type {Held} */ { event_id }) => event_id },
  );
  return h(Panel, {
    title: engine.status === "unresponsive" ? "What it holds still, and when that comes back" : "What it holds",
    poll,
    isEmpty: () => rows.length === 0,
    empty: engine.status === "unresponsive" ? h(Returned, { type: engine.engine_type }) : "It holds nothing.",
    children: () => h(Table, {
      name: "Leases, the newest first",
      rows,
      keyOf: (/** @type {Held} */ { event_id }) => event_id,
      to: (/** @type {Held} */ { event_id }) => ({ screen: "events", id: event_id }),
      columns: columnsOf(engine),
      actions: actionsOf,
      more,
    }),
  });
}

/** @param {{ type: string }} props */
function Returned({ type }) {
  const suspects = h(Link, { to: { screen: "suspects", filters: { engine_type: type } }, children: "events that were lost" });
  return html`<p>Nothing. What it held when it fell silent is back in the queue.</p>${may("list_events") ? html`<p>Those that are still open are among the ${suspects}.</p>` : null}`;
}

/** @param {Held} event @returns {readonly import("../../parts/table.js").Action[]} */
function actionsOf(event) {
  return [{ verb: "Cancel …", operation: "cancel_event", isDanger: true, run: () => cancelEvent({ ...event, status: "processing", available_at: null }) }];
}

/** @param {Engine} engine @returns {import("../../parts/table.js").Column<Held>[]} */
function columnsOf(engine) {
  return [
    { name: "event", title: "Event", phone: "head", cell: ({ event_id, event_type }) => twoLines(h(Stranger, { text: event_type, most: 40 }), html`<span class="id" title=${event_id}>${short(event_id)}</span>`) },
    { name: "attempt", title: "Attempt", align: "right", cell: ({ attempt, retries_left }) => twoLines(count(attempt), retries_left === 1 ? "1 retry left" : `${count(retries_left)} retries left`) },
    { name: "held", title: "Held since", cell: ({ lease }) => h(Ago, { at: lease.leased_at }) },
    { name: "ends", title: "Lease ends in", cell: ({ lease }) => h(Ends, { lease }) },
    { name: "back", title: "If the engine dies now", cell: ({ lease, losses_left }) => h(Back, { engine, lease, isLast: losses_left <= 1 }) },
    { name: "size", title: "Size", align: "right", phone: "hide", cell: ({ payload_bytes }) => html`<span class="number">${bytes(payload_bytes)}</span>` },
  ];
}

/** @param {{ lease: Held["lease"] }} props */
function Ends({ lease: { leased_at, expires_at, deadline_at } }) {
  void tick.value;
  const [from, to, longest, now] = [Date.parse(leased_at), Date.parse(expires_at), Date.parse(deadline_at), serverNow()];
  const title = `${lasts(Math.max(0, now - from) / 1000)} of ${lasts((to - from) / 1000)} have passed`;
  const bar = html`<span class="engine-ends">${h(Bar, { part: now - from, whole: to - from, title, kind: now > to ? "lost" : "busy" })} ${h(CountDown, { to: expires_at, over: "over" })}</span>`;
  return twoLines(bar, longest > to ? html`can be renewed for ${h(CountDown, { to: deadline_at })}` : "cannot be renewed");
}

/** @param {{ engine: Engine, lease: Held["lease"], isLast: boolean }} props */
function Back({ engine, lease, isLast }) {
  const { at, by } = comesBack(engine, lease);
  const what = isLast ? "dead letter" : "comes back";
  return twoLines(html`${what} in ${h(CountDown, { to: at, over: "a moment" })}`, by === "silence" ? "as its engine counts as silent then" : "as its lease ends then");
}
