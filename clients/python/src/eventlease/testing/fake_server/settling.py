"""Settling: reports, in time, late, repeated, contradicting; and the follow-ups of completions."""

from __future__ import annotations

from typing import Any

from eventlease.testing.fake_server import fields
from eventlease.testing.fake_server.callers import Call
from eventlease.testing.fake_server.engines import renew, terms
from eventlease.testing.fake_server.enqueueing import enqueue_one, read_event
from eventlease.testing.fake_server.fields import Fields
from eventlease.testing.fake_server.refusals import Refused, event_not_found, invalid
from eventlease.testing.fake_server.state import Attempt, Event, State, written
from eventlease.testing.fake_server.verdicts import end_attempt, take_loss_back

# Which members go with which status.
MEMBERS = {
    "result": "completed", "enqueue": "completed", "error": "failed", "retryable": "failed",
    "delay_seconds": "failed or queued", "visibility_timeout_seconds": "processing",
    "progress": "failed, queued or processing", "code": "queued", "reason": "queued",
}  # fmt: skip
OUTCOMES = {"completed": "completed", "failed": "failed", "queued": "released"}


def settle_one(call: Call) -> tuple[int, Any]:
    """`PUT /events/{event_id}/status`."""
    errors: fields.Errors = []
    f = Fields(call.body, "", errors)
    report = _read_report(f, call.state, {"event_id": call.params["event_id"]})
    _check(f, errors)
    return 200, _settle(call, report, "")


def settle_many(call: Call) -> tuple[int, Any]:
    """`PUT /events/status`."""
    sent = fields.read_whole(call.body, lambda f: read_settlements(f, call.state, least=1))
    return 200, {"results": settle_all(call, sent)}


def read_settlements(f: Fields, state: State, least: int) -> list[dict[str, Any]]:
    """The settlements of a body; one that is wrong is refused alone, as its `refusal`."""
    read: list[dict[str, Any]] = []
    check = fields.items(least, 1000)
    for index, item in enumerate((f.required if least else f.optional)("settlements", check) or []):
        errors: fields.Errors = []
        part = Fields(item, f"/settlements/{index}", errors)
        report = _read_report(part, state, {"event_id": part.required("event_id", fields.identifier)})
        try:
            _check(part, errors)
        except Refused as refused:
            report["refusal"] = refused
        read.append(report)
    return read


