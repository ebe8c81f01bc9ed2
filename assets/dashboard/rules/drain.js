/** What draining all engines of a version leaves its queue with. */
import { count } from "./numbers.js";

/** @typedef {Pick<import("../api/types.js").components["schemas"]["EngineGroup"], "engine_type" | "engine_software_version" | "status" | "engines" | "leases_held">} Group */
/** @typedef {{ engines: number, held: number, remaining: number }} Outlook  engines: of the version, which it is about; remaining: active ones of other versions */

/**
 * @param {readonly Group[]} groups @param {string} engineType @param {string | null} version null: engines without one
 * @param {(status: Group["status"]) => boolean} [isMeant] which engines of the version it is about
 * @returns {Outlook}
 */
export function outlookOf(groups, engineType, version, isMeant = (status) => status !== "draining") {
  const outlook = { engines: 0, held: 0, remaining: 0 };
  for (const { engine_type, engine_software_version, status, engines, leases_held } of groups) {
    if (engine_type !== engineType) continue;
    if (engine_software_version === version) {
      if (!isMeant(status)) continue;
      outlook.engines += engines;
      outlook.held += leases_held;
    } else if (status === "active") outlook.remaining += engines;
  }
  return outlook;
}

/** @param {Outlook} outlook @returns {string} */
export function outlookInWords({ engines, held, remaining }) {
  const stop = `${engines === 1 ? "1 engine" : `${count(engines)} engines`} would get no more events`;
  const hold = held === 0 ? "" : ` and finish the ${count(held)} that ${engines === 1 ? "it holds" : "they hold"}`;
  const rest = remaining === 0 ? "No other engine of the queue is active: it stands still then." : `${count(remaining)} active ${remaining === 1 ? "one of another version remains" : "ones of other versions remain"}.`;
  return `${stop}${hold}. ${rest}`;
}
