"""Reading, waiting for and cancelling events and runs."""

from __future__ import annotations

from typing import Any, cast

from eventlease.testing.fake_server import fields
from eventlease.testing.fake_server.callers import Call
from eventlease.testing.fake_server.fields import Fields
from eventlease.testing.fake_server.refusals import Refused, event_not_found
from eventlease.testing.fake_server.state import Attempt, Event, State, written
from eventlease.testing.fake_server.verdicts import close, reap


def read_event(call: Call) -> tuple[int, Any]:
    """`GET /events/{event_id}`."""
    event = _known(call)
    _wait(call, call.wait_seconds, lambda: not event.is_open)
    return 200, _shown(event)


def attempts(call: Call) -> tuple[int, Any]:
    """`GET /events/{event_id}/attempts`."""
    event = _known(call)
    items = [_attempt(event, attempt) for attempt in reversed(event.attempts)]
    return 200, {"items": items, "next_cursor": None}


def wait(call: Call) -> tuple[int, Any]:
    """`POST /events/wait`."""
    state, sent = call.state, fields.read_whole(call.body, _read_wait)
    known = [state.events[event_id] for event_id in sent["ids"] if event_id in state.events]

    def is_over() -> bool:
        open_count = sum(event.is_open for event in known)
        return open_count == 0 or (sent["until"] == "any" and open_count < len(known))

    _wait(call, sent["wait_seconds"], is_over)
    return 200, {
        "events": [_brief(event) for event in known if not event.is_open],
        "open": [event.event_id for event in known if event.is_open],
        "unknown": [event_id for event_id in sent["ids"] if event_id not in state.events],
    }


def cancel(call: Call) -> tuple[int, Any]:
    """`POST /events/{event_id}/cancel`."""
    event = _known(call)
    if not event.is_open and event.status != "cancelled":
        raise Refused(
            "event_is_final", f"event {event.event_id} has ended as {event.status}", event_status=event.status
        )
    cancel_one(call.state, event)
    return (202 if event.is_open else 200), _shown(event)


def cancel_one(state: State, event: Event) -> None:
    """Cancels an open event: at once while it is queued, with its lease while an engine holds it."""
    if event.status == "queued":
        close(state, event, "cancelled")
    elif event.status == "processing":
        event.is_to_be_cancelled = True
    state.changed.notify_all()


def read_run(call: Call) -> tuple[int, Any]:
    """`GET /scenario-runs/{scenario_run_id}`."""
    run = call.params["scenario_run_id"]
    events = _of_run(call.state, run)
    _wait(call, call.wait_seconds, lambda: not any(event.is_open for event in _of_run(call.state, run)))
    events = _of_run(call.state, run)
    statuses = ("queued", "processing", "completed", "failed", "cancelled")
    cancelled_at = call.state.cancelled_runs.get(run)
    is_active = any(event.is_open for event in events)
    return 200, {
        "scenario_run_id": run,
        "status": "cancelled" if cancelled_at is not None else "active" if is_active else "idle",
        "counts": {status: sum(event.status == status for event in events) for status in statuses},
        "is_approximate": False, "first_created_at": written(min((e.created_at for e in events), default=None)),
        "last_ended_at": written(max((e.finished_at for e in events if e.finished_at), default=None)),
        "cancelled_at": written(cancelled_at), "cancelled_by": None, "cancelled_in": [],
    }  # fmt: skip


def cancel_run(call: Call) -> tuple[int, Any]:
    """`POST /scenario-runs/{scenario_run_id}/cancel`."""
    state, run = call.state, call.params["scenario_run_id"]
    state.cancelled_runs.setdefault(run, state.now())
    open_events = [event for event in _of_run(state, run) if event.is_open]
    for event in open_events:
        cancel_one(state, event)
    asked = sum(event.is_open for event in open_events)
    return 200, {"cancelled": len(open_events) - asked, "cancel_requested": asked}


def reopen_run(call: Call) -> tuple[int, Any]:
    """`POST /scenario-runs/{scenario_run_id}/reopen`."""
    run = call.params["scenario_run_id"]
    was_cancelled = call.state.cancelled_runs.pop(run, None) is not None
    return 200, {"scenario_run_id": run, "reopened": was_cancelled}


def _known(call: Call) -> Event:
    event = call.state.events.get(call.params["event_id"])
    if event is None:
        raise event_not_found(call.params["event_id"])
    return event


def _wait(call: Call, seconds: float, is_over: Any) -> None:
    def look() -> bool | None:
        reap(call.state)
        return True if is_over() or call.state.is_stopping else None

    call.wait(seconds, look)


