// An engine as the seeds need it: it does what it is told, and nothing by itself.
import { Caller } from "./caller.js";

/** @typedef {{ event_id: string, lease: { lease_token: string }, attempt: number, payload: any }} Leased */

export class Engine {
  /**
   * @param {Caller} caller
   * @param {string} id
   * @param {string} type
   */
  constructor(caller, id, type) {
    this.caller = caller;
    this.id = id;
    this.type = type;
  }

  /**
   * @param {import("./installation.js").Installation} installation
   * @param {string} type
   * @param {{ version?: string, slots?: number, timeout?: number | null, config?: Record<string, unknown> }} [options]
   */
  static async register(installation, type, { version = "1.0.0", slots = 100, timeout = null, config = {} } = {}) {
    const orchestrator = installation.as(installation.tokens.orchestrator ? "orchestrator" : null);
    const engine = await orchestrator.call("POST", "engines", {
      engine_type: type,
      heartbeat_timeout_seconds: timeout,
      metadata: { static_config: { engine_software_version: version, resource_limits: { max_concurrent_events: slots }, ...config } },
    });
    const caller = new Caller(installation.url, engine.engine_token ?? null);
    return new Engine(caller, engine.engine_id, type);
  }

  /**
   * Settles and leases in one call.
   *
   * @param {{ settlements?: object[], limit?: number, wait?: number, lease?: number }} [options]
   * @returns {Promise<Leased[]>}
   */
  async exchange({ settlements = [], limit = 100, wait = 0, lease = 300 } = {}) {
    const identity = this.caller.token === null ? `?engine_id=${this.id}` : "";
    const body = { settlements, limit, wait_seconds: wait, visibility_timeout_seconds: lease };
    return (await this.caller.call("POST", `events/queue/${this.type}/lease${identity}`, body)).events;
  }

  /** @param {object[]} settlements @returns {Promise<any[]>} */
  async settle(settlements) {
    return (await this.caller.call("PUT", "events/status", { settlements })).results;
  }

  /** @param {Record<string, unknown>} [body] */
  heartbeat(body = {}) {
    return this.caller.call("POST", `engines/${this.id}/heartbeat`, body);
  }
}

/** @param {Leased} event @param {unknown} [result] */
export function completed(event, result) {
  return { event_id: event.event_id, lease_token: event.lease.lease_token, status: "completed", ...(result === undefined ? {} : { result }) };
}

/** @param {Leased} event @param {string} type @param {string} message @param {Record<string, unknown>} [more] */
export function failed(event, type, message, more = {}) {
  const { details, ...settlement } = more;
  const error = { type, message, ...(details === undefined ? {} : { details }) };
  return { event_id: event.event_id, lease_token: event.lease.lease_token, status: "failed", error, ...settlement };
}

/** @param {Leased} event @param {Record<string, unknown>} [more] */
export function released(event, more = {}) {
  return { event_id: event.event_id, lease_token: event.lease.lease_token, status: "queued", ...more };
}

/** Works in the background until it is told to stop: completes what it is given. @param {Engine} engine */
export function work(engine) {
  let isOver = false;
  const over = (async () => {
    /** @type {object[]} */
    let settlements = [];
    while (!isOver) {
      try {
        const events = await engine.exchange({ settlements, wait: settlements.length > 0 ? 0 : 5, limit: 5 });
        settlements = events.map((event) => completed(event, { ok: true }));
        await engine.heartbeat({ current_workload: events.length });
      } catch (error) {
        if (!isOver) console.error(`an engine of ${engine.type}: ${error}`);
        return;
      }
    }
  })();
  return { stop: () => ((isOver = true), over) };
}
