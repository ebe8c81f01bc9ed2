/** Changing how many events an engine may hold at a time: what was typed, what that does, and whether it still stands as it was set. */
import { slotsOf } from "./engine-words.js";
import { count } from "./numbers.js";

/** @typedef {import("./meanwhile.js").Meanwhile} Meanwhile */
/** @typedef {Pick<import("./engine-words.js").Engine, "metadata" | "leases_held">} Engine */

/** As the server takes it. */
const MOST = 100_000;

/** @param {string} text empty: without a limit @returns {{ slots: number | null } | { fault: string }} */
export function readSlots(text) {
  const typed = text.trim();
  if (typed === "") return { slots: null };
  const slots = /^\d{1,10}$/.test(typed) ? Number(typed) : NaN;
  return slots >= 1 && slots <= MOST ? { slots } : { fault: `It is a whole number from 1 to ${count(MOST)}, or empty for no limit` };
}

/** @param {Engine} engine as it is @param {number | null} slots */
export function slotsEffect(engine, slots) {
  const held = engine.leases_held;
  if (slots !== null && held >= slots) return `It holds ${count(held)} and keeps them, but is given nothing more until it holds fewer than ${count(slots)}.`;
  const rest = slots === null ? "as many as it asks for" : `up to ${slots - held === 1 ? "1 more event" : `${count(slots - held)} more events`}`;
  return `It holds ${held === 0 ? "nothing" : count(held)}, and may be given ${rest} from its next poll on.`;
}

/** @param {number | null} slots */
export function slotsInWords(slots) {
  if (slots === null) return "no limit";
  return slots === 1 ? "1 slot" : `${count(slots)} slots`;
}

/** The body that sets them. @param {number | null} slots */
export function slotsPatch(slots) {
  return { metadata: { static_config: { resource_limits: { max_concurrent_events: slots } } } };
}

/** @param {number | null} before @param {number | null} mine @param {Engine} now @returns {Meanwhile} */
export function slotsMeanwhile(before, mine, now) {
  const slots = slotsOf(now);
  if (slots === before) return { state: "before" };
  if (slots === mine) return { state: "mine" };
  return { state: "other", news: `It has ${slotsInWords(slots)} now: somebody has changed that, or the engine has registered again.`, question: `Set it back to ${slotsInWords(before)} anyway?` };
}
