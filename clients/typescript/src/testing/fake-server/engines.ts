/** Engines: registration, limits, drain, tokens. */

import { randomUUID } from "node:crypto";
import type { Call } from "./call.js";
import * as fields from "./fields.js";
import type { Members } from "./fields.js";
import { Refused } from "./refusals.js";
import type { Engine, State } from "./state.js";
import { loseLease } from "./verdicts.js";

const TOKEN_GRACE_SECONDS = 60;
const NOBODY = /^[0-]+$|^[f-]+$/;

const REGISTRATION = fields.members({
  engine_id: (value, place) => {
    const id = fields.identifier(value, place);
    if (NOBODY.test(id)) throw new fields.Wrong("is the nil or the max UUID, which is no engine's id");
    return id;
  },
  engine_type: fields.needed(fields.name),
  heartbeat_timeout_seconds: fields.orNull(fields.integer(3, 86_400)),
  scenario_run_id: fields.runId,
  may_enqueue: fields.array(0, 100, fields.name),
  metadata: fields.members(
    { static_config: fields.object, dynamic_state: fields.object },
    (name) => `${name} is a field of metadata.static_config`,
  ),
});
const PATCH = fields.members({ metadata: fields.members({ static_config: fields.object }) });
const DRAIN = fields.members({ reason: fields.text(500), then: fields.oneOf("exit", "stay") });

/** `GET /server`: what clients are told of the server. */
export function server({ state }: Call): object {
  const limits = {
    max_payload_bytes: fields.MAX_PAYLOAD_BYTES,
    max_detail_bytes: fields.MAX_DETAIL_BYTES,
    max_body_bytes: 16_777_216,
    max_json_depth: fields.MAX_JSON_DEPTH,
    max_batch_events: 1000,
  };
  const leaseTokens = state.needsTokens ? "required" : "optional";
  return { version: "fake", limits, lease_tokens: leaseTokens, auth: state.needsTokens };
}

/** `POST /engines`. */
export function register(call: Call): object {
  const { state } = call;
  const { engine_type, ...sent } = call.read(REGISTRATION);
  const engine_id = sent.engine_id ?? call.engineId ?? randomUUID();
  if (call.token?.engine_types?.includes(engine_type) === false) {
    throw new Refused("forbidden", "the token is not for that engine type");
  }
  const known = state.engines.get(engine_id);
  if (known !== undefined && known.engine_type !== engine_type) {
    const detail = `engine ${engine_id} is registered as ${known.engine_type}`;
    throw new Refused("engine_id_taken", detail, { engine_type: known.engine_type });
  }
  for (const event of state.heldBy(engine_id)) loseLease(state, event, "engine_restarted");
  for (const token of state.tokens.values()) token.isSuperseded ||= token.engine_id === engine_id;
  const { static_config = {}, dynamic_state = {} } = sent.metadata ?? {};
  const engine: Engine = {
    engine_id,
    engine_type,
    incarnation: (known?.incarnation ?? 0) + 1,
    registered_at: state.now(),
    scenario_run_id: sent.scenario_run_id ?? null,
    may_enqueue: sent.may_enqueue ?? [],
    // Left out, the server's own holds; null is none.
    heartbeat_timeout_seconds: sent.heartbeat_timeout_seconds === undefined ? 45 : sent.heartbeat_timeout_seconds,
    metadata: { static_config, dynamic_state },
    drain: null,
    holding_off: null,
    current_workload: null,
    last_seen_at: state.now(),
    last_heartbeat: null,
    last_poll_at: null,
    isUnresponsive: false,
    heartbeats: 0,
    parkedPolls: 0,
    told: null,
  };
  state.engines.set(engine_id, engine);
  call.status = known === undefined ? 201 : 200;
  return { ...shown(state, engine), server: server(call), ...freshToken(state, engine) };
}

/** `GET /engines/{engine_id}`. */
export function readEngine(call: Call): object {
  return shown(call.state, call.engine());
}

/** `PATCH /engines/{engine_id}`. */
export function changeEngine(call: Call): object {
  const engine = call.engine();
  const { metadata } = engine;
  metadata.static_config = merged(metadata.static_config, call.read(PATCH).metadata?.static_config ?? {});
  return shown(call.state, engine);
}

/** `DELETE /engines/{engine_id}`. */
export function deregister(call: Call): void {
  const engine = call.engine();
  call.checkIncarnation(engine);
  remove(call.state, engine, call.engineId !== engine.engine_id && engine.drain === null);
  call.status = 204;
}

/** Forgets an engine; what it held goes back. */
export function remove(state: State, engine: Engine, isSilent: boolean): void {
  for (const event of state.heldBy(engine.engine_id)) loseLease(state, event, "deregistered", isSilent);
  state.engines.delete(engine.engine_id);
  for (const [secret, token] of state.tokens) if (token.engine_id === engine.engine_id) state.tokens.delete(secret);
}

/** `POST /engines/{engine_id}/drain`. */
export function drain(call: Call): object {
  const { reason = null, then = "exit" } = fields.read(call.body ?? {}, DRAIN);
  const engine = call.engine();
  call.checkIncarnation(engine);
  engine.drain = { reason, then, since: call.state.now() };
  return shown(call.state, engine);
}

/** `POST /engines/{engine_id}/resume`. */
export function resume(call: Call): object {
  const engine = call.engine();
  engine.drain = null;
  return shown(call.state, engine);
}

/** `POST /engines/{engine_id}/token`. */
export function renewToken(call: Call): object {
  const { state } = call;
  const engine = call.engine();
  const { engine_id, incarnation } = engine;
  for (const token of state.tokens.values()) {
    if (token.engine_id === engine_id) token.expires_at = state.in(TOKEN_GRACE_SECONDS);
  }
  return { engine_id, incarnation, server: server(call), ...freshToken(state, engine) };
}

export function status({ isUnresponsive, drain }: Engine): string {
  if (isUnresponsive) return "unresponsive";
  return drain === null ? "active" : "draining";
}

/** How many events it may hold; null: any number. */
export function maxConcurrentEvents({ metadata }: Engine): number | null {
  const limits = metadata.static_config["resource_limits"];
  const most = fields.isMembers(limits) ? limits["max_concurrent_events"] : null;
  return typeof most === "number" ? most : null;
}

export function heartbeatInterval({ heartbeat_timeout_seconds: timeout }: Engine): number | null {
  return timeout === null ? null : Math.floor(timeout / 3);
}

/** An engine as replies have it. */
export function shown(state: State, engine: Engine): object {
  const { isUnresponsive, heartbeats, parkedPolls, told, ...plain } = engine;
  const isHoldingOff = engine.holding_off !== null && engine.holding_off.until > state.now();
  return {
    ...plain,
    status: status(engine),
    holding_off: isHoldingOff ? engine.holding_off : null,
    is_quarantined: false,
    leases_held: state.heldBy(engine.engine_id).length,
    heartbeat_interval_seconds: heartbeatInterval(engine),
  };
}

/** A merge patch: null removes. */
function merged(base: Members, patch: Members): Members {
  const result = new Map(Object.entries(base));
  for (const [name, value] of Object.entries(patch)) {
    const inner = result.get(name);
    if (value === null) result.delete(name);
    else result.set(name, fields.isMembers(value) ? merged(fields.isMembers(inner) ? inner : {}, value) : value);
  }
  return Object.fromEntries(result);
}

function freshToken(state: State, { engine_id, engine_type }: Engine): object {
  if (!state.needsTokens) return {};
  const name = `engine:${engine_id}`;
  return { engine_token: state.addToken({ role: "engine", name, engine_id, engine_types: [engine_type] }) };
}
