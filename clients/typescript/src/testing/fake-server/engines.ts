/** Engines: registration, limits, drain, tokens. */

import { randomUUID } from "node:crypto";
import type { Call } from "./call.js";
import * as fields from "./fields.js";
import type { Members } from "./fields.js";
import { Refused } from "./refusals.js";
import { newSecret, type Engine, type State } from "./state.js";
import { loseLease } from "./verdicts.js";

const TOKEN_GRACE_SECONDS = 60;
const NOBODY = /^(0+-0+-0+-0+-0+|f+-f+-f+-f+-f+)$/;

const ENGINE_ID: fields.Check<string> = (value, place) => {
  const id = fields.identifier(value, place);
  return id !== undefined && NOBODY.test(id) ? place.note("is the nil or the max UUID, which is no engine's id") : id;
};
const METADATA = { static_config: fields.object, dynamic_state: fields.object };
const REGISTRATION = fields.members({
  engine_id: ENGINE_ID,
  engine_type: fields.needed(fields.name),
  heartbeat_timeout_seconds: fields.orNull(fields.integer(3, 86_400)),
  scenario_run_id: fields.runId,
  may_enqueue: fields.array(0, 100, fields.name),
  metadata: fields.members(METADATA, (name) => `${name} is a field of metadata.static_config`),
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
  const sent = call.read(REGISTRATION);
  const engineId = sent.engine_id ?? call.engineId ?? randomUUID();
  const types = call.token?.engineTypes;
  if (types && !types.includes(sent.engine_type)) {
    throw new Refused("forbidden", "the token is not for that engine type");
  }
  const known = state.engines.get(engineId);
  if (known !== undefined && known.engineType !== sent.engine_type) {
    const detail = `engine ${engineId} is registered as ${known.engineType}`;
    throw new Refused("engine_id_taken", detail, { engine_type: known.engineType });
  }
  for (const event of state.heldBy(engineId)) loseLease(state, event, "engine_restarted");
  const now = state.now();
  const engine: Engine = {
    engineId,
    engineType: sent.engine_type,
    registeredAt: now,
    // Left out, the server's own holds; null is none.
    heartbeatTimeoutSeconds: sent.heartbeat_timeout_seconds === undefined ? 45 : sent.heartbeat_timeout_seconds,
    scenarioRunId: sent.scenario_run_id ?? null,
    mayEnqueue: sent.may_enqueue ?? [],
    incarnation: (known?.incarnation ?? 0) + 1,
    staticConfig: sent.metadata?.static_config ?? {},
    dynamicState: sent.metadata?.dynamic_state ?? {},
    lastSeenAt: now,
    lastHeartbeat: null,
    lastPollAt: null,
    currentWorkload: null,
    drain: null,
    holdingOff: null,
    isUnresponsive: false,
    heartbeats: 0,
    parkedPolls: 0,
    orders: null,
  };
  state.engines.set(engineId, engine);
  call.status = known === undefined ? 201 : 200;
  for (const token of state.tokens.values()) token.isSuperseded ||= token.engineId === engineId;
  return { ...shown(state, engine), server: server(call), ...freshToken(state, engine) };
}

/** `GET /engines/{engine_id}`. */
export function read(call: Call): object {
  return shown(call.state, call.engine());
}

/** `PATCH /engines/{engine_id}`. */
export function change(call: Call): object {
  const engine = call.engine();
  engine.staticConfig = merged(engine.staticConfig, call.read(PATCH).metadata?.static_config ?? {});
  return shown(call.state, engine);
}

/** `DELETE /engines/{engine_id}`. */
export function deregister(call: Call): void {
  const engine = call.engine();
  call.checkIncarnation(engine);
  remove(call.state, engine, call.engineId !== engine.engineId && engine.drain === null);
  call.status = 204;
}

/** Forgets an engine; what it held goes back. */
export function remove(state: State, engine: Engine, isSilent: boolean): void {
  for (const event of state.heldBy(engine.engineId)) loseLease(state, event, "deregistered", isSilent);
  state.engines.delete(engine.engineId);
  for (const [secret, token] of state.tokens) if (token.engineId === engine.engineId) state.tokens.delete(secret);
}

/** `POST /engines/{engine_id}/drain`. */
export function drain(call: Call): object {
  const { reason, then } = call.readOptional(DRAIN);
  const engine = call.engine();
  call.checkIncarnation(engine);
  engine.drain = { reason: reason ?? null, then: then ?? "exit", since: call.state.now() };
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
  for (const token of state.tokens.values()) {
    if (token.engineId === engine.engineId) token.endsAt = state.in(TOKEN_GRACE_SECONDS);
  }
  const { engineId, incarnation } = engine;
  return { engine_id: engineId, incarnation, server: server(call), ...freshToken(state, engine) };
}

export function status(engine: Engine): string {
  if (engine.isUnresponsive) return "unresponsive";
  return engine.drain === null ? "active" : "draining";
}

/** How many events it may hold; null: any number. */
export function maxConcurrentEvents(engine: Engine): number | null {
  const limits = engine.staticConfig["resource_limits"];
  const most = fields.isMembers(limits) ? limits["max_concurrent_events"] : null;
  return typeof most === "number" ? most : null;
}

export function heartbeatInterval(engine: Engine): number | null {
  return engine.heartbeatTimeoutSeconds === null ? null : Math.floor(engine.heartbeatTimeoutSeconds / 3);
}

/** An engine as replies have it. */
export function shown(state: State, engine: Engine): object {
  const { holdingOff } = engine;
  return {
    engine_id: engine.engineId,
    engine_type: engine.engineType,
    status: status(engine),
    drain: engine.drain,
    holding_off: holdingOff !== null && holdingOff.until > state.now() ? holdingOff : null,
    is_quarantined: false,
    last_heartbeat: engine.lastHeartbeat,
    current_workload: engine.currentWorkload,
    leases_held: state.heldBy(engine.engineId).length,
    scenario_run_id: engine.scenarioRunId,
    may_enqueue: engine.mayEnqueue,
    metadata: { static_config: engine.staticConfig, dynamic_state: engine.dynamicState },
    incarnation: engine.incarnation,
    registered_at: engine.registeredAt,
    last_seen_at: engine.lastSeenAt,
    last_poll_at: engine.lastPollAt,
    heartbeat_timeout_seconds: engine.heartbeatTimeoutSeconds,
    heartbeat_interval_seconds: heartbeatInterval(engine),
  };
}

/** A merge patch: null removes. */
function merged(base: Members, patch: Members): Members {
  const result = { ...base };
  for (const [name, value] of Object.entries(patch)) {
    const inner = result[name];
    if (value === null) delete result[name];
    else result[name] = fields.isMembers(value) ? merged(fields.isMembers(inner) ? inner : {}, value) : value;
  }
  return result;
}

function freshToken(state: State, { engineId, engineType }: Engine): object {
  if (!state.needsTokens) return {};
  const secret = newSecret();
  state.addToken(secret, "engine", `engine:${engineId}`, { engineId, engineTypes: [engineType] });
  return { engine_token: secret };
}
