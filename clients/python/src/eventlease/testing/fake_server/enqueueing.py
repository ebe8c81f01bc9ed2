"""Enqueueing: events, their keys, batches."""

from __future__ import annotations

from typing import Any

from eventlease.testing.fake_server import fields
from eventlease.testing.fake_server.callers import Call
from eventlease.testing.fake_server.fields import Fields
from eventlease.testing.fake_server.refusals import Refused, invalid
from eventlease.testing.fake_server.state import Event, State, written

MAX_DELAY_SECONDS = 31_536_000
MAX_RETRY_DELAY_SECONDS = 86_400
KEY_SECONDS = 86_400


def enqueue(call: Call) -> tuple[int, Any]:
    """`POST /events`."""
    body = fields.read_whole(call.body, read_event_of_whole)
    body["idempotency_key"] = body["idempotency_key"] or call.headers.get("idempotency-key")
    made, duplicate_of = enqueue_one(call.state, body, owner=_owner(call))
    call.location = f"/api/v1/events/{made.event_id}"
    return (200 if duplicate_of else 201), _told(call.state, made, duplicate_of)


def enqueue_batch(call: Call) -> tuple[int, Any]:
    """`POST /events/batch`."""
    sent = fields.read_whole(
        call.body,
        lambda f: (f.required("events", fields.items(1, 1000)), f.optional("atomic", fields.boolean, False)),
    )
    results = [_read_or_refuse(index, item) for index, item in enumerate(sent[0])]
    is_wrong = any(isinstance(result, Refused) for result in results)
    for index, body in enumerate(results):
        if isinstance(body, Refused):
            continue
        if sent[1] and is_wrong:
            detail = "another event of this atomic batch was refused, so that none was taken in"
            results[index] = Refused("invalid_input", detail)
            continue
        try:
            results[index] = _told(call.state, *enqueue_one(call.state, body, owner=_owner(call)))
        except Refused as refused:
            results[index] = refused
    rejected = sum(isinstance(result, Refused) for result in results)
    entries = [{"event_id": None, "error": r.problem()} if isinstance(r, Refused) else r for r in results]
    status = 201 if not rejected else 422 if rejected == len(results) else 207
    return status, {"accepted": len(results) - rejected, "rejected": rejected, "results": entries}


def enqueue_one(
    state: State, body: dict[str, Any], *, owner: str, caused_by: str | None = None, is_trial: bool = False
) -> tuple[Event, str | None]:
    """Enqueues an event, or finds the one that a key of it stands for, and says which key. A trial only refuses."""
    run = body.get("scenario_run_id")
    key = (owner, str(body["engine_type"]), str(body.get("idempotency_key")))
    known = state.events.get(state.keys.get(key, "")) if body.get("idempotency_key") is not None else None
    if known is not None and state.now() - known.created_at < KEY_SECONDS:
        if _terms(known.body) != _terms(body):
            detail = f"the idempotency key stands for event {known.event_id}, which has another body"
            raise Refused("idempotency_key_reused", detail, event_id=known.event_id)
        return known, "idempotency_key"
    if run is not None and run in state.cancelled_runs:
        detail = f"scenario run {run} is cancelled, and takes no more events"
        raise Refused("run_cancelled", detail, scenario_run_id=run)
    if is_trial:
        return Event("", body, 0, 0, 0), None
    unique = body.get("unique_key")
    holder = next((e for e in state.queue(body["engine_type"]) if unique and e.body.get("unique_key") == unique), None)
    made = holder
    if made is None:
        due = body.get("available_at") or state.now() + (body.get("delay_seconds") or 0)
        made = state.new_event(body, max(due, state.now()))
        made.caused_by = caused_by
        if not body.get("delay_seconds") and not body.get("available_at"):
            made.available_at = made.created_at
        state.changed.notify_all()
    if body.get("idempotency_key") is not None:
        state.keys[key] = made.event_id
    return made, "unique_key" if holder else None


def read_event(f: Fields) -> dict[str, Any]:
    """A new event, as part of a body."""
    body = read_event_of_whole(f)
    f.finish()
    return body


