/** Which engines a list shows: filters of the address, what the server is asked for, and what is left for the page to sort out. */
import { slotsOf, versionOf } from "./engine-words.js";

/** @typedef {import("./engine-words.js").Engine} Engine */
/** @typedef {Readonly<Record<string, string>>} Values of filters, as the address has them */

export const STATUSES = /** @type {const} */ (["active", "draining", "unresponsive"]);
export const SORTS = /** @type {const} */ (["registered", "held", "seen", "asked"]);
/** @typedef {typeof SORTS[number]} Sort */

const YEAR = 31_536_000;
const ONLY = /** @type {const} */ ({ kind: "choice", choices: ["true"] });
const EITHER = /** @type {const} */ ({ kind: "flag" });

/** @satisfies {Record<string, import("./filters.js").FilterSpec>} */
export const FILTERS = {
  engine_type: { kind: "text", most: 64 },
  engine_software_version: { kind: "text", most: 64, isNullable: true },
  status: { kind: "choice", choices: STATUSES },
  idle: EITHER,
  zombie: ONLY,
  full: ONLY,
  holding_off: ONLY,
  quarantined: ONLY,
  silent_over_seconds: { kind: "number", least: 0, most: YEAR },
  held_over_seconds: { kind: "number", least: 0, most: YEAR },
  capability: { kind: "text", most: 64 },
  scenario_run_id: { kind: "text", most: 64 },
  sort: { kind: "choice", choices: SORTS },
};

/** Ready filters, and of which count of the summary each is. */
export const TABS = /** @type {const} */ ([
  { name: "all", of: "engines", sets: {} },
  { name: "active", of: "active", sets: { status: "active" } },
  { name: "draining", of: "draining", sets: { status: "draining" } },
  { name: "silent", of: "silent", sets: { status: "unresponsive" } },
  { name: "zombies", of: "zombie", sets: { zombie: "true" } },
  { name: "full", of: "full", sets: { full: "true" } },
  { name: "idle", of: "idle", sets: { status: "active", idle: "true" } },
  { name: "holding off", of: "holdingOff", sets: { holding_off: "true" } },
  { name: "quarantined", of: "quarantined", sets: { quarantined: "true" } },
]);
const OF_TABS = ["status", "zombie", "full", "idle", "holding_off", "quarantined"];

/** @param {Values} values @returns {string | null} the tab that they are, whatever else they are narrowed by */
export function tabOf(values) {
  const found = TABS.find(({ sets }) => OF_TABS.every((name) => (values[name] ?? null) === (/** @type {Values} */ (sets)[name] ?? null)));
  return found?.name ?? null;
}

/** @param {string} name of a tab @returns {Record<string, string | null>} filters to set, and to take away */
export function changesFor(name) {
  const sets = /** @type {Values} */ (TABS.find((each) => each.name === name)?.sets ?? {});
  return Object.fromEntries(OF_TABS.map((each) => [each, sets[each] ?? null]));
}

/** What the server filters by. */
const ASKED = ["engine_type", "engine_software_version", "status", "idle", "zombie", "silent_over_seconds", "held_over_seconds", "capability", "scenario_run_id"];

/** @param {Values} values @returns {Record<string, string>} */
export function queryOf(values) {
  return Object.fromEntries(ASKED.flatMap((name) => (values[name] && !isLeftToPage(name, values) ? [[name, values[name]]] : [])));
}

/** It asks for one version, and for one status alone. @param {string} name @param {Values} values */
function isLeftToPage(name, values) {
  const value = values[name] ?? "";
  return (name === "engine_software_version" && value === "") || (name === "status" && value.includes(","));
}

/** What the server has no filter for. @type {Readonly<Record<string, (engine: Engine, value: string) => boolean>>} */
const HERE = {
  engine_software_version: (engine) => versionOf(engine) === null,
  status: ({ status }, value) => value.split(",").includes(status),
  full: (engine) => engine.leases_held >= (slotsOf(engine) ?? Infinity),
  holding_off: ({ holding_off }) => holding_off !== null,
  quarantined: ({ is_quarantined }) => is_quarantined,
};

/** @param {Values} values @returns {readonly ((engine: Engine) => boolean)[]} */
function checksOf(values) {
  return Object.entries(HERE).flatMap(([name, isMeant]) => {
    const value = values[name];
    if (value === undefined || (ASKED.includes(name) && !isLeftToPage(name, values))) return [];
    return [(/** @type {Engine} */ engine) => isMeant(engine, value)];
  });
}

/** Whether the page filters what the server sends, so that only what is loaded was looked through. @param {Values} values */
export function filtersHere(values) {
  return checksOf(values).length > 0;
}

/** @param {readonly Engine[]} engines @param {Values} values @returns {readonly Engine[]} those that are meant, in the order that is meant */
export function shownOf(engines, values) {
  const checks = checksOf(values);
  const meant = checks.length === 0 ? engines : engines.filter((engine) => checks.every((isMeant) => isMeant(engine)));
  const by = ORDERS[/** @type {Sort} */ (values["sort"])];
  return by ? [...meant].sort(by) : meant;
}

/** Instants that are written alike stand in the order of their texts; what never was comes first. @param {string | null} one @param {string | null} other */
const earlier = (one, other) => ((one ?? "") < (other ?? "") ? -1 : (one ?? "") > (other ?? "") ? 1 : 0);

/** The server has them by registration, the newest first. @type {Readonly<Partial<Record<Sort, (one: Engine, other: Engine) => number>>>} */
const ORDERS = {
  held: (one, other) => other.leases_held - one.leases_held,
  seen: (one, other) => earlier(one.last_seen_at, other.last_seen_at),
  asked: (one, other) => earlier(one.last_poll_at, other.last_poll_at),
};
