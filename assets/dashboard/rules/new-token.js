/** A token that is to be made: what was filled in, as the API takes it, or what is wrong with it. */
import { idFault } from "./ids.js";

/** @typedef {import("./tokens.js").Token} Token */
/** @typedef {{ name: string, role: string, types: string, engine: string, seconds: number | null }} Filled */
/** @typedef {{ name: string, role: string, engine_types?: string[], engine_id?: string, expires_in_seconds?: number }} Body */

/** What is filled in at first: no role, so that it is chosen by whoever makes the token, and an end. @type {Filled} */
export const EMPTY = { name: "", role: "", types: "", engine: "", seconds: 90 * 86_400 };

export const ENDS = /** @type {const} */ ([
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
  return role === "" || role === "engine" || role === "admin" ? "never" : "perhaps";
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
  if (role === "") return "A role has to be chosen";
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

/**
 * Queues that no other token names: an admin sees no queues, so that this alone shows a typing error.
 * @param {Pick<Filled, "role" | "types">} filled @param {readonly Token[]} tokens those that are known @returns {string | null}
 */
export function newQueuesInWords({ role, types }, tokens) {
  const known = new Set(tokens.flatMap(({ engine_types }) => engine_types ?? []));
  const others = limitOf(role) === "never" ? [] : namesIn(types).filter((each) => TYPE.test(each) && !known.has(each));
  if (others.length === 0) return null;
  return `No token in the list names ${others.join(", ")}: check the spelling. A queue need not be there yet, as it begins with its first event or engine.`;
}

/** That the name is not new. @param {Pick<Filled, "name">} filled @param {readonly Token[]} tokens those that are known @returns {string | null} */
export function sameNameInWords({ name }, tokens) {
  const same = tokens.some((token) => token.state === "active" && token.session_of === null && token.name === name.trim());
  return same ? "There is a token of this name. It stays valid beside the new one until it ends or is revoked, and both count as the same caller." : null;
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