def _of_run(state: State, run: str) -> list[Event]:
    return [event for event in state.events.values() if event.body.get("scenario_run_id") == run]


def _read_wait(f: Fields) -> dict[str, Any]:
    ids: list[Any] = f.required("event_ids", fields.items(1, 100)) or []
    part = Fields({str(index): value for index, value in enumerate(ids)}, "/event_ids", f.errors)
    checked = [part.required(str(index), fields.identifier) for index in range(len(ids))]
    return {
        "ids": checked, "wait_seconds": f.optional("wait_seconds", fields.integer(0, 30), 0),
        "until": f.optional("until", fields.one_of("any", "all"), "all"),
    }  # fmt: skip


def _brief(event: Event) -> dict[str, Any]:
    names = ("event_id", "engine_type", "event_type", "status", "attempt", "created_at", "finished_at")
    shown = _shown(event)
    return {name: shown[name] for name in names}


def _shown(event: Event) -> dict[str, Any]:
    body, lease, policy = event.body, event.lease, event.policy
    is_new = event.status == "queued" and event.attempt == 0
    discard_after = body.get("discard_after_seconds") if is_new else None
    return {
        **{name: body.get(name) for name in ("engine_type", "event_type", "priority", "scenario_run_id")},
        **{name: body.get(name) for name in ("payload_bytes", "traceparent", "unique_key")},
        "event_id": event.event_id, "status": event.status, "created_at": written(event.created_at),
        "available_at": written(event.available_at), "finished_at": written(event.finished_at),
        "attempt": event.attempt, "failures": event.failures, "lease_losses": event.losses, "redrives": 0,
        "leased_by": lease.engine_id if lease else None, "leased_at": written(lease.leased_at) if lease else None,
        "lease_expires_at": written(lease.expires_at) if lease else None,
        "lease_deadline_at": written(lease.deadline_at) if lease else None,
        "lock": f"processing_by_{lease.engine_id}" if lease else None, "is_suspect": event.is_open and event.lane > 0,
        "retries_left": max(0, policy["max_retries"] - event.failures) if event.is_open else None,
        "losses_left": max(0, policy["dead_letter_threshold"] - event.losses) if event.is_open else None,
        "discard_at": None if discard_after is None else written(event.created_at + discard_after),
        "retry_policy": _in_force(policy, body.get("retry_policy") or {}) if event.is_open else None,
        "redriven_as": None, "redriven_from": None, "progress_at": written(event.progress_at),
        **_detailed(result=event.result, error=event.error, progress=event.progress),
        "dead_letter_reason": event.dead_letter_reason, "cancel_requested": event.is_to_be_cancelled,
        "caused_by": event.caused_by,
    }  # fmt: skip


def _in_force(policy: dict[str, Any], own: dict[str, Any]) -> dict[str, Any]:
    """A retry policy, and which level says each part of it."""
    return {
        name: _in_force(cast("dict[str, Any]", value), own.get(name) or {})
        if isinstance(value, dict)
        else {"value": value, "source": "server" if own.get(name) is None else "event"}
        for name, value in policy.items()
    }


def _detailed(**reported: Any) -> dict[str, Any]:
    """What was reported, and how long it is."""
    error: dict[str, Any] = reported["error"] or {}
    lengths = {f"{name}_bytes": 0 if value is None else fields.byte_length(value) for name, value in reported.items()}
    return {**reported, **lengths, "error_type": error.get("type"), "error_message": error.get("message")}


def _attempt(event: Event, attempt: Attempt) -> dict[str, Any]:
    lease, reply = attempt.lease, attempt.reply
    is_last = event.attempts[-1] is attempt and not event.is_open
    detailed = _detailed(**{name: attempt.members[name] for name in ("result", "error", "progress")})
    shown: dict[str, Any] = {
        "attempt": attempt.number, "incarnation": lease.incarnation, "engine_id": lease.engine_id,
        "leased_at": written(lease.leased_at), "ended_at": written(attempt.ended_at), "outcome": attempt.outcome,
        "answer": reply["outcome"] if reply else None, "next_available_at": (reply or {}).get("available_at"),
        "refused_report_at": None, "refused_report_status": None,
        "late_by_seconds": None, "engine_software_version": lease.software_version, **attempt.members,
        **detailed, "final_status": event.status if is_last else None,
    }  # fmt: skip
    if reply and "enqueued" in reply:
        shown["enqueued"] = reply["enqueued"]
    return shown
