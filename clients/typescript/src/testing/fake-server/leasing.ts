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
type Poll = Omit<ReturnType<typeof EXCHANGE>, "settlements">;

/** What a poll gets: events, or perhaps the cause for which there are none. */
interface Given {
  events: object[];
  notice: object | null;
}

/** `POST /events/queue/{engine_type}/lease`. */
export async function exchange(call: Call): Promise<object> {
  const { settlements = [], ...sent } = fields.read(call.body ?? {}, EXCHANGE);
  const results = settleAll(call, settlements);
  if (results.some((result) => "error" in result)) sent.wait_seconds = 0;
  try {
    return { results, ...(await poll(call, sent)) };
  } catch (error) {
    if (!(error instanceof Refused) || results.length === 0) throw error;
    return { results, events: [], notice: null, lease_error: error.problem() };
  }
}

async function poll(call: Call, sent: Poll): Promise<Given> {
  const { state } = call;
  const first = knownEngine(state, call.engineId ?? "(none named)");
  const { engine_id, engine_type } = first;
  if (engine_type !== call.param("engine_type")) {
    throw new Refused("engine_type_mismatch", `engine ${engine_id} is registered as ${engine_type}`, { engine_type });
  }
  const wasDraining = first.drain !== null;
  let given: Given = { events: [], notice: null };
  first.parkedPolls += 1;
  try {
    await call.wait(sent.wait_seconds ?? 0, () => {
      const engine = knownEngine(state, engine_id);
      call.checkIncarnation(engine);
      engine.last_poll_at = state.now();
      given = give(state, engine, sent);
      const isOver = state.isStopping || (engine.drain !== null && !wasDraining);
      return isOver || given.events.length > 0 || undefined;
    });
  } finally {
    first.parkedPolls -= 1;
  }
  return given;
}

function give(state: State, engine: Engine, sent: Poll): Given {
  const { poll_id, limit = 3, visibility_timeout_seconds } = sent;
  const pollTerms = JSON.stringify([engine.engine_type, limit, visibility_timeout_seconds]);
  const held = state.heldBy(engine.engine_id);
  const again = held.filter(({ lease }) => lease?.pollId !== undefined && lease.pollId === poll_id);
  if (again.some(({ lease }) => lease?.pollTerms !== pollTerms)) {
    throw new Refused("poll_id_reused", `the poll id ${poll_id ?? ""} stands for another poll`);
  }
  if (again.length > 0) return { events: again.map((event) => leased(state, event)), notice: null };
  const notice = noticeFor(state, engine, held);
  if (notice !== null) return { events: [], notice };
  const chosen = choose(state, engine, held, limit);
  for (const event of chosen) {
    const seconds = visibility_timeout_seconds ?? event.sent.visibility_timeout_seconds ?? VISIBILITY_SECONDS;
    event.attempt += 1;
    event.status = "processing";
    event.available_at = null;
    event.lease = {
      lease_token: randomBytes(16).toString("hex"),
      lock: `processing_by_${engine.engine_id}`,
      leased_by: engine.engine_id,
      leased_at: state.now(),
      expires_at: state.in(seconds),
      deadline_at: state.in(MAX_LEASE_SECONDS),
      visibility_timeout_seconds: seconds,
      incarnation: engine.incarnation,
      engine_software_version: engine.metadata.static_config["engine_software_version"] ?? null,
      pollId: poll_id,
      pollTerms,
    };
  }
  return { events: chosen.map((event) => leased(state, event)), notice: null };
}

function noticeFor(state: State, engine: Engine, held: Event[]): object | null {
  const notice = (code: string, detail: string, retry_after_seconds: number, more?: object): object => {
    return { code, detail, ...more, retry_after_seconds };
  };
  const count = { held: held.length };
  const { drain, holding_off } = engine;
  if (state.isStopping) return notice("server_stopping", "this server is stopping; poll again in a moment", 2);
  if (drain !== null) return notice("engine_draining", "the engine is draining and is given no more events", 5, count);
  if (holding_off !== null && holding_off.until > state.now()) {
    const seconds = Math.ceil(state.secondsUntil(holding_off.until));
    return notice("engine_holding_off", "the engine holds off, as its heartbeat said", seconds, holding_off);
  }
  if (held.some((event) => event.isIsolated)) {
    const detail = "an event whose lease was lost before is worked on alone: settle what is held first";
    return notice("engine_at_capacity", detail, 1, count);
  }
  if (held.length < (maxConcurrentEvents(engine) ?? Infinity)) return null;
  return notice("engine_at_capacity", "the engine holds as many events as its max_concurrent_events", 1, count);
}

function choose(state: State, engine: Engine, held: Event[], limit: number): Event[] {
  const now = state.now();
  const dueAt = (event: Event): number => event.available_at?.getTime() ?? Infinity;
  const due = state
    .queue(engine.engine_type)
    .filter((event) => dueAt(event) <= now.getTime())
    .sort((one, two) => two.sent.priority - one.sent.priority || dueAt(one) - dueAt(two));
  const room = Math.min(limit, (maxConcurrentEvents(engine) ?? Infinity) - held.length);
  const chosen: Event[] = [];
  let bytes = 0;
  for (const event of due) {
    if (chosen.length === room) break;
    const others = [...held, ...chosen];
    if (event.isIsolated && others.length === 0) return [event];
    if (event.isIsolated || (event.isSuspect && others.some((other) => other.isSuspect))) continue;
    bytes += fields.byteLength(event.sent.payload);
    if (bytes > MAX_REPLY_BYTES && chosen.length > 0) break;
    chosen.push(event);
  }
  return chosen;
}

function leased(state: State, event: Event): object {
  if (event.lease === null) throw new Error(`event ${event.event_id} is not leased`);
  const { incarnation, engine_software_version, pollId, pollTerms, ...lease } = event.lease;
  const {
    engine_type,
    event_type,
    payload,
    priority,
    scenario_run_id = null,
    traceparent = null,
    tracestate,
  } = event.sent;
  const { event_id, created_at, attempt, retriesLeft } = event;
  return {
    ...{ event_id, engine_type, event_type, payload, payload_bytes: fields.byteLength(payload), priority },
    ...{ scenario_run_id, traceparent, tracestate, created_at, attempt },
    max_attempts: attempt + retriesLeft,
    retries_left: retriesLeft,
    losses_left: event.lossesLeft,
    releases_in_row: event.releasesInRow,
    previous: previousOf(event),
    lease: { ...lease, expires_in_seconds: state.secondsUntil(lease.expires_at) },
  };
}

function previousOf(event: Event): object | null {
  const last = event.attempts.at(-1);
  if (last === undefined) return null;
  const { error = null, code = null, reason = null } = last.report ?? {};
  return { outcome: last.outcome, error, progress: last.progress, code, reason, ended_at: last.ended_at };
}
