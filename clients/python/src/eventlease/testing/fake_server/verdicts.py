"""What follows for an event whose attempt ended: one function for reports, releases, silent losses and cancellation."""

from __future__ import annotations

from typing import Any

from eventlease.testing.fake_server.state import Attempt, Event, State, written

LONGEST_RELEASE_SECONDS = 300


def end_attempt(
    state: State, event: Event, outcome: str, report: dict[str, Any] | None = None, *, is_silent: bool = False
) -> dict[str, Any]:
    """Ends the lease of an event, and returns what a report is answered. `outcome` is as attempts name it."""
    lease, report = event.lease, report or {}
    assert lease is not None
    event.lease = None
    answer, available_at = _judge(state, event, outcome, report, is_silent=is_silent)
    reply: dict[str, Any] = {
        "event_id": event.event_id, "status": event.status, "attempt": event.attempt, "outcome": answer,
    }  # fmt: skip
    if available_at is not None:
        reply["available_at"] = written(available_at)
    members = {key: report.get(key) for key in ("result", "error", "code", "reason")}
    members["progress"] = report.get("progress", event.progress)
    event.progress = event.progress_at = None
    attempt = Attempt(lease, event.attempt, state.now(), outcome, report.get("status"), None, members)
    if not is_silent:
        attempt.reply = reply
    event.attempts.append(attempt)
    state.changed.notify_all()
    return reply


def close(state: State, event: Event, status: str) -> None:
    """Ends an event."""
    event.status, event.finished_at, event.available_at = status, state.now(), None


def _judge(
    state: State, event: Event, outcome: str, report: dict[str, Any], *, is_silent: bool
) -> tuple[str, float | None]:
    policy = event.policy
    if outcome == "failed":
        event.failures, event.releases = event.failures + 1, 0
    elif is_silent:
        event.losses, event.releases = event.losses + 1, 0
    elif outcome == "released":
        event.releases += 1
    if outcome == "completed":
        event.result = report.get("result")
        close(state, event, "completed")
        return "completed", None
    if event.is_to_be_cancelled:
        close(state, event, "cancelled")
        return "cancelled", None
    reason, delay = None, 0.0
    if outcome == "failed":
        event.error = report["error"]
        delay = report["delay_seconds"] if report.get("delay_seconds") is not None else _backoff(policy, event.failures)
        if report.get("retryable") is False:
            reason = "not_retryable"
        elif event.failures > policy["max_retries"]:
            reason = "retries_exhausted"
    elif is_silent:
        delay = _backoff(policy, event.losses - 1) if event.losses > 1 else 0
        if event.losses >= policy["dead_letter_threshold"]:
            reason = "lease_losses_exhausted"
    elif outcome == "released":
        delay = report.get("delay_seconds") or _release_delay(event.releases)
    if reason is not None:
        event.dead_letter_reason = reason
        close(state, event, "failed")
        return "dead_lettered", None
    event.status, event.available_at = "queued", state.now() + delay
    return ("retry_scheduled" if outcome == "failed" or is_silent else "released"), event.available_at


def _backoff(policy: dict[str, Any], number: int) -> float:
    """Without jitter, so that tests know it."""
    delay = policy["retry_delay"]
    return float(min(delay["initial"] * delay["multiplier"] ** (number - 1), delay["max"]))


def _release_delay(releases: int) -> float:
    return 0 if releases < 3 else min(2 ** (releases - 3), LONGEST_RELEASE_SECONDS)


def take_loss_back(event: Event, attempt: Attempt) -> None:
    """A late report counts as if the lease had not been lost."""
    event.attempts.remove(attempt)
    event.losses -= 1
    event.lease, event.progress = attempt.lease, attempt.members["progress"]


def reap(state: State) -> None:
    """Ends what has run out: leases, silent engines, events that are too old. A waiting poll is a sign of life."""
    now = state.now()
    for engine in state.engines.values():
        if engine.parked_polls:
            engine.last_seen = now
        if engine.timeout is not None and now - engine.last_seen >= engine.timeout:
            engine.is_unresponsive = True
            if engine.last_heartbeat is not None:
                for event in state.held_by(engine.engine_id):
                    end_attempt(state, event, "engine_unresponsive", is_silent=True)
    for event in list(state.events.values()):
        lease = event.lease
        if lease is not None and lease.expires_at <= now:
            outcome = "max_lease" if lease.expires_at >= lease.deadline_at else "expired"
            end_attempt(state, event, outcome, is_silent=True)
        discard_after = event.body.get("discard_after_seconds")
        is_waiting = event.status == "queued" and event.attempt == 0
        if is_waiting and discard_after is not None and now >= event.created_at + discard_after:
            close(state, event, "cancelled")
            state.changed.notify_all()
