/** What follows for an event whose lease ended: by a report, in silence, or as its engine left. */

import type { NewEvent } from "./enqueueing.js";
import type { Attempt, Event, Settled, State } from "./state.js";

const LONGEST_RELEASE_SECONDS = 300;

/** What an engine reports of an event. */
export interface Report {
  event_id: string;
  lease_token?: string;
  status: "completed" | "failed" | "queued" | "processing";
  result?: unknown;
  enqueue?: NewEvent[];
  error?: { type?: unknown; message: unknown };
  retryable?: boolean;
  delay_seconds?: number;
  code?: string;
  reason?: string;
  progress?: unknown;
  visibility_timeout_seconds?: number;
}

/** Ends the lease of an event without a report. It is a silent loss, unless the engine left in order. */
export function loseLease(state: State, event: Event, ending: string, isSilent = true): void {
  let delay = 0;
  if (isSilent) {
    event.lease_losses += 1;
    event.releasesInRow = 0;
    if (event.lease_losses > 1) delay = backoff(event, event.lease_losses - 1);
  }
  const isSpent = isSilent && event.lossesLeft === 0;
  const outcome = requeue(state, event, "released", delay, isSpent ? "lease_losses_exhausted" : null);
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
    outcome = requeue(state, event, "retry_scheduled", report.delay_seconds ?? backoff(event, event.failures), reason);
  } else {
    const row = (event.releasesInRow += 1);
    const delay = row < 3 ? 0 : Math.min(2 ** (row - 3), LONGEST_RELEASE_SECONDS);
    outcome = requeue(state, event, "released", report.delay_seconds || delay);
  }
  return endAttempt(state, event, report.status === "queued" ? "released" : report.status, report, outcome);
}

/** Ends an event. */
export function close(state: State, event: Event, status: "completed" | "failed" | "cancelled"): void {
  event.status = status;
  event.finished_at = state.now();
  event.available_at = null;
}

/** A late report counts as if its lease had not been lost. */
export function takeLossBack(event: Event, attempt: Attempt): void {
  event.attempts.splice(event.attempts.indexOf(attempt), 1);
  event.lease_losses -= 1;
  event.lease = attempt.lease;
  event.progress = attempt.progress;
}

/** Ends what has run out: leases, silent engines, events that are too old. A waiting poll is a sign of life. */
export function reap(state: State): void {
  const now = state.now();
  for (const engine of state.engines.values()) {
    if (engine.parkedPolls > 0) engine.last_seen_at = now;
    if (state.secondsSince(engine.last_seen_at) < (engine.heartbeat_timeout_seconds ?? Infinity)) continue;
    engine.isUnresponsive = true;
    if (engine.last_heartbeat === null) continue;
    for (const event of state.heldBy(engine.engine_id)) loseLease(state, event, "engine_unresponsive");
  }
  for (const event of state.events.values()) {
    const { lease } = event;
    if (lease !== null && lease.expires_at <= now) {
      loseLease(state, event, lease.expires_at >= lease.deadline_at ? "max_lease" : "expired");
    }
    const isTooOld = state.secondsSince(event.created_at) >= (event.sent.discard_after_seconds ?? Infinity);
    if (isTooOld && event.status === "queued" && event.attempt === 0) close(state, event, "cancelled");
  }
}

/** Puts an event back into its queue, or ends it: what was cancelled meanwhile, and dead letters. */
function requeue(state: State, event: Event, outcome: string, delay: number, deadLetter: string | null = null): string {
  if (event.cancel_requested) {
    close(state, event, "cancelled");
    return "cancelled";
  }
  if (deadLetter !== null) {
    event.dead_letter_reason = deadLetter;
    close(state, event, "failed");
    return "dead_lettered";
  }
  event.status = "queued";
  event.available_at = state.in(delay);
  return outcome;
}

/** `answer` is what the engine is told of it; null where it said nothing. */
function endAttempt(
  state: State,
  event: Event,
  outcome: string,
  report: Report | null,
  answer: string | null,
): Settled {
  const { event_id, status, attempt, lease, available_at } = event;
  if (lease === null) throw new Error(`event ${event_id} has no lease that could end`);
  const reply: Settled = { event_id, status, attempt, outcome: answer ?? "" };
  if (available_at !== null) reply.available_at = available_at;
  const progress = report !== null && "progress" in report ? report.progress : event.progress;
  const ended = { attempt, outcome, ended_at: state.now(), progress, late_by_seconds: null, lease, report };
  event.attempts.push({ ...ended, reply: answer === null ? null : reply });
  event.lease = event.progress = event.progress_at = null;
  return reply;
}

function backoff(event: Event, number: number): number {
  const { initial, multiplier, max } = event.sent.retry_policy.retry_delay;
  return Math.min(initial * multiplier ** (number - 1), max);
}
