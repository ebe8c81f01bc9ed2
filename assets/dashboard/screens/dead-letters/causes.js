/** The causes of dead letters, the newest surge first. */
import { call, serverNow } from "../../api/call.js";
import { BY, BY_TYPE, causesOf, foldingInWords, severalInWords, spanOf } from "../../rules/causes.js";
import { queryOf, reason } from "../../rules/dead-letter-filter.js";
import { count } from "../../rules/numbers.js";
import { visible } from "../../rules/text.js";
import { go, setFilter } from "../../state/place.js";
import { usePoll } from "../../state/poll.js";
import { Button } from "../../parts/button.js";
import { Brief } from "../../parts/brief.js";
import { h, html } from "../../parts/html.js";
import { Message } from "../../parts/message.js";
import { NoDeadLetters } from "./none.js";
import { Panel } from "../../parts/panel.js";
import { purgeMany } from "../../parts/purge-many.js";
import { redriveMany } from "../../parts/redrive-many.js";
import { Span } from "../../parts/span.js";
import { Table } from "../../parts/table.js";
import { Ago } from "../../parts/time.js";
import { twoLines } from "../../parts/two-lines.js";
import { VersionBars } from "../../parts/version-bars.js";

/** @typedef {import("../../rules/causes.js").Cause} Cause */
/** @typedef {Readonly<Record<string, string>>} Values */
/** @typedef {import("../../api/call.js").Data<"group_dead_letters">} Groups */

const EVERY_SECONDS = 30;

/** Of the address of the list of causes: what says how they are shown. @param {Values} values */
function filterOf({ view: _, sort: __, by: ___, ...filter }) {
  return filter;
}

/** @param {Values} values */
export function useGroups(values) {
  const filter = filterOf(values);
  const by = values["by"] === "error_type" ? BY_TYPE : BY;
  const ask = async (/** @type {AbortSignal} */ signal) => (await call("group_dead_letters", { query: { by, ...queryOf(filter, serverNow()) }, signal })).data;
  return usePoll(`group_dead_letters:${by} ${JSON.stringify(filter)}`, ask, { seconds: EVERY_SECONDS });
}

/** @param {{ values: Values }} props */
export function Causes({ values }) {
  const poll = useGroups(values);
  return h(Panel, {
    title: values["by"] === "error_type" ? "Types of errors" : "Causes",
    poll,
    actions: h(AllThatMatch, { data: poll.data, filter: filterOf(values) }),
    isEmpty: (/** @type {{ items: readonly unknown[] }} */ { items }) => items.length === 0,
    empty: h(NoDeadLetters, { values }),
    children: (/** @type {Groups} */ data) => h(CauseTable, { data, values }),
  });
}

/** What is done about all that the filter lets through, which are counted before. @param {{ data: Groups | null, filter: Values }} props */
function AllThatMatch({ data, filter }) {
  if (data === null || data.items.length === 0) return null;
  /** @param {"count" | "redrivable"} of */
  const many = (of) => (data.has_more ? "" : ` (${count(data.items.reduce((sum, group) => sum + group[of], 0))})`);
  const of = severalInWords(data.items, data.has_more);
  const redrive = async () => {
    const job = await redriveMany({ values: filter, of });
    if (job !== null) go({ screen: "redrive-jobs", id: job.job_id });
  };
  const none = data.items.every(({ redrivable }) => redrivable === 0) ? "All of them were redriven as other events already" : null;
  return html`${h(Button, { operation: "create_redrive_job", why: none, onClick: redrive, children: `Redrive all that match${many("redrivable")}` })}
    ${h(Button, { operation: "purge_dead_letters", kind: "danger", onClick: () => purgeMany({ values: filter, of }), children: `Discard all that match${many("count")}` })}`;
}

