/** Reading, waiting for and cancelling events and runs. */

import type { Call } from "./call.js";
import * as fields from "./fields.js";
import { Refused } from "./refusals.js";
import type { Attempt, Event, State } from "./state.js";
import { close } from "./verdicts.js";

const STATUSES = ["queued", "processing", "completed", "failed", "cancelled"] as const;
const WAIT = fields.members({
  event_ids: fields.needed(fields.array(1, 100, fields.identifier)),
  wait_seconds: fields.integer(0, 30),
  until: fields.oneOf("any", "all"),
});

/** `GET /events/{event_id}`. */
export async function readEvent(call: Call): Promise<object> {
  const event = known(call);
  await waitUntil(call, querySeconds(call), () => !event.isOpen);
  return shown(event);
}

/** `GET /events/{event_id}/attempts`. */
export function attempts(call: Call): object {
  const event = known(call);
  return { items: event.attempts.map((attempt) => shownAttempt(event, attempt)).reverse(), next_cursor: null };
}

/** `POST /events/wait`. */
export async function wait(call: Call): Promise<object> {
  const { event_ids, wait_seconds, until } = call.read(WAIT);
  const { events } = call.state;
  const asked = event_ids.map((id) => events.get(id)).filter((event) => event !== undefined);
  await waitUntil(call, wait_seconds ?? 0, () => {
    const ended = asked.filter((event) => !event.isOpen).length;
    return ended === asked.length || (until === "any" && ended > 0);
  });
  return {
    events: asked.filter((event) => !event.isOpen).map(brief),
    open: asked.filter((event) => event.isOpen).map((event) => event.eventId),
    unknown: event_ids.filter((id) => !events.has(id)),
  };
}

/** `POST /events/{event_id}/cancel`. */
export function cancel(call: Call): object {
  const event = known(call);
  if (!event.isOpen && event.status !== "cancelled") {
    const detail = `event ${event.eventId} has ended as ${event.status}`;
    throw new Refused("event_is_final", detail, { event_status: event.status });
  }
  cancelOne(call.state, event);
  call.status = event.isOpen ? 202 : 200;
  return shown(event);
}

/** `GET /scenario-runs/{scenario_run_id}`. */
export async function readRun(call: Call): Promise<object> {
  const run = call.param("scenario_run_id");
  await waitUntil(call, querySeconds(call), () => !ofRun(call).some((event) => event.isOpen));
  const events = ofRun(call);
  const cancelledAt = call.state.cancelledRuns.get(run) ?? null;
  const ended = events.map((event) => event.finishedAt).filter((moment) => moment !== null);
  return {
    scenario_run_id: run,
    status: cancelledAt !== null ? "cancelled" : events.some((event) => event.isOpen) ? "active" : "idle",
    counts: Object.fromEntries(STATUSES.map((status) => [status, events.filter((e) => e.status === status).length])),
    is_approximate: false,
    first_created_at: events[0]?.createdAt ?? null,
    last_ended_at: ended.sort((one, two) => two.getTime() - one.getTime())[0] ?? null,
    cancelled_at: cancelledAt,
    cancelled_by: null,
    cancelled_in: [],
  };
}

/** `POST /scenario-runs/{scenario_run_id}/cancel`. */
export function cancelRun(call: Call): object {
  const { state } = call;
  const run = call.param("scenario_run_id");
  if (!state.cancelledRuns.has(run)) state.cancelledRuns.set(run, state.now());
  const open = ofRun(call).filter((event) => event.isOpen);
  for (const event of open) cancelOne(state, event);
  const asked = open.filter((event) => event.isOpen).length;
  return { cancelled: open.length - asked, cancel_requested: asked };
}

/** `POST /scenario-runs/{scenario_run_id}/reopen`. */
export function reopenRun(call: Call): object {
  const run = call.param("scenario_run_id");
  return { scenario_run_id: run, reopened: call.state.cancelledRuns.delete(run) };
}

/** An event as replies have it. */
export function shown(event: Event): object {
  const { sent, lease } = event;
  const of = (value: unknown, name: string): unknown => (fields.isMembers(value) ? (value[name] ?? null) : null);
  return {
    event_id: event.eventId,
    engine_type: sent.engine_type,
    event_type: sent.event_type,
    status: event.status,
    priority: sent.priority,
    scenario_run_id: sent.scenario_run_id ?? null,
    traceparent: sent.traceparent ?? null,
    unique_key: sent.unique_key ?? null,
    caused_by: event.causedBy,
    created_at: event.createdAt,
    available_at: event.availableAt,
    finished_at: event.finishedAt,
    attempt: event.attempt,
    failures: event.failures,
    lease_losses: event.losses,
    redrives: 0,
    retries_left: event.isOpen ? event.retriesLeft : null,
    losses_left: event.isOpen ? event.lossesLeft : null,
    is_suspect: event.isOpen && event.isolation !== "free",
    leased_by: lease?.engineId ?? null,
    leased_at: lease?.leasedAt ?? null,
    lease_expires_at: lease?.expiresAt ?? null,
    lease_deadline_at: lease?.deadlineAt ?? null,
    lock: lease && `processing_by_${lease.engineId}`,
    payload_bytes: fields.byteLength(sent.payload),
    progress: event.progress,
    result: event.result,
    error: event.error,
    error_type: of(event.error, "type"),
    error_message: of(event.error, "message"),
    dead_letter_reason: event.deadLetterReason,
    cancel_requested: event.isToBeCancelled,
  };
}

function shownAttempt(event: Event, attempt: Attempt): object {
  const { lease, report, reply } = attempt;
  const isLast = !event.isOpen && event.attempts.at(-1) === attempt;
  return {
    attempt: attempt.number,
    incarnation: lease.incarnation,
    engine_id: lease.engineId,
    leased_at: lease.leasedAt,
    ended_at: attempt.endedAt,
    outcome: attempt.outcome,
    answer: reply?.outcome ?? null,
    next_available_at: reply?.available_at ?? null,
    late_by_seconds: attempt.lateBySeconds,
    result: report?.result ?? null,
    error: report?.error ?? null,
    progress: attempt.progress,
    code: report?.code ?? null,
    reason: report?.reason ?? null,
    enqueued: reply?.enqueued,
    final_status: isLast ? event.status : null,
  };
}

function brief(event: Event): object {
  return {
    event_id: event.eventId,
    engine_type: event.sent.engine_type,
    event_type: event.sent.event_type,
    status: event.status,
    attempt: event.attempt,
    created_at: event.createdAt,
    finished_at: event.finishedAt,
  };
}

/** Cancels an open event: at once while it is queued, with its lease while an engine holds it. */
function cancelOne(state: State, event: Event): void {
  if (event.status === "queued") close(state, event, "cancelled");
  else if (event.status === "processing") event.isToBeCancelled = true;
}

function known(call: Call): Event {
  const event = call.state.events.get(call.param("event_id"));
  if (event === undefined) throw new Refused("event_not_found", `no event ${call.param("event_id")} is known`);
  return event;
}

function ofRun(call: Call): Event[] {
  const run = call.param("scenario_run_id");
  return [...call.state.events.values()].filter((event) => event.sent.scenario_run_id === run);
}

function querySeconds(call: Call): number {
  return Number(call.query.get("wait_seconds") ?? 0);
}

async function waitUntil(call: Call, seconds: number, isOver: () => boolean): Promise<void> {
  await call.wait(seconds, () => isOver() || call.state.isStopping || undefined);
}
