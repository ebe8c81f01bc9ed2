/** Settling: reports, in time, late, repeated, contradicting; and the follow-ups of completions. */

import { readAll, type Call } from "./call.js";
import { enqueueOne, NEW_EVENT, refuseUnfit, type NewEvent } from "./enqueueing.js";
import * as fields from "./fields.js";
import { renew, terms } from "./heartbeats.js";
import { invalid, Refused, type WrongPlace } from "./refusals.js";
import type { Attempt, Event, State } from "./state.js";
import { settle, takeLossBack, type Report, type Settled } from "./verdicts.js";

const DETAIL = fields.json(fields.MAX_DETAIL_BYTES);
const ERROR = fields.members({
  message: fields.needed(DETAIL),
  type: DETAIL,
  details: DETAIL,
  fingerprint: fields.text(200),
});
/** What goes with which status. */
const MEMBERS = {
  completed: { result: DETAIL, enqueue: fields.array(0, 100, NEW_EVENT) },
  failed: {
    error: fields.needed((value, place) => ERROR(typeof value === "string" ? { message: value } : value, place)),
    retryable: fields.boolean,
    delay_seconds: fields.integer(0, 86_400),
    progress: fields.orNull(DETAIL),
  },
  queued: {
    delay_seconds: fields.integer(0, 86_400),
    code: fields.text(64),
    reason: fields.text(500),
    progress: fields.orNull(DETAIL),
  },
  processing: { visibility_timeout_seconds: fields.integer(1, 43_200), progress: fields.orNull(DETAIL) },
};
const STATUS = fields.oneOf("completed", "failed", "queued", "processing");
const ANY_STATUS = Object.fromEntries(
  Object.values(MEMBERS)
    .flatMap((shape) => Object.keys(shape))
    .map((name) => [name, fields.anything]),
);
const BATCH = fields.members({ settlements: fields.needed(fields.array(1, 1000, fields.anything)) });

/** `PUT /events/{event_id}/status`. */
export function settleOne(call: Call): object {
  const report = call.read(reportOf(call.state, {}));
  return answer(call, { ...report, event_id: call.param("event_id") }, "");
}

/** `PUT /events/status`. */
export function settleMany(call: Call): object {
  return { results: settleAll(call, call.read(BATCH).settlements) };
}

/** Settles each. One that is refused has its problem as the entry's `error`. */
export function settleAll(call: Call, settlements: unknown[]): object[] {
  const shape = { event_id: fields.needed(fields.identifier) };
  return settlements.map((sent, index) => {
    const place = `/settlements/${index}`;
    try {
      return answer(call, readAll(sent, reportOf(call.state, shape), place), place);
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      const eventId = fields.isMembers(sent) ? sent["event_id"] : null;
      return { event_id: eventId, error: error.problem() };
    }
  });
}

function reportOf(state: State, more: fields.Shape): fields.Check<Report> {
  return (value, place) => {
    const status = STATUS(fields.isMembers(value) ? value["status"] : undefined, new fields.Place("", []));
    const shape = {
      ...more,
      lease_token: state.needsTokens ? fields.needed(fields.leaseToken) : fields.leaseToken,
      status: fields.needed(STATUS),
      ...(status === undefined ? ANY_STATUS : MEMBERS[status]),
    };
    const explain = (name: string): string =>
      name in ANY_STATUS ? "goes only with another status" : "is not a field of this object";
    return fields.members(shape, explain)(value, place) as Report | undefined;
  };
}

