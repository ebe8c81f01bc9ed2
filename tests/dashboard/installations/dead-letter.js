import { Caller } from "./caller.js";

/**
 * A dead letter in a queue of its own, whose engine is there and asks for nothing.
 *
 * @param {import("./installation.js").Told} installation
 * @param {string} queue
 * @param {string} [payload] as the bytes that are sent
 * @returns {Promise<{ id: string, worker: Caller }>}
 */
export async function makeDeadLetter({ url, tokens }, queue, payload = "{}") {
  const [orchestrator, operator] = [tokens.orchestrator, tokens.operator].map((token) => new Caller(url, token ?? null));
  const engine = await orchestrator?.call("POST", "engines", { engine_type: queue, heartbeat_timeout_seconds: null });
  const body = `{"engine_type":"${queue}","event_type":"${queue}.requested","payload":${payload},"retry_policy":{"max_retries":0}}`;
  const { event_id: id } = await operator?.call("POST", "events", body);
  const worker = new Caller(url, engine.engine_token);
  const { events } = await worker.call("POST", `events/queue/${queue}/lease`, { limit: 1, wait_seconds: 10 });
  const error = { type: "SchemaError", message: "npc.mood is missing" };
  await worker.call("PUT", "events/status", { settlements: [{ event_id: id, lease_token: events[0].lease.lease_token, status: "failed", error }] });
  return { id, worker };
}
