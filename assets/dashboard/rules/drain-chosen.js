/** What draining some engines leaves their queues with: said before it is done. */
import { versionOf, slotsOf } from "./engine-state.js";
import { count, rate } from "./numbers.js";
import { visible } from "./text.js";

/** @typedef {import("./engine-state.js").Engine} Engine */
/** @typedef {Pick<import("../api/types.js").components["schemas"]["EngineGroup"], "engine_type" | "status" | "engines">} Group */
/** @typedef {Pick<import("../api/types.js").components["schemas"]["BriefQueue"], "engine_type" | "slots" | "rates">} Queue */

/** Of more queues, the others are counted. */
const SENTENCES = 5;

/**
 * A sentence for each queue: `6 of 9 active engines of vision would get no more events and finish the 12 that they hold; 3 remain, with 12 slots; 40/s arrive.`
 * @param {readonly Engine[]} chosen that do not drain yet @param {readonly Group[]} groups as they are now @param {readonly Queue[]} queues
 */
export function drainInWords(chosen, groups, queues) {
  const types = [...new Set(chosen.map(({ engine_type }) => engine_type))];
  const sentences = types.slice(0, SENTENCES).map((type) => ofType(type, chosen.filter(({ engine_type }) => engine_type === type), groups, queues));
  if (types.length > SENTENCES) sentences.push(`So it is with ${types.length - SENTENCES} more queues.`);
  return sentences.join(" ");
}

/** @param {string} type @param {readonly Engine[]} chosen of the type @param {readonly Group[]} groups @param {readonly Queue[]} queues */
function ofType(type, chosen, groups, queues) {
  const active = chosen.filter(({ status }) => status === "active");
  const all = groups.filter(({ engine_type, status }) => engine_type === type && status === "active").reduce((sum, { engines }) => sum + engines, 0);
  const held = chosen.reduce((sum, { leases_held }) => sum + leases_held, 0);
  const silent = chosen.length - active.length;
  const name = visible(type);
  const finish = held === 0 ? "" : ` and finish the ${count(held)} that ${chosen.length === 1 ? "it holds" : "they hold"}`;
  const stop = active.length === 0 ? `No active engine of ${name} is among them` : `${count(active.length)} of ${all === 1 ? "1 active engine" : `${count(all)} active engines`} of ${name} would get no more events${finish}`;
  const also = silent === 0 || active.length === 0 ? "" : `, and so would ${silent === 1 ? "1 that is silent" : `${count(silent)} that are silent`}`;
  return `${stop}${also}; ${remain(all - active.length, active, queues.find(({ engine_type }) => engine_type === type))}.`;
}

/** @param {number} left @param {readonly Engine[]} active that are chosen @param {Queue | undefined} queue */
function remain(left, active, queue) {
  const arrive = queue && queue.rates.enqueued_per_second > 0 ? `; ${rate(queue.rates.enqueued_per_second)} arrive` : "";
  if (left <= 0) return `no other is active, so that the queue stands still then${arrive}`;
  const remaining = `${count(left)} ${left === 1 ? "remains" : "remain"}`;
  if (!queue) return remaining;
  const slots = Math.max(0, queue.slots.total - active.reduce((sum, engine) => sum + (slotsOf(engine) ?? 0), 0));
  const unlimited = queue.slots.unlimited_engines - active.filter((engine) => slotsOf(engine) === null).length;
  const room = unlimited > 0 ? ", some without a limit" : `, with ${slots === 1 ? "1 slot" : `${count(slots)} slots`}`;
  return `${remaining}${room}${arrive}`;
}

/** The versions that are among them, for the dialog. @param {readonly Engine[]} chosen */
export function versionsInWords(chosen) {
  const versions = [...new Set(chosen.map((engine) => versionOf(engine) ?? "none"))].sort();
  return versions.length > SENTENCES ? `${versions.slice(0, SENTENCES).map((each) => visible(each)).join(", ")} and ${versions.length - SENTENCES} more` : versions.map((each) => visible(each)).join(", ");
}
