/** A token that is to be made: what was filled in, as the API takes it, or what is wrong with it. */
import { idFault } from "./ids.js";

/** @typedef {{ name: string, role: string, types: string, engine: string, seconds: number | null }} Filled */
/** @typedef {{ name: string, role: string, engine_types?: string[], engine_id?: string, expires_in_seconds?: number }} Body */

export const ENDS = /** @type {const} */ ([
  [null, "it does not end"],
  [86_400, "after 1 day"],
  [7 * 86_400, "after 7 days"],
  [30 * 86_400, "after 30 days"],
  [90 * 86_400, "after 90 days"],
  [365 * 86_400, "after a year"],
]);

export const MOST_NAME = 100;
const MOST_TYPES = 100;
const TYPE = /^[A-Za-z0-9._:-]{1,64}$/;
const HIDDEN = /[\u0000-\u001f\u007f-\u009f]/;

/** Whether the role is limited to queues: always, perhaps or never. @param {string} role */
export function limitOf(role) {
  if (role === "registrar") return "always";
  return role === "engine" || role === "admin" ? "never" : "perhaps";
}

/** @param {string} text with commas or spaces between */
function namesIn(text) {
  return [...new Set(text.split(/[\s,]+/).filter((name) => name !== ""))];
}

/** @param {Filled} filled @returns {string | null} what is wrong */
export function faultOf({ name, role, types, engine }) {
  const said = name.trim();
  if (said === "") return "A name has to be given";
  if (said.length > MOST_NAME || HIDDEN.test(said)) return `The name has up to ${MOST_NAME} characters, none of them a control character`;
  if (said.startsWith("engine:")) return "Names that begin with engine: are those of engines";
  if (role === "engine") {
    const why = idFault(engine.trim());
    return why === null ? null : `The engine's id: ${why}`;
  }
  const names = limitOf(role) === "never" ? [] : namesIn(types);
  if (names.length === 0 && limitOf(role) === "always") return "A registrar is limited to queues: name at least one";
  if (names.length > MOST_TYPES) return `It is limited to at most ${MOST_TYPES} queues`;
  const odd = names.find((each) => !TYPE.test(each));
  return odd === undefined ? null : `No queue has such a name: ${odd.slice(0, 64)}`;
}

/** @param {Filled} filled that has no fault @returns {Body} */
export function bodyOf({ name, role, types, engine, seconds }) {
  const names = limitOf(role) === "never" ? [] : namesIn(types);
  return {
    name: name.trim(),
    role,
    ...(names.length > 0 ? { engine_types: names } : {}),
    ...(role === "engine" ? { engine_id: engine.trim() } : {}),
    ...(seconds === null ? {} : { expires_in_seconds: seconds }),
  };
}