def settle_all(call: Call, reports: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Settles each. One that is refused has its problem as the entry's `error`."""
    results: list[dict[str, Any]] = []
    for index, report in enumerate(reports):
        try:
            if "refusal" in report:
                raise report["refusal"]
            results.append(_settle(call, report, f"/settlements/{index}"))
        except Refused as refused:
            results.append({"event_id": report["event_id"], "error": refused.problem()})
    return results


def _settle(call: Call, report: dict[str, Any], place: str) -> dict[str, Any]:
    state, event = call.state, call.state.events.get(report["event_id"])
    if event is None:
        raise event_not_found(report["event_id"])
    lease, token = event.lease, report["lease_token"]
    is_live = lease is not None and (token == lease.token if token is not None else lease.engine_id == call.engine_id)
    if not is_live:
        attempt = _ended_attempt(event, report, call.engine_id)
        if attempt is None or not _is_late(event, attempt, report):
            return _answer_ended(event, attempt, report)
        return _end_late(call, event, attempt, report, place)
    assert lease is not None
    if call.engine_id is not None and lease.engine_id != call.engine_id:
        detail = f"the lease of event {event.event_id} belongs to another engine than the one named"
        raise Refused("forbidden", detail)
    if report["status"] == "processing":
        renew(state, lease, report.get("visibility_timeout_seconds"))
        if "progress" in report:
            state.note_progress(event, report["progress"])
        told = {"event_id": event.event_id, "status": "processing", "attempt": event.attempt, "outcome": "renewed"}
        return {**told, **terms(state, event, lease)}
    return _end(call, event, report, place)


def _end(call: Call, event: Event, report: dict[str, Any], place: str) -> dict[str, Any]:
    follow_ups = _complete(event, report.get("enqueue") or [])
    _refuse_follow_ups(call, follow_ups, place)
    reply = end_attempt(call.state, event, OUTCOMES[report["status"]], report)
    if follow_ups:
        reply["enqueued"] = [_enqueue(call, event, follow_up) for follow_up in follow_ups]
    return reply


def _end_late(call: Call, event: Event, attempt: Attempt, report: dict[str, Any], place: str) -> dict[str, Any]:
    _refuse_follow_ups(call, _complete(event, report.get("enqueue") or []), place)
    take_loss_back(event, attempt)
    reply = _end(call, event, report, place)
    late_by = call.state.now() - attempt.ended_at
    event.attempts[-1].members["late_by_seconds"] = round(late_by, 6)
    return reply


def _ended_attempt(event: Event, report: dict[str, Any], engine_id: str | None) -> Attempt | None:
    if report["lease_token"] is None:
        mine = [attempt for attempt in event.attempts if attempt.lease.engine_id == engine_id]
    else:
        mine = [attempt for attempt in event.attempts if attempt.lease.token == report["lease_token"]]
        mine = [attempt for attempt in mine if engine_id in (None, attempt.lease.engine_id)]
    return mine[-1] if mine else None


def _is_late(event: Event, attempt: Attempt, report: dict[str, Any]) -> bool:
    is_last = event.status == "queued" and event.attempts[-1] is attempt
    has_token = report["lease_token"] is not None and report["status"] != "processing"
    return is_last and has_token and attempt.reply is None


def _answer_ended(event: Event, attempt: Attempt | None, report: dict[str, Any]) -> dict[str, Any]:
    if attempt is not None and attempt.reply is not None:
        if attempt.reported == report["status"]:
            return attempt.reply
        if attempt.reported is not None:
            detail = f"the lease of event {event.event_id} was settled before, as {attempt.reported}"
            raise Refused("already_settled", detail, settled_as=attempt.reported, settled_at=written(attempt.ended_at))
    ended = {
        "lease_ended_by": attempt.outcome if attempt else None,
        "lease_ended_at": written(attempt.ended_at) if attempt else None,
    }
    detail = f"the lease of event {event.event_id} is over, or never was one of this engine"
    raise Refused("lease_lost", detail, event_status=event.status, current_attempt=event.attempt, **ended)


def _complete(event: Event, follow_ups: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """With what they inherit."""
    completed: list[dict[str, Any]] = []
    for sent in follow_ups:
        body = dict(sent)
        if body.get("scenario_run_id") is None:
            body["scenario_run_id"] = event.body.get("scenario_run_id")
        if body.get("traceparent") is None:
            body["traceparent"], body["tracestate"] = event.body.get("traceparent"), event.body.get("tracestate")
        completed.append(body)
    return completed


def _refuse_follow_ups(call: Call, follow_ups: list[dict[str, Any]], place: str) -> None:
    engine = call.state.engines.get(call.engine_id or "")
    errors: fields.Errors = []
    for index, body in enumerate(follow_ups):
        where = f"{place}/enqueue/{index}"
        may_enqueue = [engine.engine_type, *engine.may_enqueue] if engine else []
        if call.state.needs_tokens and body["engine_type"] not in may_enqueue:
            errors.append({"pointer": f"{where}/engine_type", "detail": "the engine may not enqueue into that queue"})
        try:
            enqueue_one(call.state, dict(body), owner=_owner(call), is_trial=True)
        except Refused as refused:
            if refused.code != "run_cancelled":
                errors.append({"pointer": f"{where}/idempotency_key", "detail": refused.detail})
    if errors:
        raise invalid(errors, "follow_up_refused")


def _owner(call: Call) -> str:
    engine = call.state.engines.get(call.engine_id or "")
    return f"engine:{engine.engine_type}" if engine else "engines"


def _enqueue(call: Call, event: Event, body: dict[str, Any]) -> dict[str, Any]:
    try:
        made, duplicate_of = enqueue_one(call.state, body, owner=_owner(call), caused_by=event.event_id)
    except Refused as refused:
        return {"event_id": None, "error": refused.problem()}
    told: dict[str, Any] = {"event_id": made.event_id}
    return {**told, "duplicate": True, "duplicate_of": duplicate_of} if duplicate_of else told


def _check(f: Fields, errors: fields.Errors) -> None:
    f.finish(
        lambda name: f"goes only with status {MEMBERS[name]}" if name in MEMBERS else "is not a field of this object"
    )
    if errors:
        is_follow_up = all("/enqueue/" in error["pointer"] for error in errors)
        raise invalid(errors, "follow_up_refused" if is_follow_up else "invalid_input")


def _read_report(f: Fields, state: State, settlement: dict[str, Any]) -> dict[str, Any]:
    read_token = f.required if state.needs_tokens else f.optional
    settlement["lease_token"] = read_token("lease_token", fields.token)
    status = settlement["status"] = f.required("status", _status)
    if status is None:
        f.drop(*MEMBERS)
    if status in ("failed", "queued", "processing") and f.has("progress"):
        settlement["progress"] = f.optional("progress", fields.any_json(fields.MAX_DETAIL_BYTES))
    if status in ("failed", "queued"):
        settlement["delay_seconds"] = f.optional("delay_seconds", fields.integer(0, 86_400))
    if status == "completed":
        settlement["result"] = f.optional("result", fields.any_json(fields.MAX_DETAIL_BYTES))
        listed = f.optional("enqueue", fields.items(0, 100), [])
        parts = [Fields(item, f"{f.place}/enqueue/{index}", f.errors) for index, item in enumerate(listed)]
        settlement["enqueue"] = [read_event(part) for part in parts]
    elif status == "failed":
        settlement["error"] = f.required("error", lambda value: value)
        _check_error(f, settlement)
        settlement["retryable"] = f.optional("retryable", fields.boolean, True)
    elif status == "queued":
        settlement["code"] = f.optional("code", fields.text(64))
        settlement["reason"] = f.optional("reason", fields.text(500))
    elif status == "processing":
        name = "visibility_timeout_seconds"
        settlement[name] = f.optional(name, fields.integer(1, 43_200))
    return settlement


def _status(value: Any) -> str:
    if value not in ("completed", "failed", "queued", "processing"):
        raise fields.Wrong("must be completed, failed, queued or processing: what an engine reports")
    return str(value)


def _check_error(f: Fields, settlement: dict[str, Any]) -> None:
    error = settlement["error"]
    if isinstance(error, str):
        settlement["error"] = {"message": error}
    elif error is not None:
        part = Fields(error, f"{f.place}/error", f.errors)
        part.required("message", fields.any_json(fields.MAX_DETAIL_BYTES))
        part.optional("type", fields.any_json(fields.MAX_DETAIL_BYTES))
        part.optional("fingerprint", fields.text(200))
        part.optional("details", fields.any_json(fields.MAX_DETAIL_BYTES))
        part.finish()
