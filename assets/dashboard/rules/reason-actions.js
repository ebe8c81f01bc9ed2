/** What can be done at once about a reason that the server gives: each has an operation of its own, so that it is offered to those who may. */

/** @typedef {import("../api/types.js").components["schemas"]["ExplanationReason"]} Reason */

/**
 * @typedef {object} Remedy
 * @property {"resume_queue" | "lift_quarantine" | "drain_engine" | "quarantine_version"} operation
 * @property {string} verb
 * @property {string} subject the queue or the engine
 * @property {string | null} [version]
 */

/** An engine that holds an event and does not get on with it: it is given nothing more. */
const OF_ENGINES = ["engine_silent", "progress_old", "lease_over", "near_longest_lease", "zombies", "engines_do_not_ask"];

/** @param {Pick<Reason, "code" | "subject">} reason @returns {Remedy | null} */
export function remedyOf({ code, subject }) {
  const { engine_type: queue, engine_id: engine, engine_software_version: version } = subject;
  if (queue && (code === "queue_paused" || code === "paused")) return { operation: "resume_queue", verb: `Resume ${queue}`, subject: queue };
  if (queue && code === "version_quarantined") return { operation: "lift_quarantine", verb: "Lift the quarantine", subject: queue, version: version ?? null };
  if (queue && version && code === "failing") return { operation: "quarantine_version", verb: `Quarantine ${version} …`, subject: queue, version };
  if (engine && OF_ENGINES.includes(code)) return { operation: "drain_engine", verb: "Drain the engine", subject: engine };
  return null;
}
