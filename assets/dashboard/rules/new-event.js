/** An event that a person enqueues. */
import { checked } from "./payload.js";

/**
 * @typedef {object} Draft
 * @property {string} eventType
 * @property {string} payload  JSON, which is sent as it is spelled
 * @property {number} priority
 * @property {number} delaySeconds
 * @property {string} key  the idempotency key, made before the first try, so that another try does no harm
 */

export const PRESET_PRIORITY = 5;
export const MOST_NAME = 64;
const NAME = /^[A-Za-z0-9._:-]+$/;

/** @param {Partial<Draft> & { key: string }} filled @returns {Draft} */
export function draftOf({ eventType = "", payload = "{}", priority = PRESET_PRIORITY, delaySeconds = 0, key }) {
  return { eventType, payload, priority, delaySeconds, key };
}

/** @param {string} engineType @param {Draft} draft @returns {Record<string, unknown>} the body but for the payload */
export function bodyOf(engineType, { eventType, priority, delaySeconds, key }) {
  return { engine_type: engineType, event_type: eventType, priority, ...(delaySeconds > 0 ? { delay_seconds: delaySeconds } : {}), idempotency_key: key };
}

/** @param {string} name @returns {string | null} what is wrong with an event type */
export function nameFault(name) {
  if (name === "") return "It needs an event type";
  if (name.length > MOST_NAME) return `An event type has ${MOST_NAME} characters at most`;
  return NAME.test(name) ? null : "An event type is made of letters, digits and . _ : -";
}

/** @param {Draft} draft @param {import("./payload.js").Limits} [limits] @returns {string | null} why it cannot be sent */
export function whyNot({ eventType, payload }, limits) {
  return nameFault(eventType) ?? checked(payload, limits).fault;
}

/** @param {readonly { event_type: string }[]} events @returns {string[]} their types, the most frequent first */
export function typesOf(events) {
  /** @type {Map<string, number>} */
  const counts = new Map();
  for (const { event_type } of events) counts.set(event_type, (counts.get(event_type) ?? 0) + 1);
  return [...counts].sort(([one, few], [other, many]) => many - few || one.localeCompare(other)).map(([name]) => name);
}

/** @param {Uint8Array} random 16 bytes @returns {string} */
export function keyOf(random) {
  return `dashboard-${[...random].map((byte) => byte.toString(16).padStart(2, "0")).join("")}`;
}
