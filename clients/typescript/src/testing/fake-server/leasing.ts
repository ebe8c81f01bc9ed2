/** Leasing: who is given which of the due events, and why nothing. */

import { randomBytes } from "node:crypto";
import { knownEngine, type Call } from "./call.js";
import { maxConcurrentEvents } from "./engines.js";
import * as fields from "./fields.js";
import { Refused } from "./refusals.js";
import { settleAll } from "./settling.js";
import type { Engine, Event, State } from "./state.js";

const VISIBILITY_SECONDS = 300;
const MAX_LEASE_SECONDS = 43_200;
const MAX_REPLY_BYTES = 4 * 1024 * 1024;

const EXCHANGE = fields.members({
  limit: fields.integer(1, 100),
  wait_seconds: fields.integer(0, 30),
  visibility_timeout_seconds: fields.integer(1, 43_200),
  poll_id: fields.identifier,
  settlements: fields.array(0, 1000, fields.anything),
});
type Poll = NonNullable<ReturnType<typeof EXCHANGE>>;

interface Leased {
  events: object[];
  notice: object | null;
}

/** `POST /events/queue/{engine_type}/lease`. */
export async function exchange(call: Call): Promise<object> {
  const sent = call.readOptional(EXCHANGE);
  const results = settleAll(call, sent.settlements ?? []);
  const isRefused = results.some((result) => "error" in result);
  try {
    return { results, ...(await poll(call, isRefused ? { ...sent, wait_seconds: 0 } : sent)) };
  } catch (error) {
    if (!(error instanceof Refused) || results.length === 0) throw error;
    return { results, events: [], notice: null, lease_error: error.problem() };
  }
}

async function poll(call: Call, sent: Poll): Promise<Leased> {
  const { state } = call;
  const engineId = call.engineId ?? "(none named)";
  const first = knownEngine(state, engineId);
  if (first.engineType !== call.param("engine_type")) {
    const detail = `engine ${engineId} is registered as ${first.engineType}`;
    throw new Refused("engine_type_mismatch", detail, { engine_type: first.engineType });
  }
  const wasDraining = first.drain !== null;
  let leased: Leased = { events: [], notice: null };
  first.parkedPolls += 1;
  try {
    await call.wait(sent.wait_seconds ?? 0, () => {
      const engine = knownEngine(state, engineId);
      call.checkIncarnation(engine);
      engine.lastPollAt = state.now();
      leased = claim(state, engine, sent);
      const isOver = state.isStopping || (engine.drain !== null && !wasDraining);
      return isOver || leased.events.length > 0 || undefined;
    });
  } finally {
    first.parkedPolls -= 1;
  }
  return leased;
}

function claim(state: State, engine: Engine, sent: Poll): Leased {
  const pollTerms = JSON.stringify([engine.engineType, sent.limit, sent.visibility_timeout_seconds]);
  const held = state.heldBy(engine.engineId);
  const again = held.filter(({ lease }) => lease?.pollId !== undefined && lease.pollId === sent.poll_id);
  if (again.some(({ lease }) => lease?.pollTerms !== pollTerms)) {
    throw new Refused("poll_id_reused", `the poll id ${sent.poll_id ?? ""} stands for another poll`);
  }
  if (again.length > 0) return { events: again.map((event) => leasedEvent(state, event)), notice: null };
  const notice = noticeFor(state, engine, held);
  if (notice !== null) return { events: [], notice };
  const chosen = choose(state, engine, held, sent.limit ?? 3);
  for (const event of chosen) {
    const seconds = sent.visibility_timeout_seconds ?? event.sent.visibility_timeout_seconds ?? VISIBILITY_SECONDS;
    event.attempt += 1;
    event.status = "processing";
    event.availableAt = null;
    event.lease = {
      token: randomBytes(16).toString("hex"),
      engineId: engine.engineId,
      incarnation: engine.incarnation,
      leasedAt: state.now(),
      expiresAt: state.in(seconds),
      deadlineAt: state.in(MAX_LEASE_SECONDS),
      seconds,
      pollId: sent.poll_id,
      pollTerms,
    };
  }
  return { events: chosen.map((event) => leasedEvent(state, event)), notice: null };
}

