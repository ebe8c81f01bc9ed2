/** What draining engines would do, and letting them go on, in sentences that are read beforehand. */
import { slotsOf, versionOf } from "./engine-words.js";
import { count, rate } from "./numbers.js";
import { visible } from "./text.js";

/** @typedef {import("./engine-words.js").Engine} Engine */
/** @typedef {import("./drain.js").Outlook} Outlook */
/** @typedef {Pick<import("../api/types.js").components["schemas"]["BriefQueue"], "engine_type" | "slots" | "rates">} Queue */

/** Of more queues, the others are counted. */
const SENTENCES = 5;

/**
 * A sentence for each queue: `6 of 9 active engines of vision would get no more events, and finish the 12 that they hold; 3 remain, with 12 slots; 40/s arrive.`
 * @param {ReadonlyMap<string, Outlook>} outlooks @param {readonly Queue[]} queues those that are known @param {readonly Engine[] | null} leaving the engines it is about; null: not all of them are known
 */
export function drainInWords(outlooks, queues, leaving) {
  const sentences = [...outlooks].slice(0, SENTENCES).map(([type, outlook]) => {
    const queue = queues.find(({ engine_type }) => engine_type === type);
    const room = queue === undefined || leaving === null ? "" : roomLeft(queue, leaving.filter(({ engine_type, status }) => engine_type === type && status === "active"));
    return `${stopInWords(type, outlook)}; ${restInWords(outlook, room)}${queue ? arriving(queue) : ""}.`;
  });
  const left = outlooks.size - sentences.length;
  if (left > 0) sentences.push(`${left === 1 ? "1 more queue is" : `${count(left)} more queues are`} affected.`);
  return sentences.join(" ");
}

/** @param {string} type @param {Outlook} outlook */
function stopInWords(type, { engines, silent, held, remaining }) {
  const stopping = engines - silent;
  const all = stopping + remaining;
  const silentOnes = silent === 1 ? "1 silent engine" : `${count(silent)} silent engines`;
  if (stopping === 0) return `${silentOnes} of ${visible(type)} would get no more events after coming back`;
  const finish = held === 0 ? "" : `, and ${stopping === 1 ? "finishes" : "finish"} the ${count(held)} that ${stopping === 1 ? "it holds" : "they hold"}`;
  const also = silent === 0 ? "" : `; ${silentOnes} would get none after coming back`;
  return `${count(stopping)} of ${all === 1 ? "1 active engine" : `${count(all)} active engines`} of ${visible(type)} would get no more events${finish}${also}`;
}

/** @param {Outlook} outlook @param {string} room */
function restInWords({ engines, silent, remaining }, room) {
  if (remaining === 0) return engines === silent ? "no engine is active, so the queue stands still already" : "no other is active, so the queue stands still then";
  return `${count(remaining)} ${remaining === 1 ? "remains" : "remain"}${room}`;
}

/** @param {Queue} queue @param {readonly Engine[]} leaving active ones */
function roomLeft({ slots }, leaving) {
  const unlimited = slots.unlimited_engines - leaving.filter((engine) => slotsOf(engine) === null).length;
  if (unlimited > 0) return ", some of them without a limit";
  // An engine counts with what it holds where that is more than its limit, or where it has none.
  const left = Math.max(0, slots.total - leaving.reduce((sum, engine) => sum + Math.max(slotsOf(engine) ?? 0, engine.leases_held), 0));
  return `, with ${left === 1 ? "1 slot" : `${count(left)} slots`}`;
}

/** @param {Queue} queue */
function arriving({ rates }) {
  return rates.enqueued_per_second > 0 ? `; ${rate(rates.enqueued_per_second)} arrive` : "";
}

/** What letting chosen ones go on does. @param {readonly Engine[]} draining */
export function resumeInWords(draining) {
  const types = [...new Set(draining.map(({ engine_type }) => visible(engine_type)))];
  const of = types.length > SENTENCES ? `${types.slice(0, SENTENCES).join(", ")} and ${types.length - SENTENCES} more` : types.join(", ");
  const exit = draining.filter(({ drain }) => drain?.then === "exit").length;
  const barred = draining.filter(({ is_quarantined }) => is_quarantined).length;
  const gone = exit === 0 ? "" : ` ${exit === 1 ? "1 was" : `${count(exit)} were`} told to exit, and may be gone.`;
  const kept = barred === 0 ? "" : ` ${barred === 1 ? "1 is" : `${count(barred)} are`} quarantined, and ${barred === 1 ? "gets" : "get"} none until that is lifted.`;
  return `${draining.length === 1 ? "1 engine" : `${count(draining.length)} engines`} of ${of} ${draining.length === 1 ? "gets" : "get"} events again with the next poll.${kept}${gone}`;
}

/** The versions that are among them, for the dialog. @param {readonly Engine[]} chosen */
export function versionsInWords(chosen) {
  const versions = [...new Set(chosen.map((engine) => versionOf(engine) ?? "none"))].sort();
  const shown = versions.slice(0, SENTENCES).map((each) => visible(each)).join(", ");
  return versions.length > SENTENCES ? `${shown} and ${versions.length - SENTENCES} more` : shown;
}
