/** Reading, waiting for and cancelling events and runs. */

import type { Call } from "./call.js";
import { policyInForce } from "./enqueueing.js";
import * as fields from "./fields.js";
import { Refused } from "./refusals.js";
import type { Event, State } from "./state.js";
import { close } from "./verdicts.js";

const STATUSES = ["queued", "processing", "completed", "failed", "cancelled"];
const WAIT = fields.members({
  event_ids: fields.needed(fields.array(1, 100, fields.identifier)),
  wait_seconds: fields.integer(0, 30),
  until: fields.oneOf("any", "all"),
});

/** `GET /events/{event_id}`. */
export async function readEvent(call: Call): Promise<object> {
  const event = known(call);
  await call.wait(call.waitSeconds, () => !event.isOpen || call.state.isStopping || undefined);
  return shown(event);
}

/** `GET /events/{event_id}/attempts`. */
export function attempts(call: Call): object {
  const event = known(call);
  const items = event.attempts.map(({ lease, report, reply, ...attempt }, index) => {
    const { result = null, error = null, code = null, reason = null } = report ?? {};
    const { leased_by: engine_id, incarnation, engine_software_version, leased_at } = lease;
    const isLast = !event.isOpen && index === event.attempts.length - 1;
    return {
      ...attempt,
      ...{ engine_id, incarnation, engine_software_version, leased_at, code, reason },
      ...detailed({ result, error, progress: attempt.progress }),
      answer: reply?.outcome ?? null,
      next_available_at: reply?.available_at ?? null,
      enqueued: reply?.enqueued,
      refused_report_at: null,
      refused_report_status: null,
      final_status: isLast ? event.status : null,
    };
  });
  return { items: items.reverse(), next_cursor: null };
}

/** `POST /events/wait`. */
export async function wait(call: Call): Promise<object> {
  const { event_ids, wait_seconds = 0, until } = call.read(WAIT);
  const { events, isStopping } = call.state;
  const asked = event_ids.map((id) => events.get(id)).filter((event) => event !== undefined);
  const open = (): Event[] => asked.filter((event) => event.isOpen);
  await call.wait(wait_seconds, () => {
    const isOver = open().length === 0 || (until === "any" && open().length < asked.length);
    return isOver || isStopping || undefined;
  });
  return {
    events: asked.filter((event) => !event.isOpen).map(brief),
    open: open().map((event) => event.event_id),
    unknown: event_ids.filter((id) => !events.has(id)),
  };
}

/** `POST /events/{event_id}/cancel`. */
export function cancel(call: Call): object {
  const event = known(call);
  if (!event.isOpen && event.status !== "cancelled") {
    const detail = `event ${event.event_id} has ended as ${event.status}`;
    throw new Refused("event_is_final", detail, { event_status: event.status });
  }
  cancelOne(call.state, event);
  call.status = event.isOpen ? 202 : 200;
  return shown(event);
}

/** `GET /scenario-runs/{scenario_run_id}`. */
export async function readRun(call: Call): Promise<object> {
  const { state } = call;
  const scenario_run_id = call.param("scenario_run_id");
  const isActive = (): boolean => ofRun(call).some((event) => event.isOpen);
  await call.wait(call.waitSeconds, () => !isActive() || state.isStopping || undefined);
  const events = ofRun(call);
  const cancelled_at = state.cancelledRuns.get(scenario_run_id) ?? null;
  const ended = events.map((event) => event.finished_at?.getTime() ?? 0).filter(Boolean);
  return {
    scenario_run_id,
    status: cancelled_at !== null ? "cancelled" : isActive() ? "active" : "idle",
    counts: Object.fromEntries(STATUSES.map((status) => [status, events.filter((e) => e.status === status).length])),
    is_approximate: false,
    first_created_at: events[0]?.created_at ?? null,
    last_ended_at: ended.length > 0 ? new Date(Math.max(...ended)) : null,
    ...{ cancelled_at, cancelled_by: null, cancelled_in: [] },
  };
}

/** `POST /scenario-runs/{scenario_run_id}/cancel`. */
export function cancelRun(call: Call): object {
  const { state } = call;
  const run = call.param("scenario_run_id");
  state.cancelledRuns.set(run, state.cancelledRuns.get(run) ?? state.now());
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
  const { sent, attempts, lease, releasesInRow, ...plain } = event;
  const { engine_type, event_type, priority, payload } = sent;
  const { scenario_run_id = null, traceparent = null, unique_key = null, discard_after_seconds = 0 } = sent;
  const isWaiting = discard_after_seconds > 0 && event.status === "queued" && event.attempt === 0;
  return {
    ...plain,
    ...{ engine_type, event_type, priority, payload_bytes: fields.byteLength(payload) },
    ...{ scenario_run_id, traceparent, unique_key },
    ...{ redrives: 0, redriven_as: null, redriven_from: null },
    retries_left: event.isOpen ? event.retriesLeft : null,
    losses_left: event.isOpen ? event.lossesLeft : null,
    is_suspect: event.isOpen && event.isSuspect,
    lock: lease?.lock ?? null,
    leased_by: lease?.leased_by ?? null,
    leased_at: lease?.leased_at ?? null,
    lease_expires_at: lease?.expires_at ?? null,
    lease_deadline_at: lease?.deadline_at ?? null,
    discard_at: isWaiting ? new Date(event.created_at.getTime() + discard_after_seconds * 1000) : null,
    retry_policy: event.isOpen ? policyInForce(sent.retry_policy, sent.ownPolicy) : null,
    ...detailed(event),
  };
}

/** What was reported, and how long it is. */
function detailed({ result, error, progress }: Pick<Event, "result" | "error" | "progress">): object {
  const lengths = [result, error, progress].map(fields.byteLength);
  const [result_bytes, error_bytes, progress_bytes] = lengths;
  const { type: error_type = null, message: error_message = null } = error ?? {};
  return { result, result_bytes, error, error_bytes, error_type, error_message, progress, progress_bytes };
}

function brief(event: Event): object {
  const { event_id, sent, status, attempt, created_at, finished_at } = event;
  const { engine_type, event_type } = sent;
  return { event_id, engine_type, event_type, status, attempt, created_at, finished_at };
}

/** Cancels an open event: at once while it is queued, with its lease while an engine holds it. */
function cancelOne(state: State, event: Event): void {
  if (event.status === "queued") close(state, event, "cancelled");
  else if (event.status === "processing") event.cancel_requested = true;
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
