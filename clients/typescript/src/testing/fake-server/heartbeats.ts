/** Heartbeats: renewals, commands, and waiting for news. */

import { knownEngine, type Call } from "./call.js";
import { heartbeatInterval, maxConcurrentEvents, status } from "./engines.js";
import * as fields from "./fields.js";
import type { Engine, Event, Lease, Orders, State } from "./state.js";

const LEASE = fields.members({
  event_id: fields.needed(fields.identifier),
  lease_token: fields.needed(fields.leaseToken),
  renew: fields.boolean,
  progress: fields.orNull(fields.json(fields.MAX_DETAIL_BYTES)),
});
type Listed = NonNullable<ReturnType<typeof LEASE>>;
const HELD: fields.Check<Listed> = (value, place) => {
  const lease = LEASE(value, place);
  const isContradiction = lease?.renew === false && "progress" in lease;
  if (isContradiction) place.at("progress").note("stands beside renew: false, with which nothing is written");
  return lease;
};
const LEASES: fields.Check<Listed[]> = (value, place) => {
  const leases = fields.array(0, 1000, HELD)(value, place);
  const ids = leases?.map((lease) => (lease as Listed | undefined)?.event_id) ?? [];
  const twice = ids.find((id, index) => id !== undefined && ids.indexOf(id) !== index);
  return twice === undefined ? leases : place.note(`lists event ${twice} twice`);
};
const HEARTBEAT = fields.members({
  current_workload: fields.integer(0, 1_000_000),
  resource_utilization: fields.object,
  dynamic_state: fields.object,
  wait_seconds: fields.integer(0, 60),
  holding_off: fields.orNull(
    fields.members({ until: fields.needed(fields.moment), reason: fields.needed(fields.text(500)) }),
  ),
  leases: LEASES,
});

/** `POST /engines/{engine_id}/heartbeat`. */
export async function heartbeat(call: Call): Promise<object> {
  const { state } = call;
  const sent = call.readOptional(HEARTBEAT);
  const engine = call.engine();
  call.checkIncarnation(engine);
  engine.lastHeartbeat = engine.lastSeenAt = state.now();
  engine.isUnresponsive = false;
  const number = (engine.heartbeats += 1);
  engine.currentWorkload = sent.current_workload ?? engine.currentWorkload;
  const utilization = sent.resource_utilization ? { resource_utilization: sent.resource_utilization } : {};
  const dynamic = Object.entries({ ...engine.dynamicState, ...sent.dynamic_state, ...utilization });
  engine.dynamicState = Object.fromEntries(dynamic.filter(([, value]) => value !== null));
  if (sent.holding_off !== undefined) engine.holdingOff = sent.holding_off;
  const leases = (sent.leases ?? []).map((lease) => answerListed(state, engine, lease));
  const seconds = Math.min(sent.wait_seconds ?? 0, heartbeatInterval(engine) ?? 60);
  await call.wait(seconds, () => {
    const current = knownEngine(state, engine.engineId);
    if (current !== engine) call.checkIncarnation(current);
    const isOver = current !== engine || engine.heartbeats !== number || state.isStopping;
    return isOver || isNews(orders(state, engine), engine.orders) || undefined;
  });
  engine.orders = orders(state, engine);
  return { ...engine.orders, leases };
}

/** How a lease stands after a renewal. */
export function terms(state: State, event: Event, lease: Lease): object {
  const reply = { expires_at: lease.expiresAt, expires_in_seconds: state.secondsUntil(lease.expiresAt) };
  return event.isToBeCancelled ? { ...reply, cancel_requested: true } : reply;
}

/** Renews a lease from now on; only with `seconds` of its own it may become shorter. */
export function renew(state: State, lease: Lease, seconds?: number): void {
  const end = Math.min(state.in(seconds ?? lease.seconds).getTime(), lease.deadlineAt.getTime());
  lease.expiresAt = new Date(seconds === undefined ? Math.max(end, lease.expiresAt.getTime()) : end);
}

function orders(state: State, engine: Engine): Orders {
  const held = state.heldBy(engine.engineId);
  const mayExit = engine.drain?.then === "exit" && held.length === 0;
  return {
    status: status(engine),
    command: engine.drain === null ? "continue" : mayExit ? "stop" : "drain",
    ...(engine.drain === null ? {} : { drain: engine.drain }),
    leases_held: held.length,
    max_concurrent_events: maxConcurrentEvents(engine),
    events_to_cancel: held.filter((event) => event.isToBeCancelled).map((event) => event.eventId),
  };
}

function isNews(now: Orders, told: Orders | null): boolean {
  if (told === null) return now.command !== "continue" || now.events_to_cancel.length > 0;
  const isChanged = now.command !== told.command || now.drain !== told.drain;
  const isCancel = now.events_to_cancel.some((id) => !told.events_to_cancel.includes(id));
  return isChanged || isCancel || now.max_concurrent_events !== told.max_concurrent_events;
}

function answerListed(state: State, engine: Engine, listed: Listed): object {
  const { event_id, lease_token } = listed;
  const event = state.events.get(event_id);
  const lease = event?.lease;
  if (!event || !lease || lease.token !== lease_token || lease.engineId !== engine.engineId) {
    const ended = event?.attempts.findLast((attempt) => attempt.lease.token === lease_token);
    return { event_id, outcome: "lost", ...(ended && { reason: ended.outcome }) };
  }
  if (listed.renew !== false) {
    renew(state, lease);
    if ("progress" in listed) event.progress = listed.progress;
  }
  return { event_id, outcome: listed.renew === false ? "held" : "renewed", ...terms(state, event, lease) };
}
