/** What follows for an event whose attempt ended: one function for reports, releases, silent losses and cancellation. */

import type { NewEvent } from "./enqueueing.js";
import type { Attempt, Event, State } from "./state.js";

const LONGEST_RELEASE_SECONDS = 300;

/** What an engine reports of an event. */
export interface Report {
  event_id: string;
  lease_token?: string | undefined;
  status: "completed" | "failed" | "queued" | "processing";
  result?: unknown;
  enqueue?: NewEvent[] | undefined;
  error?: { type?: unknown; message: unknown; details?: unknown } | undefined;
  retryable?: boolean | undefined;
  delay_seconds?: number | undefined;
  code?: string | undefined;
  reason?: string | undefined;
  progress?: unknown;
  visibility_timeout_seconds?: number | undefined;
}

/** What a report is answered. */
export interface Settled {
  event_id: string;
  status: string;
  attempt: number;
  outcome: string;
  available_at?: Date;
  enqueued?: object[];
}

/** How a lease ends without a report. All but an orderly deregistration are silent losses. */
export type Ending = "expired" | "max_lease" | "engine_unresponsive" | "engine_restarted" | "deregistered";

/** Ends the lease of an event without a report. */
export function loseLease(state: State, event: Event, ending: Ending, isSilent = true): void {
  if (isSilent) event.losses += 1;
  if (isSilent) event.releasesInRow = 0;
  const isSpent = isSilent && event.lossesLeft === 0;
  const delay = isSilent && event.losses > 1 ? backoff(event, event.losses - 1) : 0;
  const outcome = requeue(state, event, delay, isSpent ? "lease_losses_exhausted" : null, "released");
  endAttempt(state, event, ending, null, isSilent ? null : outcome);
}

/** Ends the lease of an event as its engine reports it. */
export function settle(state: State, event: Event, report: Report): Settled {
  let outcome = "completed";
  if (report.status === "completed") {
    event.result = report.result ?? null;
    close(state, event, "completed");
  } else if (report.status === "failed") {
    event.failures += 1;
    event.releasesInRow = 0;
    event.error = report.error ?? null;
    const isSpent = event.failures > event.sent.retry_policy.max_retries;
    const reason = report.retryable === false ? "not_retryable" : isSpent ? "retries_exhausted" : null;
    outcome = requeue(state, event, report.delay_seconds ?? backoff(event, event.failures), reason, "retry_scheduled");
  } else {
    event.releasesInRow += 1;
    outcome = requeue(state, event, report.delay_seconds || releaseDelay(event.releasesInRow), null, "released");
  }
  const ending = report.status === "queued" ? "released" : report.status;
  return endAttempt(state, event, ending, report, outcome);
}

/** Ends an event. */
export function close(state: State, event: Event, status: "completed" | "failed" | "cancelled"): void {
  event.status = status;
  event.finishedAt = state.now();
  event.availableAt = null;
}

/** A late report counts as if its lease had not been lost. */
export function takeLossBack(event: Event, attempt: Attempt): void {
  event.attempts.splice(event.attempts.indexOf(attempt), 1);
  event.losses -= 1;
  event.lease = attempt.lease;
  event.progress = attempt.progress;
}

/** Ends what has run out: leases, silent engines, events that are too old. A waiting poll is a sign of life. */
export function reap(state: State): void {
  const now = state.now();
  for (const engine of state.engines.values()) {
    if (engine.parkedPolls > 0) engine.lastSeenAt = now;
    const timeout = engine.heartbeatTimeoutSeconds;
    if (timeout === null || state.secondsUntil(engine.lastSeenAt) > -timeout) continue;
    engine.isUnresponsive = true;
    if (engine.lastHeartbeat === null) continue;
    for (const event of state.heldBy(engine.engineId)) loseLease(state, event, "engine_unresponsive");
  }
  for (const event of state.events.values()) {
    const { lease, sent } = event;
    if (lease !== null && lease.expiresAt <= now) {
      loseLease(state, event, lease.expiresAt >= lease.deadlineAt ? "max_lease" : "expired");
    }
    const isTooOld = state.secondsUntil(event.createdAt) <= -(sent.discard_after_seconds ?? Infinity);
    if (isTooOld && event.status === "queued" && event.attempt === 0) close(state, event, "cancelled");
  }
}

/** Puts an event back into its queue, or ends it: what was cancelled meanwhile, and dead letters. */
function requeue(state: State, event: Event, delay: number, deadLetterReason: string | null, outcome: string): string {
  if (event.isToBeCancelled) {
    close(state, event, "cancelled");
    return "cancelled";
  }
  if (deadLetterReason !== null) {
    event.deadLetterReason = deadLetterReason;
    close(state, event, "failed");
    return "dead_lettered";
  }
  event.status = "queued";
  event.availableAt = state.in(delay);
  return outcome;
}

function endAttempt(
  state: State,
  event: Event,
  ending: string,
  report: Report | null,
  outcome: string | null,
): Settled {
  const { eventId, status, attempt, lease } = event;
  if (lease === null) throw new Error(`event ${eventId} has no lease that could end`);
  const reply: Settled = { event_id: eventId, status, attempt, outcome: outcome ?? "" };
  if (event.availableAt !== null) reply.available_at = event.availableAt;
  const ended = { lease, number: attempt, endedAt: state.now(), outcome: ending, report, lateBySeconds: null };
  const progress = report !== null && "progress" in report ? report.progress : event.progress;
  event.attempts.push({ ...ended, progress, reply: outcome === null ? null : reply });
  event.lease = event.progress = null;
  return reply;
}

/** Without jitter, so that tests know it. */
function backoff(event: Event, number: number): number {
  const { initial, multiplier, max } = event.sent.retry_policy.retry_delay;
  return Math.min(initial * multiplier ** (number - 1), max);
}

function releaseDelay(releasesInRow: number): number {
  return releasesInRow < 3 ? 0 : Math.min(2 ** (releasesInRow - 3), LONGEST_RELEASE_SECONDS);
}
