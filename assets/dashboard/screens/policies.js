/** Event types that have a retry policy of their own; any other is opened by its name. */
import { call } from "../api/call.js";
import { lasts } from "../rules/times.js";
import { delaysInShort, retriesAt } from "../rules/retry-delays.js";
import { delaysWith, inheritedFrom, ownOf, PARTS, sourceOf, valueOf } from "../rules/retry-policy.js";
import { usePages } from "../state/pages.js";
import { usePolicyLevels } from "../state/policy-levels.js";
import { said } from "../parts/act.js";
import { CopyAs } from "../parts/copy-as.js";
import { FilterBar } from "../parts/filter-bar.js";
import { h, html } from "../parts/html.js";
import { tell } from "../parts/notices.js";
import { Panel } from "../parts/panel.js";
import { Stranger } from "../parts/stranger.js";
import { Table } from "../parts/table.js";
import { twoLines } from "../parts/two-lines.js";
import { ByName } from "./policy/by-name.js";
import { Levels } from "./policy/levels.js";
import { removePolicy } from "./policy/remove.js";

/** @typedef {import("../api/types.js").components["schemas"]["EventTypePolicy"]} OfType */
/** @typedef {import("../rules/retry-policy.js").Inherited} Inherited */

const PAGE = 200;
const EVERY_SECONDS = 10;
const NAME_MOST = 64;
/** @type {Readonly<Record<string, import("../rules/filters.js").FilterSpec>>} */
const FILTERS = { event_type: { kind: "text", most: NAME_MOST } };

/** @param {import("./list.js").ScreenProps} props */
function Policies({ values }) {
  const { poll, rows, more } = usePages(
    "list_event_types",
    async (cursor, signal) => (await call("list_event_types", { query: { limit: PAGE, cursor }, signal })).data,
    { seconds: EVERY_SECONDS, idOf: (/** @type {OfType} */ each) => each.event_type },
  );
  const levels = usePolicyLevels();
  const inherited = inheritedFrom(levels.data?.items ?? []);
  const wanted = values["event_type"];
  const shown = wanted === undefined ? rows : rows.filter(({ event_type }) => event_type.toLowerCase().includes(wanted.toLowerCase()));
  return html`<div>
    ${h(ByName, null)}
    ${h(FilterBar, { fields: [{ name: "event_type", title: "name has" }], values, specs: FILTERS, children: h(CopyAs, { operation: "list_event_types", request: { query: {} } }) })}
    ${h(Panel, {
      title: "Event types with a retry policy of their own",
      poll,
      isEmpty: () => rows.length === 0,
      empty: html`<p>No event type has a retry policy of its own: the queue of an event decides, or else the server.</p><p>Open an event type by its name above to see what holds for its events, and to set a policy.</p>`,
      children: () => html`${more !== null && wanted !== undefined ? html`<p class="note">The name is looked for among the ${rows.length} event types that are loaded.</p>` : null}
        ${shown.length === 0 ? html`<div class="empty">None of the ${rows.length} event types has this in its name.</div>` : null}
        ${h(Table, {
          name: "Retry policies",
          rows: shown,
          more: more === null ? null : () => more().catch((error) => tell(said(error), { isBad: true })),
          keyOf: (/** @type {OfType} */ { event_type }) => event_type,
          to: ({ event_type }) => ({ screen: "policies", id: event_type }),
          actions: (/** @type {OfType} */ each) => actionsOf(each, inherited),
          pulse: wanted ?? "",
          columns: columnsOf(inherited),
        })}`,
    })}
    ${h(Levels, { poll: levels })}
  </div>`;
}

/** @param {OfType} each @param {Inherited} inherited @returns {import("../parts/table.js").Action[]} */
function actionsOf(each, inherited) {
  return [{ verb: "Remove …", operation: "remove_retry_policy", isDanger: true, run: () => removePolicy(each, inherited) }];
}

/** @param {Inherited} inherited @returns {import("../parts/table.js").Column<OfType>[]} */
function columnsOf(inherited) {
  return [
    { name: "event_type", title: "Event type", phone: "head", cell: ({ event_type }) => h(Stranger, { text: event_type, most: NAME_MOST }) },
    { name: "max_retries", title: "Retries", align: "right", cell: ({ retry_policy }) => h(Count, { policy: retry_policy, path: "max_retries", inherited }) },
    { name: "delays", title: "Delays", width: "wide", cell: ({ retry_policy }) => h(InShort, { policy: retry_policy, inherited }) },
    { name: "dead_letter_threshold", title: "Silent losses", align: "right", cell: ({ retry_policy }) => h(Count, { policy: retry_policy, path: "dead_letter_threshold", inherited }) },
    { name: "source", title: "Source", cell: ({ retry_policy }) => html`<span title=${ownParts(retry_policy)}>${sourceOf(retry_policy)}</span>` },
  ];
}

/** @param {{ policy: OfType["retry_policy"], path: string, inherited: Inherited }} props */
function Count({ policy, path, inherited }) {
  const value = valueOf(policy, inherited, path);
  if (ownOf(policy, path) !== null) return html`<b class="number">${value}</b>`;
  return twoLines(html`<span class="number">${value ?? "–"}</span>`, "inherited");
}

/** @param {{ policy: OfType["retry_policy"], inherited: Inherited }} props */
function InShort({ policy, inherited }) {
  const delays = delaysWith(policy, inherited);
  if (delays === null) return html`<span class="nothing">not known</span>`;
  const last = retriesAt(delays).at(-1);
  return twoLines(delaysInShort(delays), last === undefined ? "a failure makes a dead letter at once" : `the last try about ${lasts(last.about)} after the first`);
}

/** @param {OfType["retry_policy"]} policy */
function ownParts(policy) {
  return PARTS.map(({ path }) => path).filter((path) => ownOf(policy, path) !== null).join(", ");
}

/** @type {import("./list.js").Screen} */
export const screen = { filters: FILTERS, view: Policies };
