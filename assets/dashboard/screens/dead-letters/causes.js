/** The causes of dead letters, the newest surge first. */
import { call, serverNow } from "../../api/call.js";
import { BY, causesOf, spanOf } from "../../rules/causes.js";
import { queryOf, reason } from "../../rules/dead-letter-filter.js";
import { count } from "../../rules/numbers.js";
import { setFilter } from "../../state/place.js";
import { usePoll } from "../../state/poll.js";
import { Brief } from "../../parts/brief.js";
import { h, html } from "../../parts/html.js";
import { Message } from "../../parts/message.js";
import { NoDeadLetters } from "./none.js";
import { Panel } from "../../parts/panel.js";
import { Span } from "../../parts/span.js";
import { Table } from "../../parts/table.js";
import { Ago } from "../../parts/time.js";
import { twoLines } from "../../parts/two-lines.js";
import { VersionBars } from "../../parts/version-bars.js";

/** @typedef {import("../../rules/causes.js").Cause} Cause */
/** @typedef {Readonly<Record<string, string>>} Values */

const EVERY_SECONDS = 30;

/** @param {Values} values @returns {string} of the poll: it asks anew with another filter */
export function groupsKey(values) {
  const { view: _, sort: __, ...filter } = values;
  return `group_dead_letters:${JSON.stringify(filter)}`;
}

/** @param {Values} values */
export function useGroups(values) {
  const ask = async (/** @type {AbortSignal} */ signal) =>
    (await call("group_dead_letters", { query: { by: BY, ...queryOf(values, serverNow()) }, signal })).data;
  return usePoll(groupsKey(values), ask, { seconds: EVERY_SECONDS });
}

/** @param {{ values: Values }} props */
export function Causes({ values }) {
  const poll = useGroups(values);
  return h(Panel, {
    title: "Causes",
    poll,
    isEmpty: (/** @type {{ items: readonly unknown[] }} */ { items }) => items.length === 0,
    empty: h(NoDeadLetters, { values }),
    children: (/** @type {import("../../api/call.js").Data<"group_dead_letters">} */ data) => h(CauseTable, { data, values }),
  });
}

/** @param {{ data: import("../../api/call.js").Data<"group_dead_letters">, values: Values }} props */
function CauseTable({ data, values }) {
  const isByCount = values["sort"] === "most";
  const causes = causesOf(data.items, isByCount ? "most" : "newest");
  const total = causes.reduce((sum, cause) => sum + cause.count, 0);
  return html`<div>
    <p>${count(total)} dead letters of ${count(causes.length)} ${causes.length === 1 ? "cause" : "causes"}${data.has_more ? ". There are more than these: the largest groups are shown, narrow it down" : ""}.</p>
    ${h(Table, {
      name: "Causes of dead letters",
      rows: causes,
      keyOf: ({ key }) => key,
      pulse: JSON.stringify(values),
      to: (/** @type {Cause} */ cause) => placeOf(cause, values),
      columns: [
        { name: "message", title: "What they died of", width: "wide", phone: "head", cell: messageCell },
        { name: "queue", title: "Queue, event type", cell: ({ engineType, eventTypes }) => twoLines(h(Brief, { text: engineType, most: 24 }), several(eventTypes)) },
        { name: "count", title: "Dead", align: "right", sorted: isByCount ? "descending" : undefined, sort: () => setFilter("sort", "most"),
          cell: ({ count: many, redrivable }) => twoLines(html`<b>${count(many)}</b>`, redrivable === many ? null : `${count(redrivable)} to redrive`) },
        { name: "versions", title: "By version", phone: "hide", cell: ({ versions }) => h(VersionBars, { versions }) },
        { name: "last", title: "First, last", sorted: isByCount ? undefined : "descending", sort: () => setFilter("sort", null),
          cell: (/** @type {Cause} */ cause) => twoLines(
            html`${h(Ago, { at: cause.first })}${cause.count > 1 ? html` – ${h(Ago, { at: cause.last })}` : null}`,
            h(Span, { ...spanOf(cause, causes), words: "Where the first and the last of them lie in the time of all that are shown" })) },
      ],
    })}
  </div>`;
}

/** @param {Cause} cause */
function messageCell({ sampleMessage, fingerprint, errorTypes, reasons }) {
  const words = reasons.map((each) => reason(each)).join(" or ");
  return twoLines(h(Message, { message: sampleMessage, fingerprint, most: 160 }), html`${errorTypes[0] ? html`${several(errorTypes)} · ` : null}<span title=${reasons.join(", ")}>${words}</span>`);
}

/** @param {readonly (string | null)[]} names */
function several(names) {
  const [first = null, ...others] = names;
  return html`${h(Brief, { text: first, most: 24 })}${others.length > 0 ? html`<span class="note"> and ${others.length} more</span>` : null}`;
}

/** @param {Cause} cause @param {Values} values @returns {import("../../state/place.js").Goal} */
function placeOf({ engineType, fingerprint }, values) {
  const { view: _, sort: __, ...filter } = values;
  return { screen: "dead-letter-group", filters: { ...filter, engine_type: engineType, error_fingerprint: fingerprint ?? "" } };
}

