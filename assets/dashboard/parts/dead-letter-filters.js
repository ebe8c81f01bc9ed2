/** The filters of dead letters, for the list, the groups and one cause. */
import { NAMES, REASONS, reason, titleOf } from "../rules/dead-letter-filter.js";
import { FilterBar } from "./filter-bar.js";
import { h } from "./html.js";

const TIMES = /** @type {const} */ ([["-1h", "an hour ago"], ["-6h", "6 hours ago"], ["-24h", "24 hours ago"], ["-7d", "7 days ago"]]);
const HINTS = { error_contains: "text of the message", redrives_max: "0" };

const fields = NAMES.map(fieldOf);

/** @param {string} name @returns {import("./filter-bar.js").Field} */
function fieldOf(name) {
  const field = { name, title: titleOf(name), hint: /** @type {Record<string, string>} */ (HINTS)[name] ?? "" };
  if (name === "reason") return { ...field, choices: REASONS.map((each) => /** @type {const} */ ([each, reason(each)])) };
  if (name.startsWith("dead_lettered_")) return { ...field, choices: TIMES, isTime: true };
  return { ...field, isNullable: name === "error_type" || name === "engine_software_version" };
}

/** @param {{ values: Readonly<Record<string, string>>, children?: import("./html.js").Children }} props */
export function DeadLetterFilters({ values, children }) {
  return h(FilterBar, { fields, values, children });
}
