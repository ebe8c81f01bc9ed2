/** What the dead letters of a run died of, by queue and cause. */
import { call } from "../../api/call.js";
import { valuesOf } from "../../rules/dead-letter-filter.js";
import { count } from "../../rules/numbers.js";
import { usePoll } from "../../state/poll.js";
import { h, html } from "../../parts/html.js";
import { Link } from "../../parts/link.js";
import { Panel } from "../../parts/panel.js";
import { Stranger } from "../../parts/stranger.js";
import { Table } from "../../parts/table.js";
import { Ago } from "../../parts/time.js";
import { twoLines } from "../../parts/two-lines.js";

/** @typedef {import("../../api/types.js").components["schemas"]["DeadLetterGroup"]} Group */
/** @typedef {import("../../api/call.js").Data<"group_dead_letters">} Groups */

const SECONDS = 30;

/** @param {{ id: string }} props */
export function Failures({ id }) {
  const query = { scenario_run_id: id, by: "engine_type,error_fingerprint,error_type" };
  const poll = usePoll(`group_dead_letters:run ${id}`, async (signal) => (await call("group_dead_letters", { query, signal })).data, { seconds: SECONDS });
  return h(Panel, {
    title: "Dead letters by queue and cause",
    poll,
    actions: h(Link, { to: { screen: "dead-letters", filters: { scenario_run_id: id } }, children: "its dead letters" }),
    isEmpty: (/** @type {Groups} */ { items }) => items.length === 0,
    empty: "No dead letter of this run is there now. Those that were redriven or discarded are counted above, and not here.",
    children: (/** @type {Groups} */ { items, has_more }) => html`${h(Table, {
      name: "Dead letters by queue and cause",
      rows: items,
      keyOf: (/** @type {Group} */ { engine_type = "", error_type, error_fingerprint }) => JSON.stringify([engine_type, error_type, error_fingerprint]),
      to: ({ filter }) => ({ screen: "dead-letter-group", filters: valuesOf(filter) }),
      columns: [
        { name: "cause", title: "Cause", phone: "head", width: "wide", cell: (/** @type {Group} */ { error_type, sample_message }) => twoLines(h(Stranger, { text: error_type ?? "no report: the lease was lost", most: 60 }), sample_message === null ? "" : h(Stranger, { text: sample_message, most: 120 })) },
        { name: "count", title: "Dead letters", align: "right", cell: ({ count: many }) => count(many) },
        { name: "queue", title: "Queue", cell: ({ engine_type = "" }) => h(Link, { to: { screen: "queues", id: engine_type }, children: engine_type }) },
        { name: "events", title: "Its events", cell: ({ engine_type }) => h(Link, { to: { screen: "events", filters: { scenario_run_id: id, engine_type, status: "failed" } }, children: "failed in this queue" }) },
        { name: "last", title: "Last died", cell: ({ last_dead_lettered_at }) => h(Ago, { at: last_dead_lettered_at }) },
      ],
    })}${has_more ? html`<p class="note">There are more causes; these are the largest.</p>` : null}`,
  });
}
