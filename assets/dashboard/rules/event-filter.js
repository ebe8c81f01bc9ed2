/** Which events a list shows: tabs, filters of the address, parameters of the query, and what bulk calls can be told of it. */
import { titleOf } from "./event-company.js";
import { parametersOf } from "./filters.js";
import { visible } from "./text.js";

/** @typedef {Readonly<Record<string, string>>} Values of filters, as the address has them */

export const STATUSES = /** @type {const} */ (["queued", "processing", "completed", "failed", "cancelled"]);

/** @satisfies {Record<string, import("./filters.js").FilterSpec>} */
export const FILTERS = {
  engine_type: { kind: "text", most: 64 },
  event_type: { kind: "text", most: 64 },
  status: { kind: "choice", choices: STATUSES },
  failing: { kind: "flag" },
  lease_losses_min: { kind: "number", least: 0, most: 100 },
  scenario_run_id: { kind: "text", most: 64 },
  caused_by: { kind: "id" },
  leased_by: { kind: "id" },
  error_type: { kind: "text", most: 200 },
  idempotency_key: { kind: "text", most: 255 },
  unique_key: { kind: "text", most: 256 },
  created_after: { kind: "time" },
  created_before: { kind: "time" },
};
const NAMES = Object.keys(FILTERS);

/**
 * Ready filters. A tab is what it sets; `since` is set, too, where nothing else narrows the list, for the API wants that beside
 * a status; `beside` are the filters that will do.
 * @type {readonly { name: string, title: string, sets: Readonly<Record<string, string>>, since?: string, beside?: readonly string[] }[]}
 */
export const TABS = [
  { name: "all", title: "all", sets: {} },
  { name: "failing", title: "failing now", sets: { failing: "true" } },
  { name: "waiting", title: "waiting", sets: { status: "queued" }, since: "-30d" },
  { name: "running", title: "running", sets: { status: "processing" }, since: "-30d" },
  { name: "lost", title: "lost silently", sets: { lease_losses_min: "1" } },
  { name: "completed", title: "completed", sets: { status: "completed" }, since: "-1d" },
  { name: "completed-lost", title: "completed after a loss", sets: { status: "completed", lease_losses_min: "1" }, since: "-1d", beside: ["created_after", "scenario_run_id"] },
  { name: "cancelled", title: "cancelled", sets: { status: "cancelled" }, since: "-1d" },
];
const OF_TABS = ["status", "failing", "lease_losses_min"];
const NARROWING = ["engine_type", "event_type", "scenario_run_id", "caused_by", "created_after", "created_before", "leased_by", "unique_key", "idempotency_key"];

/** @param {Values} values @returns {string | null} the tab that they are, whatever else they are narrowed by */
export function tabOf(values) {
  const found = TABS.find(({ sets }) => OF_TABS.every((name) => (values[name] ?? null) === (sets[name] ?? null)));
  return found?.name ?? null;
}

/** @param {string} name of a tab @param {Values} values @returns {Record<string, string | null>} filters to set, and to take away */
export function changesFor(name, values) {
  const tab = TABS.find((each) => each.name === name);
  /** @type {Record<string, string | null>} */
  const changes = Object.fromEntries(OF_TABS.map((each) => [each, tab?.sets[each] ?? null]));
  const others = (tab?.beside ?? NARROWING).filter((each) => values[each] !== undefined);
  const hadSince = TABS.some(({ since }) => since !== undefined && since === values["created_after"]);
  if (tab?.since && others.length === 0) changes["created_after"] = tab.since;
  // The time that a tab set goes with it.
  else if (hadSince && others.length === 1) changes["created_after"] = tab?.since ?? null;
  return changes;
}

/** What a filter of silent losses leaves out, where a list that has it is empty; null where it leaves out nothing. @param {Values} values */
export function leftOutOf({ lease_losses_min: losses, status }) {
  const isOfOpen = status === undefined || status === "queued" || status === "processing";
  return losses !== undefined && isOfOpen ? "Silent losses are looked for in open events only; those of events that have ended are found with a status, like completed." : null;
}

/** @param {Values} values @param {number} now milliseconds @returns {Record<string, string>} as parameters of the query */
export function queryOf(values, now) {
  return parametersOf(FILTERS, values, now);
}

const BULK = ["engine_type", "event_type", "scenario_run_id"];

/**
 * The filter of a bulk call that means the queued ones of the list: null where there is none, for bulk calls know fewer filters.
 * Other than queued events they never touch.
 * @param {Values} values @returns {Record<string, string> | null}
 */
export function bulkFilterOf(values) {
  const names = NAMES.filter((name) => values[name] !== undefined && values[name] !== "");
  if ((values["status"] ?? "queued") !== "queued" || names.some((name) => name !== "status" && !BULK.includes(name))) return null;
  const named = names.filter((name) => BULK.includes(name));
  return named.length === 0 ? null : Object.fromEntries(named.map((name) => [name, values[name] ?? ""]));
}

/** @param {Readonly<Record<string, unknown>>} filter @returns {string} `queue dialogue, event type line.requested` */
export function inWords(filter) {
  return Object.entries(filter).map(([name, value]) => `${titleOf(name)} ${Array.isArray(value) ? `${value.length} of them` : visible(String(value))}`).join(", ");
}
