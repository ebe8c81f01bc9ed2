/** The filters of dead letters, for the list, the groups and one cause. */
import { FILTERS, NAMES, REASONS, reason, titleOf } from "../rules/dead-letter-filter.js";
import { useOverview } from "../state/overview.js";
import { FilterBar } from "./filter-bar.js";
import { h } from "./html.js";

const TIMES = /** @type {const} */ ([["-1h", "an hour ago"], ["-6h", "6 hours ago"], ["-24h", "24 hours ago"], ["-7d", "7 days ago"]]);
const HINTS = { error_contains: "text of the message", redrives_max: "0" };

/** More do not fit in a list to choose from: they are typed. */
const QUEUES_MOST = 200;

/** @param {string} name @param {readonly string[]} queues @returns {import("./filter-bar.js").Field} */
function fieldOf(name, queues) {
  const field = { name, title: titleOf(name), hint: /** @type {Record<string, string>} */ (HINTS)[name] ?? "" };
  if (name === "engine_type" && queues.length > 0 && queues.length <= QUEUES_MOST) return { ...field, choices: queues.map((each) => /** @type {const} */ ([each, each])) };
  if (name === "reason") return { ...field, choices: REASONS.map((each) => /** @type {const} */ ([each, reason(each)])) };
  if (name.startsWith("dead_lettered_")) return { ...field, choices: TIMES, isTime: true };
  return { ...field, isNullable: name === "error_type" || name === "engine_software_version" };
}

/** @param {{ values: Readonly<Record<string, string>>, children?: import("./html.js").Children }} props */
export function DeadLetterFilters({ values, children }) {
  const queues = useOverview().data?.queues.map(({ engine_type }) => engine_type).sort() ?? [];
  return h(FilterBar, { fields: NAMES.map((name) => fieldOf(name, queues)), values, specs: FILTERS, children });
}
