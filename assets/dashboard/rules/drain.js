/** What draining engines leaves their queue with. */

/** @typedef {Pick<import("../api/types.js").components["schemas"]["EngineGroup"], "engine_type" | "engine_software_version" | "status" | "engines" | "leases_held">} Group */
/** @typedef {Pick<import("../api/types.js").components["schemas"]["Engine"], "engine_type" | "status" | "leases_held">} Leaving */
/** @typedef {{ engines: number, silent: number, held: number, remaining: number }} Outlook  engines: all that it is about; held: by those of them that are heard of; remaining: active ones that are left */

/**
 * @param {readonly Group[]} groups @param {string} engineType @param {string | null} version null: engines without one
 * @param {(status: Group["status"]) => boolean} [isMeant] which engines of the version it is about
 * @returns {Outlook}
 */
export function outlookOf(groups, engineType, version, isMeant = (status) => status !== "draining") {
  const outlook = { engines: 0, silent: 0, held: 0, remaining: 0 };
  for (const { engine_type, engine_software_version, status, engines, leases_held } of groups) {
    if (engine_type !== engineType) continue;
    if (engine_software_version === version) {
      if (!isMeant(status)) continue;
      outlook.engines += engines;
      // What silent engines still hold comes back when the leases end: they do not finish it.
      if (status === "unresponsive") outlook.silent += engines;
      else outlook.held += leases_held;
    } else if (status === "active") outlook.remaining += engines;
  }
  return outlook;
}

/**
 * Of engines that are chosen one by one: an outlook for each of their queues.
 * @param {readonly Leaving[]} chosen that do not drain yet @param {readonly Group[]} groups as they are now
 * @returns {Map<string, Outlook>} by the type of engines
 */
export function outlooksOf(chosen, groups) {
  const active = new Map();
  for (const { engine_type, status, engines } of groups) if (status === "active") active.set(engine_type, (active.get(engine_type) ?? 0) + engines);
  /** @type {Map<string, Outlook>} */
  const outlooks = new Map();
  for (const { engine_type, status, leases_held } of chosen) {
    const outlook = outlooks.get(engine_type) ?? { engines: 0, silent: 0, held: 0, remaining: active.get(engine_type) ?? 0 };
    outlook.engines += 1;
    if (status === "unresponsive") outlook.silent += 1;
    else {
      outlook.held += leases_held;
      outlook.remaining = Math.max(0, outlook.remaining - 1);
    }
    outlooks.set(engine_type, outlook);
  }
  return outlooks;
}
