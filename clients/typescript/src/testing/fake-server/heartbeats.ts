/** Heartbeats: renewals, commands, and waiting for news. */

import { knownEngine, type Call } from "./call.js";
import { heartbeatInterval, maxConcurrentEvents, status } from "./engines.js";
import * as fields from "./fields.js";
import type { Engine, Event, Lease, Orders, State } from "./state.js";

const LISTED = fields.members({
  event_id: fields.needed(fields.identifier),
  lease_token: fields.needed(fields.leaseToken),
  renew: fields.boolean,
  progress: fields.orNull(fields.json(fields.MAX_DETAIL_BYTES)),
});
type Listed = ReturnType<typeof LISTED>;
const HOLDING_OFF = { until: fields.needed(fields.moment), reason: fields.needed(fields.text(500)) };
const HEARTBEAT = fields.members({
  current_workload: fields.integer(0, 1_000_000),
  resource_utilization: fields.object,
  dynamic_state: fields.object,
  wait_seconds: fields.integer(0, 60),
  holding_off: fields.orNull(fields.members(HOLDING_OFF)),
  leases: (value, place) => {
    const leases = fields.array(0, 1000, LISTED)(value, place);
    for (const [index, { renew, ...lease }] of leases.entries()) {
      if (renew !== false || !("progress" in lease)) continue;
      const detail = "stands beside renew: false, with which nothing is written";
      place.wrong.push({ pointer: `${place.pointer}/${index}/progress`, detail });
    }
    const ids = leases.map((lease) => lease.event_id).filter(Boolean);
    if (new Set(ids).size < ids.length) throw new fields.Wrong("lists an event twice");
    return leases;
  },
});

/** `POST /engines/{engine_id}/heartbeat`. */
export async function heartbeat(call: Call): Promise<object> {
  const { state } = call;
  const sent = fields.read(call.body ?? {}, HEARTBEAT);
  const engine = call.engine();
  call.checkIncarnation(engine);
  engine.last_heartbeat = engine.last_seen_at = state.now();
  engine.isUnresponsive = false;
  const number = (engine.heartbeats += 1);
  engine.current_workload = sent.current_workload ?? engine.current_workload;
  if (sent.holding_off !== undefined) engine.holding_off = sent.holding_off;
  const { resource_utilization = null } = sent;
  const changes = { ...sent.dynamic_state, ...(resource_utilization && { resource_utilization }) };
  const dynamic = Object.entries<unknown>({ ...engine.metadata.dynamic_state, ...changes });
  engine.metadata.dynamic_state = Object.fromEntries(dynamic.filter(([, value]) => value !== null));
  const leases = (sent.leases ?? []).map((listed) => answerListed(state, engine, listed));
  await call.wait(Math.min(sent.wait_seconds ?? 0, heartbeatInterval(engine) ?? 60), () => {
    const current = knownEngine(state, engine.engine_id);
    if (current !== engine) call.checkIncarnation(current);
    const isOver = current !== engine || current.heartbeats !== number || state.isStopping;
    return isOver || isNews(ordersFor(state, engine), engine.told) || undefined;
  });
  engine.told = ordersFor(state, engine);
  return { ...engine.told, leases };
}

/** How a lease stands after a renewal. */
export function terms(state: State, event: Event, { expires_at }: Lease): object {
  const reply = { expires_at, expires_in_seconds: state.secondsUntil(expires_at) };
  return event.cancel_requested ? { ...reply, cancel_requested: true } : reply;
}

/** Renews a lease from now on; only with `seconds` of its own it may become shorter. */
export function renew(state: State, lease: Lease, seconds?: number): void {
  const end = Math.min(state.in(seconds ?? lease.visibility_timeout_seconds).getTime(), lease.deadline_at.getTime());
  lease.expires_at = new Date(seconds === undefined ? Math.max(end, lease.expires_at.getTime()) : end);
}

function ordersFor(state: State, engine: Engine): Orders {
  const held = state.heldBy(engine.engine_id);
  const { drain } = engine;
  const mayExit = drain?.then === "exit" && held.length === 0;
  return {
    status: status(engine),
    command: drain === null ? "continue" : mayExit ? "stop" : "drain",
    ...(drain && { drain }),
    leases_held: held.length,
    max_concurrent_events: maxConcurrentEvents(engine),
    events_to_cancel: held.filter((event) => event.cancel_requested).map((event) => event.event_id),
  };
}

function isNews(orders: Orders, told: Orders | null): boolean {
  const isCancel = orders.events_to_cancel.some((id) => !told?.events_to_cancel.includes(id));
  if (told === null) return isCancel || orders.command !== "continue";
  const isChanged = orders.command !== told.command || orders.drain !== told.drain;
  return isCancel || isChanged || orders.max_concurrent_events !== told.max_concurrent_events;
}

function answerListed(state: State, engine: Engine, listed: Listed): object {
  const { event_id, lease_token } = listed;
  const event = state.events.get(event_id);
  const lease = event?.lease;
  if (!event || lease?.lease_token !== lease_token || lease.leased_by !== engine.engine_id) {
    const ended = event?.attempts.findLast((attempt) => attempt.lease.lease_token === lease_token);
    return { event_id, outcome: "lost", reason: ended?.outcome };
  }
  if (listed.renew !== false) renew(state, lease);
  if ("progress" in listed) state.progress(event, listed.progress);
  return { event_id, outcome: listed.renew === false ? "held" : "renewed", ...terms(state, event, lease) };
}