/** @param {{ data: Groups, values: Values }} props */
function CauseTable({ data, values }) {
  const isNewestFirst = values["sort"] === "newest";
  const isByType = values["by"] === "error_type";
  const causes = causesOf(data.items, isNewestFirst ? "newest" : "most", isByType ? "error_type" : "cause");
  const total = causes.reduce((sum, cause) => sum + cause.count, 0);
  const [one, several] = isByType ? ["type of error", "types of errors"] : ["cause", "causes"];
  const why = isByType ? null : foldingInWords(causes);
  return html`<div>
    <p>${count(total)} dead ${total === 1 ? "letter" : "letters"} of ${count(causes.length)} ${causes.length === 1 ? one : several}${data.has_more ? ". There are more than these: the largest groups are shown, narrow it down" : ""}.
      ${" "}<span class="note">The bar below “First, last” is the time in which they died, from the first to the last of all that are shown.</span></p>
    ${isByType ? html`<p>${h(Button, { onClick: () => setFilter("by", null), children: "Show each cause by itself" })}</p>` : null}
    ${why === null ? null : html`<p class="banner banner-quiet">${visible(why)} ${h(Button, { onClick: () => setFilter("by", "error_type"), children: "Show one row for each type of error" })}</p>`}
    ${h(Table, {
      name: "Causes of dead letters",
      rows: causes,
      keyOf: ({ key }) => key,
      pulse: JSON.stringify(values),
      to: (/** @type {Cause} */ cause) => placeOf(cause, values),
      columns: [
        { name: "message", title: "What they died of", width: "wide", phone: "head", cell: isByType ? typeCell : messageCell },
        { name: "queue", title: "Queue, event type", cell: ({ engineType, eventTypes }) => twoLines(h(Brief, { text: engineType, most: 24 }), severalOf(eventTypes)) },
        { name: "count", title: "Dead", align: "right", sorted: isNewestFirst ? undefined : "descending", sort: () => setFilter("sort", null),
          cell: ({ count: many, redrivable }) => twoLines(html`<b>${count(many)}</b>`, redrivable === many ? null : `${count(redrivable)} to redrive`) },
        { name: "versions", title: "By version", phone: "hide", cell: ({ versions }) => h(VersionBars, { versions }) },
        { name: "last", title: "First, last", sorted: isNewestFirst ? "descending" : undefined, sort: () => setFilter("sort", "newest"),
          cell: (/** @type {Cause} */ cause) => twoLines(
            html`${h(Ago, { at: cause.first })}${cause.count > 1 ? html` – ${h(Ago, { at: cause.last })}` : null}`,
            h(Span, { ...spanOf(cause, causes), words: "Where the first and the last of them lie in the time of all that are shown" })) },
      ],
    })}
  </div>`;
}

/** @param {Cause} cause */
function typeCell({ errorTypes: [type = null], sampleMessage }) {
  return twoLines(type === null ? html`<span class="nothing">no type</span>` : h(Brief, { text: type, most: 80 }), html`the newest: ${h(Brief, { text: sampleMessage, most: 120 })}`);
}

/** @param {Cause} cause */
function messageCell({ sampleMessage, fingerprint, errorTypes, reasons }) {
  const words = reasons.map((each) => reason(each)).join(" or ");
  return twoLines(h(Message, { message: sampleMessage, fingerprint, most: 160 }), html`${errorTypes[0] ? html`${severalOf(errorTypes)} · ` : null}<span title=${reasons.join(", ")}>${words}</span>`);
}

/** @param {readonly (string | null)[]} names */
function severalOf(names) {
  const [first = null, ...others] = names;
  return html`${h(Brief, { text: first, most: 24 })}${others.length > 0 ? html`<span class="note"> and ${others.length} more</span>` : null}`;
}

/** @param {Cause} cause @param {Values} values @returns {import("../../state/place.js").Goal} */
function placeOf({ engineType, fingerprint, errorTypes }, values) {
  const which = values["by"] === "error_type" ? { error_type: errorTypes[0] ?? "" } : { error_fingerprint: fingerprint ?? "" };
  return { screen: "dead-letter-group", filters: { ...filterOf(values), engine_type: engineType, ...which } };
}
