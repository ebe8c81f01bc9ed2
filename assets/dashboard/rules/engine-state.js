/** How an engine is, in a word, and what a zombie looks like. */
import { ago, lasts } from "./times.js";

/** @typedef {import("../api/types.js").components["schemas"]["Engine"]} Engine */
/** @typedef {import("./queue-state.js").Kind} Kind */

/** @type {Readonly<Record<string, { word: string, kind: Kind }>>} */
const STATES = { active: { word: "active", kind: "good" }, draining: { word: "draining", kind: "held" }, unresponsive: { word: "silent", kind: "lost" } };

/** @param {Pick<Engine, "metadata">} engine @returns {number | null} null: without a limit */
export function slotsOf({ metadata }) {
  return metadata.static_config.resource_limits?.max_concurrent_events ?? null;
}

/** @param {Pick<Engine, "metadata">} engine */
export function versionOf({ metadata }) {
  return metadata.static_config.engine_software_version ?? null;
}

/** @param {Engine} engine @param {boolean} isZombie as the server says @returns {{ word: string, kind: Kind, why: string }} */
export function stateOf(engine, isZombie) {
  const { status, is_quarantined: isQuarantined, holding_off: holdingOff, drain, leases_held: held } = engine;
  const state = STATES[status] ?? { word: status, kind: "waiting" };
  if (status === "unresponsive") return { ...state, why: held > 0 ? "It is not heard of any more; what it holds comes back when the leases end" : "It is not heard of any more" };
  if (drain !== null) {
    const then = drain.then === "exit" ? "then it exits" : "then it stays";
    return { ...state, why: `It gets no more events; ${then}${drain.reason ? `: ${drain.reason}` : ""}` };
  }
  if (isQuarantined) return { word: "quarantined", kind: "held", why: "Its version is quarantined in its queue: it is given no events" };
  if (isZombie) return { word: "zombie", kind: "bad", why: "It lives and holds nothing, but does not ask for work, although events are due" };
  if (holdingOff !== null) return { word: "holding off", kind: "waiting", why: `It asks for nothing until ${holdingOff.until}: ${holdingOff.reason}` };
  return { ...state, why: "" };
}

/** What distinguishes the usual causes of a zombie. @param {Engine} engine @param {number} now milliseconds since 1970 */
export function looksLike({ current_workload: says, leases_held: held, last_poll_at: asked, registered_at: registered }, now) {
  if (says !== null && says > held) return `says it works on ${says}, holds ${held}: it leaks slots`;
  if (asked === null) return `has never asked since it registered ${agoOf(registered, now)}: wiring`;
  return `asked for ${lasts(Math.max(0, (Date.parse(asked) - Date.parse(registered)) / 1000))}, then no more: stuck`;
}

/** @param {string} instant @param {number} now */
function agoOf(instant, now) {
  return ago((now - Date.parse(instant)) / 1000);
}