function noticeFor(state: State, engine: Engine, held: Event[]): object | null {
  const notice = (code: string, detail: string, retryAfter: number, more?: object): object => ({
    code,
    detail,
    ...more,
    retry_after_seconds: retryAfter,
  });
  const count = { held: held.length };
  const { holdingOff } = engine;
  const most = maxConcurrentEvents(engine) ?? Infinity;
  if (state.isStopping)
    return notice("server_stopping", "this server is stopping; poll another, or again in a moment", 2);
  if (engine.drain !== null) {
    return notice("engine_draining", "the engine is draining and is given no more events", 5, count);
  }
  if (holdingOff !== null && holdingOff.until > state.now()) {
    const seconds = Math.max(1, Math.ceil(state.secondsUntil(holdingOff.until)));
    return notice("engine_holding_off", "the engine holds off, as its heartbeat said", seconds, holdingOff);
  }
  if (held.some((event) => event.isolation === "isolated")) {
    const detail = "an event whose lease was lost before is worked on alone: settle what is held first";
    return notice("engine_at_capacity", detail, 1, count);
  }
  if (held.length < most) return null;
  return notice("engine_at_capacity", "the engine holds as many events as its max_concurrent_events", 1, count);
}

function choose(state: State, engine: Engine, held: Event[], limit: number): Event[] {
  const now = state.now();
  const due = state.queue(engine.engineType).filter(({ availableAt }) => availableAt !== null && availableAt <= now);
  const dueAt = (event: Event): number => event.availableAt?.getTime() ?? 0;
  due.sort((one, two) => two.sent.priority - one.sent.priority || dueAt(one) - dueAt(two));
  const room = Math.min(limit, (maxConcurrentEvents(engine) ?? Infinity) - held.length);
  const chosen: Event[] = [];
  let bytes = 0;
  for (const event of due) {
    if (chosen.length === room) break;
    const beside = [...held, ...chosen];
    if (event.isolation === "isolated") {
      if (beside.length === 0) return [event];
      continue;
    }
    if (event.isolation === "suspect" && beside.some((other) => other.isolation === "suspect")) continue;
    bytes += fields.byteLength(event.sent.payload);
    if (bytes > MAX_REPLY_BYTES && chosen.length > 0) break;
    chosen.push(event);
  }
  return chosen;
}

function leasedEvent(state: State, event: Event): object {
  const { sent, lease } = event;
  if (lease === null) throw new Error(`event ${event.eventId} is not leased`);
  const last = event.attempts.at(-1);
  return {
    event_id: event.eventId,
    engine_type: sent.engine_type,
    event_type: sent.event_type,
    payload: sent.payload,
    payload_bytes: fields.byteLength(sent.payload),
    priority: sent.priority,
    scenario_run_id: sent.scenario_run_id ?? null,
    created_at: event.createdAt,
    attempt: event.attempt,
    max_attempts: event.attempt + event.retriesLeft,
    retries_left: event.retriesLeft,
    losses_left: event.lossesLeft,
    releases_in_row: event.releasesInRow,
    previous: last
      ? {
          outcome: last.outcome,
          error: last.report?.error ?? null,
          progress: last.progress,
          code: last.report?.code ?? null,
          reason: last.report?.reason ?? null,
          ended_at: last.endedAt,
        }
      : null,
    traceparent: sent.traceparent ?? null,
    tracestate: sent.tracestate,
    lease: {
      lease_token: lease.token,
      lock: `processing_by_${lease.engineId}`,
      leased_by: lease.engineId,
      leased_at: lease.leasedAt,
      expires_at: lease.expiresAt,
      expires_in_seconds: state.secondsUntil(lease.expiresAt),
      deadline_at: lease.deadlineAt,
      visibility_timeout_seconds: lease.seconds,
    },
  };
}