function answer(call: Call, report: Report, place: string): object {
  const { state } = call;
  const event = state.events.get(report.event_id);
  if (event === undefined) throw new Refused("event_not_found", `no event ${report.event_id} is known`);
  const { lease } = event;
  const token = report.lease_token;
  if (lease === null || (token === undefined ? lease.engineId !== call.engineId : lease.token !== token)) {
    const attempt = endedAttempt(event, report, call.engineId);
    if (attempt === undefined || !isLate(event, attempt, report)) return answerEnded(event, attempt, report);
    refuseFollowUps(call, event, report, place);
    takeLossBack(event, attempt);
    const reply = end(call, event, report);
    const last = event.attempts.at(-1);
    if (last) last.lateBySeconds = -state.secondsUntil(attempt.endedAt);
    return reply;
  }
  if (call.engineId !== undefined && lease.engineId !== call.engineId) {
    const detail = `the lease of event ${event.eventId} belongs to another engine than the one named`;
    throw new Refused("forbidden", detail);
  }
  if (report.status === "processing") {
    renew(state, lease, report.visibility_timeout_seconds);
    if ("progress" in report) event.progress = report.progress;
    const { eventId, status, attempt } = event;
    return { event_id: eventId, status, attempt, outcome: "renewed", ...terms(state, event, lease) };
  }
  refuseFollowUps(call, event, report, place);
  return end(call, event, report);
}

function end(call: Call, event: Event, report: Report): Settled {
  const reply = settle(call.state, event, report);
  const followUps = inherited(event, report);
  if (followUps.length > 0) reply.enqueued = followUps.map((sent) => enqueueFollowUp(call, event, sent));
  return reply;
}

function endedAttempt(event: Event, report: Report, engineId: string | undefined): Attempt | undefined {
  return event.attempts.findLast(({ lease }) => {
    if (report.lease_token === undefined) return lease.engineId === engineId;
    return lease.token === report.lease_token && (engineId === undefined || lease.engineId === engineId);
  });
}

function isLate(event: Event, attempt: Attempt, report: Report): boolean {
  const isLast = event.status === "queued" && event.attempts.at(-1) === attempt;
  return isLast && report.lease_token !== undefined && report.status !== "processing" && attempt.reply === null;
}

function answerEnded(event: Event, attempt: Attempt | undefined, report: Report): object {
  const settledAs = attempt?.report?.status;
  if (attempt?.reply && settledAs === report.status) return attempt.reply;
  if (attempt && settledAs !== undefined) {
    const detail = `the lease of event ${event.eventId} was settled before, as ${settledAs}`;
    throw new Refused("already_settled", detail, { settled_as: settledAs, settled_at: attempt.endedAt });
  }
  throw new Refused("lease_lost", `the lease of event ${event.eventId} is lost`, {
    lease_ended_by: attempt?.outcome ?? null,
    lease_ended_at: attempt?.endedAt ?? null,
    event_status: event.status,
    current_attempt: event.attempt,
  });
}

/** The follow-ups of a completion, with what they inherit. */
function inherited(event: Event, report: Report): NewEvent[] {
  const { scenario_run_id, traceparent, tracestate } = event.sent;
  return (report.enqueue ?? []).map((sent) => ({
    ...sent,
    scenario_run_id: sent.scenario_run_id ?? scenario_run_id,
    ...(sent.traceparent === undefined && { traceparent, tracestate }),
  }));
}

function refuseFollowUps(call: Call, event: Event, report: Report, place: string): void {
  const { state } = call;
  const engine = state.engines.get(call.engineId ?? "");
  const wrong: WrongPlace[] = [];
  for (const [index, sent] of inherited(event, report).entries()) {
    const pointer = `${place}/enqueue/${index}`;
    if (state.needsTokens && ![engine?.engineType, ...(engine?.mayEnqueue ?? [])].includes(sent.engine_type)) {
      wrong.push({ pointer: `${pointer}/engine_type`, detail: "the engine may not enqueue into that queue" });
    }
    try {
      refuseUnfit(state, sent, owner(call));
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      if (error.code !== "run_cancelled") wrong.push({ pointer: `${pointer}/idempotency_key`, detail: error.message });
    }
  }
  if (wrong.length > 0) throw invalid(wrong);
}

function enqueueFollowUp(call: Call, event: Event, sent: NewEvent): object {
  try {
    const { event: made, duplicateOf } = enqueueOne(call.state, sent, owner(call), event.eventId);
    return { event_id: made.eventId, ...(duplicateOf !== null && { duplicate: true, duplicate_of: duplicateOf }) };
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    return { event_id: null, error: error.problem() };
  }
}

function owner(call: Call): string {
  const engine = call.state.engines.get(call.engineId ?? "");
  return engine === undefined ? "engines" : `engine:${engine.engineType}`;
}
