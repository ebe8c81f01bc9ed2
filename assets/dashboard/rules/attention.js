/** What the overview offers beside each thing that needs attention. The sentences are the server's. */

import { count } from "./numbers.js";
import { lasts } from "./times.js";

/** @typedef {import("../api/types.js").components["schemas"]["AttentionItem"]} AttentionItem */
/** @typedef {{ screen: string, id?: string | null, filters?: Record<string, string> }} Goal */

/**
 * @typedef {object} Offer
 * @property {{ text: string, to: Goal } | null} link  where one sees more
 * @property {Action | null} action  what one can do at once, and take back
 */

/**
 * @typedef {object} Action
 * @property {"resume_queue" | "lift_quarantine"} operation
 * @property {string} verb
 * @property {string} engineType
 * @property {string | null} [version]
 */

/** @typedef {{ word: string, kind: "bad" | "warning" | "waiting" }} Weight */

/** @type {Readonly<Record<string, Weight>>} */
const WEIGHTS = {
  critical: { word: "critical", kind: "bad" },
  warning: { word: "warning", kind: "warning" },
  notice: { word: "notice", kind: "waiting" },
};

/** @param {AttentionItem} item @returns {Weight} one that a newer server knows counts as a warning */
export function weightOf(item) {
  return WEIGHTS[item.severity] ?? { word: item.severity, kind: "warning" };
}

/** The key of an item from one answer to the next. @param {AttentionItem} item */
export function keyOf({ code, subject }) {
  return [code, subject.engine_type, subject.engine_software_version, subject.event_id, subject.engine_id, subject.database_warning, subject.database_object].join(" ");
}

/** @param {AttentionItem} item @returns {Offer} */
export function offerOf(item) {
  return { link: linkOf(item), action: actionOf(item) };
}

/** @param {AttentionItem} item @returns {Offer["link"]} */
function linkOf({ code, subject, since }) {
  const queue = subject.engine_type;
  if (code === "poison") return { text: "Show suspects", to: { screen: "suspects", filters: queue ? { engine_type: queue } : {} } };
  if (subject.event_id) return { text: "Show event", to: { screen: "events", id: subject.event_id } };
  if (code === "database") return { text: "What to do", to: { screen: "health" } };
  if (!queue) return null;
  if (code === "zombies") return { text: "Show zombies", to: { screen: "engines", filters: { engine_type: queue, zombie: "true" } } };
  if (code === "dying") return { text: "Show causes", to: { screen: "dead-letters", filters: { engine_type: queue } } };
  if (code === "dead_letters_new") {
    return { text: "Show causes", to: { screen: "dead-letters", filters: { engine_type: queue, dead_lettered_after: since } } };
  }
  return { text: code === "falling_behind" ? "Explain" : "Show queue", to: { screen: "queues", id: queue } };
}

/** @param {AttentionItem} item @returns {Action | null} */
function actionOf({ code, subject }) {
  if (!subject.engine_type) return null;
  if (code === "paused_long") return { operation: "resume_queue", verb: "Resume", engineType: subject.engine_type };
  if (code === "version_quarantined") {
    return { operation: "lift_quarantine", verb: "Lift", engineType: subject.engine_type, version: subject.engine_software_version ?? null };
  }
  return null;
}

/**
 * What a list leaves out: `982 more: nobody_works 980, paused_long 2`.
 * @param {readonly AttentionItem[]} items
 */
export function restInWords(items) {
  /** @type {Map<string, number>} */
  const counts = new Map();
  for (const { code } of items) counts.set(code, (counts.get(code) ?? 0) + 1);
  const parts = [...counts].sort(([, a], [, b]) => b - a).map(([code, n]) => `${count(n)} ${code}`);
  return counts.size === 1 ? `${count(items.length)} more, all of them ${[...counts.keys()].join()}.` : `${count(items.length)} more: ${parts.join(", ")}.`;
}

/**
 * The sentence of the first seconds in which queues stall, before the server says that it needs attention; null where none does.
 * @param {readonly import("./queue-list.js").Row[]} rows
 */
export function notYet(rows) {
  const stalled = rows.filter(({ state }) => state.code === "stalled").map(({ queue }) => queue);
  if (stalled.length === 0) return null;
  const have = stalled.length === 1 ? "1 queue has" : `${stalled.length} queues have`;
  const without = stalled.every(({ engines }) => engines.active === 0) ? " and no active engine" : ", and none of them is being worked on";
  return `Nothing needs attention yet; ${have} due events${without}, for ${lasts(Math.max(...stalled.map(({ oldest_due_age_seconds }) => oldest_due_age_seconds)))}.`;
}

/**
 * The sentence of a day on which nothing needs attention.
 * @param {{ completed: string, oldest: string | null, engines: number, queues: number }} facts in words
 */
export function allIsWell({ completed, oldest, engines, queues }) {
  if (queues === 0) return "All is well: there is no queue yet.";
  if (engines === 0 && oldest === null) return "All is well: nobody waits, and no engine is active.";
  const waits = oldest === null ? "nobody waits" : `the oldest due event has waited for ${oldest}`;
  return `All is well: ${completed} completed, ${waits}, ${engines === 1 ? "1 engine is" : `${engines} engines are`} active.`;
}