def read_event_of_whole(f: Fields) -> dict[str, Any]:
    """A new event, whose further members the caller refuses."""
    if f.is_given("delay_seconds") and f.is_given("available_at"):
        f.error("available_at", "stands beside delay_seconds; send one of the two")
    if f.is_given("tracestate") and not f.is_given("traceparent"):
        f.error("tracestate", "needs the traceparent that it belongs to")
    body: dict[str, Any] = {
        "engine_type": f.required("engine_type", fields.name), "event_type": f.required("event_type", fields.name),
        "payload": f.required("payload", fields.any_json(fields.MAX_PAYLOAD_BYTES)),
        "priority": f.optional("priority", fields.integer(0, 9), 5),
        "delay_seconds": f.optional("delay_seconds", fields.integer(0, MAX_DELAY_SECONDS)),
        "available_at": f.optional("available_at", fields.moment),
        "scenario_run_id": f.optional("scenario_run_id", fields.run_id),
        "visibility_timeout_seconds": f.optional("visibility_timeout_seconds", fields.integer(1, 43_200)),
        "retry_policy": f.part("retry_policy", _read_policy),
        "discard_after_seconds": f.optional("discard_after_seconds", fields.integer(1, MAX_DELAY_SECONDS)),
        "idempotency_key": f.optional("idempotency_key", fields.text(255)),
        "unique_key": f.optional("unique_key", fields.text(256)),
        "traceparent": f.optional("traceparent", fields.traceparent),
        "tracestate": f.optional("tracestate", fields.text(512)),
    }  # fmt: skip
    body["payload_bytes"] = fields.byte_length(body["payload"])
    return body


def _read_policy(f: Fields) -> dict[str, Any]:
    policy = {
        "max_retries": f.optional("max_retries", fields.integer(0, 100)),
        "retry_delay": f.part("retry_delay", _read_retry_delay),
        "dead_letter_threshold": f.optional("dead_letter_threshold", fields.integer(1, 100)),
        "jitter": f.optional("jitter", fields.number(0, 1)),
    }
    return {name: value for name, value in policy.items() if value is not None}


def _read_retry_delay(f: Fields) -> dict[str, Any]:
    delay = {
        "initial": f.optional("initial", fields.integer(0, MAX_RETRY_DELAY_SECONDS)),
        "max": f.optional("max", fields.integer(0, MAX_RETRY_DELAY_SECONDS)),
        "multiplier": f.optional("multiplier", fields.number(1, 10)),
    }
    return {name: value for name, value in delay.items() if value is not None}


def _read_or_refuse(index: int, item: Any) -> Any:
    errors: fields.Errors = []
    body = read_event(Fields(item, f"/events/{index}", errors))
    return invalid(errors) if errors else body


def _owner(call: Call) -> str:
    return call.token.name if call.token is not None else ""


def _terms(body: dict[str, Any]) -> dict[str, Any]:
    """What has to be the same under one key; numbers are compared by value."""
    return {name: value for name, value in body.items() if name not in ("idempotency_key", "payload_bytes")}


def _told(state: State, event: Event, duplicate_of: str | None) -> dict[str, Any]:
    body = event.body
    told: dict[str, Any] = {
        "event_id": event.event_id, "outcome": "duplicate" if duplicate_of else "enqueued",
        **{name: body.get(name) for name in ("engine_type", "event_type", "priority", "scenario_run_id")},
        "status": event.status, "payload_bytes": body["payload_bytes"], "created_at": written(event.created_at),
        "available_at": written(event.available_at),
    }  # fmt: skip
    if duplicate_of:
        told.update(duplicate=True, duplicate_of=duplicate_of)
    if body.get("unique_key") is not None:
        told["unique_key"] = body["unique_key"]
    if not duplicate_of and all(e.engine_type != body["engine_type"] for e in state.engines.values()):
        detail = f"no engine of type {body['engine_type']} is registered; the event waits for one"
        told["notice"] = {"code": "no_engine_of_type", "detail": detail}
    return told
