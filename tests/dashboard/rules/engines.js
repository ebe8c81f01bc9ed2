/** Engines of every kind, for the tests of what is said about them. */

export const NOW = Date.parse("2030-01-31T12:00:00Z");
export const before = (/** @type {number} */ seconds) => new Date(NOW - seconds * 1000).toISOString();

/** An engine at work, but for what is said. @param {Record<string, unknown>} [more] @param {{ version?: string | null, slots?: number | null }} [config] @returns {any} */
export function engine(more = {}, { version = "3.0.0", slots = 4 } = {}) {
  return {
    engine_id: "0190f39e-0000-7000-8000-1728394a5b6c", engine_type: "vision", status: "active", is_quarantined: false, holding_off: null, drain: null,
    leases_held: 3, current_workload: 3, incarnation: 1, heartbeat_timeout_seconds: 60, heartbeat_interval_seconds: 20, scenario_run_id: null,
    last_heartbeat: before(4), last_poll_at: before(2), last_seen_at: before(2), registered_at: before(3600), may_enqueue: [],
    metadata: { static_config: { ...(version === null ? {} : { engine_software_version: version }), ...(slots === null ? {} : { resource_limits: { max_concurrent_events: slots } }) }, dynamic_state: {} },
    ...more,
  };
}

/** A group of the summary, none of which do anything noteworthy. @param {Record<string, unknown>} [more] @returns {any} */
export function group(more = {}) {
  return { engine_type: "vision", engine_software_version: "3.0.0", status: "active", engines: 1, idle: 0, full: 0, zombie: 0, holding_off: 0, quarantined: 0, leases_held: 0, ...more };
}
