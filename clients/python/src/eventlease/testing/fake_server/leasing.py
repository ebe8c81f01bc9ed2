"""Leasing: who is given which of the due events, and why nothing."""

from __future__ import annotations

import secrets
from typing import Any

from eventlease.testing.fake_server import fields
from eventlease.testing.fake_server.callers import Call
from eventlease.testing.fake_server.fields import Fields
from eventlease.testing.fake_server.refusals import Refused, engine_not_found
from eventlease.testing.fake_server.settling import read_settlements, settle_all
from eventlease.testing.fake_server.state import Engine, Event, Lease, State, written
from eventlease.testing.fake_server.verdicts import reap

VISIBILITY_SECONDS = 300
MAX_LEASE_SECONDS = 43_200
MAX_REPLY_BYTES = 4 * 1024 * 1024


def exchange(call: Call) -> tuple[int, Any]:
    """`POST /events/queue/{engine_type}/lease`."""
    sent = fields.read_whole(call.body or {}, lambda f: _read_exchange(f, call.state))
    results = settle_all(call, sent["settlements"])
    is_refused = any("error" in result for result in results)
    try:
        events, notice = _poll(call, sent, is_refused=is_refused)
    except Refused as refused:
        if not results:
            raise
        return 200, {"results": results, "events": [], "notice": None, "lease_error": refused.problem()}
    return 200, {"results": results, "events": events, "notice": notice}


def _poll(call: Call, sent: dict[str, Any], *, is_refused: bool) -> tuple[list[Any], Any]:
    state = call.state
    engine_id = call.engine_id or ""
    first = _known(state, engine_id)
    if first.engine_type != call.params["engine_type"]:
        detail = f"engine {engine_id} is registered as {first.engine_type}"
        raise Refused("engine_type_mismatch", detail, engine_type=first.engine_type)
    was_draining = first.drain is not None
    notice: Any = None

    def look() -> list[Any] | None:
        nonlocal notice
        reap(state)
        engine = _known(state, engine_id)
        call.check_incarnation(engine)
        engine.last_poll = state.now()
        events, notice = _claim(state, engine, sent)
        is_over = state.is_stopping or (engine.drain is not None and not was_draining)
        return events if events or is_over else None

    first.parked_polls += 1
    try:
        events = call.wait(0 if is_refused else sent["wait_seconds"], look)
    finally:
        first.parked_polls -= 1
    return events or [], notice


def _known(state: State, engine_id: str) -> Engine:
    engine = state.engines.get(engine_id)
    if engine is None:
        raise engine_not_found(engine_id or "(none named)")
    return engine


def _claim(state: State, engine: Engine, sent: dict[str, Any]) -> tuple[list[Any], Any]:
    terms = (engine.engine_type, sent["limit"], sent["visibility"])
    held = state.held_by(engine.engine_id)
    if sent["poll_id"] is not None:
        again = [event for event in held if event.lease and event.lease.poll[0] == sent["poll_id"]]
        if any(event.lease and event.lease.poll[1] != terms for event in again):
            raise Refused("poll_id_reused", f"the poll id {sent['poll_id']} stands for another poll")
        if again:
            return [_leased(state, event) for event in again], None
    notice = _notice(state, engine, held)
    if notice is not None:
        return [], notice
    chosen = _choose(state, engine, held, sent["limit"] or 3)
    for event in chosen:
        _give(state, event, engine, sent, terms)
    return [_leased(state, event) for event in chosen], None


def _notice(state: State, engine: Engine, held: list[Event]) -> dict[str, Any] | None:
    if state.is_stopping:
        return _of("server_stopping", "this server is stopping; poll another, or again in a moment", 2)
    if engine.drain is not None:
        return _of("engine_draining", "the engine is draining and is given no more events", 5, held=len(held))
    if engine.holding_off is not None and engine.holding_off[0] > state.now():
        until, reason = engine.holding_off
        seconds = max(1, round(until - state.now() + 0.5))
        detail = "the engine holds off, as its heartbeat said"
        return _of("engine_holding_off", detail, seconds, reason=reason, until=written(until))
    if any(event.lane == 2 for event in held):
        detail = "an event whose lease was lost before is worked on alone: settle what is held first"
        return _of("engine_at_capacity", detail, 1, held=len(held))
    if engine.most is not None and len(held) >= engine.most:
        detail = "the engine holds as many events as its max_concurrent_events"
        return _of("engine_at_capacity", detail, 1, held=len(held))
    return None


