/** Settling: reports, in time, late, repeated, contradicting; and the follow-ups of completions. */

import type { Call } from "./call.js";
import { enqueueOne, NEW_EVENT, refuseUnfit, type NewEvent } from "./enqueueing.js";
import * as fields from "./fields.js";
import { renew, terms } from "./heartbeats.js";
import { invalid, orRefusal, Refused, type WrongPlace } from "./refusals.js";
import type { Attempt, Event, Settled } from "./state.js";
import { settle, takeLossBack, type Report } from "./verdicts.js";

const DETAIL = fields.json(fields.MAX_DETAIL_BYTES);
const PROGRESS = fields.orNull(DETAIL);
const DELAY_SECONDS = fields.integer(0, 86_400);
const STATUS = fields.oneOf("completed", "failed", "queued", "processing");
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
    delay_seconds: DELAY_SECONDS,
    progress: PROGRESS,
  },
  queued: { delay_seconds: DELAY_SECONDS, code: fields.text(64), reason: fields.text(500), progress: PROGRESS },
  processing: { visibility_timeout_seconds: fields.integer(1, 43_200), progress: PROGRESS },
};
const BATCH = fields.members({ settlements: fields.needed(fields.array(1, 1000, fields.anything)) });

/** `PUT /events/{event_id}/status`. */
export function settleOne(call: Call): object {
  return answer(call, { ...call.read(reportOf(call, {})), event_id: call.param("event_id") }, "");
}

/** `PUT /events/status`. */
export function settleMany(call: Call): object {
  return { results: settleAll(call, call.read(BATCH).settlements) };
}

/** Settles each. One that is refused has its problem as the entry's `error`. */
export function settleAll(call: Call, settlements: unknown[]): object[] {
  const check = reportOf(call, { event_id: fields.needed(fields.identifier) });
  return settlements.map((sent, index) => {
    const place = `/settlements/${index}`;
    const result = orRefusal(() => answer(call, fields.read(sent, check, place), place));
    if (!(result instanceof Refused)) return result;
    return { event_id: fields.isMembers(sent) ? sent["event_id"] : null, error: result.problem() };
  });
}

function reportOf(call: Call, more: fields.Shape): fields.Check<Report> {
  const lease_token = call.state.needsTokens ? fields.needed(fields.leaseToken) : fields.leaseToken;
  const { completed, failed, queued, processing } = MEMBERS;
  const anyStatus: fields.Shape = { ...completed, ...failed, ...queued, ...processing };
  return (value, place) => {
    const status = fields.isMembers(value) ? value["status"] : undefined;
    const known = Object.entries(MEMBERS).find(([name]) => name === status)?.[1];
    const anything = Object.fromEntries(Object.keys(anyStatus).map((name) => [name, fields.anything]));
    return fields.members({ ...more, lease_token, status: fields.needed(STATUS), ...(known ?? anything) }, (name) =>
      name in anyStatus ? "goes only with another status" : "is not a field of this object",
    )(value, place) as Report;
  };
}

function answer(call: Call, report: Report, place: string): object {
  const { state, engineId } = call;
  const { event_id, lease_token, status } = report;
  const event = state.events.get(event_id);
  if (event === undefined) throw new Refused("event_not_found", `no event ${event_id} is known`);
  const { lease } = event;
  if (
    lease === null ||
    (lease_token === undefined ? lease.leased_by !== engineId : lease.lease_token !== lease_token)
  ) {
    return answerEnded(call, event, report, place);
  }
  if (engineId !== undefined && lease.leased_by !== engineId) {
    const detail = `the lease of event ${event_id} belongs to another engine than the one named`;
    throw new Refused("forbidden", detail);
  }
  if (status !== "processing") return end(call, event, report, place);
  renew(state, lease, report.visibility_timeout_seconds);
  if ("progress" in report) state.progress(event, report.progress);
  return { event_id, status, attempt: event.attempt, outcome: "renewed", ...terms(state, event, lease) };
}

/** Ends the lease, and enqueues the follow-ups of a completion; `late` is where it had ended in silence. */
function end(call: Call, event: Event, report: Report, place: string, late?: Attempt): Settled {
  const followUps = inherited(event, report);
  refuseFollowUps(call, followUps, place);
  if (late !== undefined) takeLossBack(event, late);
  const reply = settle(call.state, event, report);
  const last = event.attempts.at(-1);
  if (late !== undefined && last !== undefined) last.late_by_seconds = call.state.secondsSince(late.ended_at);
  if (followUps.length === 0) return reply;
  reply.enqueued = followUps.map((sent) => {
    const made = orRefusal(() => enqueueOne(call.state, sent, owner(call), event.event_id));
    if (made instanceof Refused) return { event_id: null, error: made.problem() };
    const { event_id } = made.event;
    return made.duplicateOf === null ? { event_id } : { event_id, duplicate: true, duplicate_of: made.duplicateOf };
  });
  return reply;
}

function answerEnded(call: Call, event: Event, report: Report, place: string): object {
  const { event_id, lease_token, status } = report;
  const attempt = event.attempts.findLast(({ lease }) => {
    const isByCaller = lease.leased_by === call.engineId;
    if (lease_token === undefined) return isByCaller;
    return lease.lease_token === lease_token && (isByCaller || call.engineId === undefined);
  });
  const isLast = event.status === "queued" && event.attempts.at(-1) === attempt;
  if (attempt?.reply === null && isLast && lease_token !== undefined && status !== "processing") {
    return end(call, event, report, place, attempt);
  }
  const settled_as = attempt?.report?.status;
  if (settled_as === status && attempt?.reply) return attempt.reply;
  if (settled_as !== undefined) {
    const detail = `the lease of event ${event_id} was settled before, as ${settled_as}`;
    throw new Refused("already_settled", detail, { settled_as, settled_at: attempt?.ended_at });
  }
  throw new Refused("lease_lost", `the lease of event ${event_id} is lost`, {
    lease_ended_by: attempt?.outcome ?? null,
    lease_ended_at: attempt?.ended_at ?? null,
    event_status: event.status,
    current_attempt: event.attempt,
  });
}

/** The follow-ups of a completion, with what they inherit. */
function inherited(event: Event, report: Report): NewEvent[] {
  return (report.enqueue ?? []).map((sent) => {
    const scenario_run_id = sent.scenario_run_id ?? event.sent.scenario_run_id;
    const { traceparent, tracestate } = sent.traceparent === undefined ? event.sent : sent;
    return { ...sent, scenario_run_id, traceparent, tracestate };
  });
}

function refuseFollowUps(call: Call, followUps: NewEvent[], place: string): void {
  const { state } = call;
  const engine = state.engines.get(call.engineId ?? "");
  const wrong: WrongPlace[] = [];
  for (const [index, sent] of followUps.entries()) {
    const pointer = `${place}/enqueue/${index}`;
    const isAllowed = sent.engine_type === engine?.engine_type || engine?.may_enqueue.includes(sent.engine_type);
    if (state.needsTokens && !isAllowed) {
      wrong.push({ pointer: `${pointer}/engine_type`, detail: "the engine may not enqueue into that queue" });
    }
    const refused = orRefusal(() => refuseUnfit(state, sent, owner(call)));
    if (refused instanceof Refused && refused.code !== "run_cancelled") {
      wrong.push({ pointer: `${pointer}/idempotency_key`, detail: refused.message });
    }
  }
  if (wrong.length > 0) throw invalid(wrong);
}

function owner(call: Call): string {
  const engine = call.state.engines.get(call.engineId ?? "");
  return engine === undefined ? "engines" : `engine:${engine.engine_type}`;
}