def _of(code: str, detail: str, retry_after_seconds: int, **members: Any) -> dict[str, Any]:
    return {"code": code, "detail": detail, **members, "retry_after_seconds": retry_after_seconds}


def _choose(state: State, engine: Engine, held: list[Event], limit: int) -> list[Event]:
    now = state.now()
    due = [event for event in state.queue(engine.engine_type) if event.status == "queued"]
    due = [event for event in due if event.available_at is not None and event.available_at <= now]
    due.sort(key=lambda event: (-event.body["priority"], event.available_at, event.number))
    room = limit if engine.most is None else min(limit, engine.most - len(held))
    may_take_suspect = all(event.lane == 0 for event in held)
    chosen: list[Event] = []
    size = 0
    for event in due:
        if len(chosen) == room:
            break
        if event.lane == 2:
            if not held and not chosen:
                return [event]
            continue
        if event.lane == 1 and not may_take_suspect:
            continue
        size += event.body["payload_bytes"]
        if size > MAX_REPLY_BYTES and chosen:
            break
        may_take_suspect = may_take_suspect and event.lane == 0
        chosen.append(event)
    return chosen


def _give(state: State, event: Event, engine: Engine, sent: dict[str, Any], terms: Any) -> None:
    seconds = sent["visibility"] or event.body.get("visibility_timeout_seconds") or VISIBILITY_SECONDS
    now = state.now()
    event.attempt += 1
    event.status, event.available_at = "processing", None
    event.lease = Lease(
        secrets.token_hex(16), engine.engine_id, engine.incarnation, now, now + seconds, now + MAX_LEASE_SECONDS,
        seconds, (sent["poll_id"], terms), engine.static_config.get("engine_software_version"),
    )  # fmt: skip
    state.changed.notify_all()


def _leased(state: State, event: Event) -> dict[str, Any]:
    lease, policy, body = event.lease, event.policy, event.body
    assert lease is not None
    retries_left = max(0, policy["max_retries"] - event.failures)
    reply: dict[str, Any] = {
        **{name: body[name] for name in ("engine_type", "event_type", "payload", "payload_bytes", "priority")},
        "event_id": event.event_id, "scenario_run_id": body.get("scenario_run_id"),
        "created_at": written(event.created_at), "attempt": event.attempt,
        "max_attempts": event.attempt + retries_left, "retries_left": retries_left,
        "losses_left": max(0, policy["dead_letter_threshold"] - event.losses), "releases_in_row": event.releases,
        "previous": _previous(event), "traceparent": body.get("traceparent"),
        "lease": {
            "lease_token": lease.token, "lock": f"processing_by_{lease.engine_id}", "leased_by": lease.engine_id,
            "leased_at": written(lease.leased_at), "expires_at": written(lease.expires_at),
            "expires_in_seconds": round(lease.expires_at - state.now(), 6),
            "deadline_at": written(lease.deadline_at), "visibility_timeout_seconds": lease.seconds,
        },
    }  # fmt: skip
    if body.get("tracestate") is not None:
        reply["tracestate"] = body["tracestate"]
    return reply


def _previous(event: Event) -> dict[str, Any] | None:
    if not event.attempts:
        return None
    last = event.attempts[-1]
    told = {name: last.members[name] for name in ("error", "progress", "code", "reason")}
    return {"outcome": last.outcome, **told, "ended_at": written(last.ended_at)}


def _read_exchange(f: Fields, state: State) -> dict[str, Any]:
    return {
        "limit": f.optional("limit", fields.integer(1, 100)),
        "wait_seconds": f.optional("wait_seconds", fields.integer(0, 30), 0),
        "visibility": f.optional("visibility_timeout_seconds", fields.integer(1, 43_200)),
        "poll_id": f.optional("poll_id", fields.identifier),
        "settlements": read_settlements(f, state, least=0),
    }
