"""Engines: registration, drain, tokens."""

from __future__ import annotations

import math
import uuid
from typing import Any

from eventlease.testing.fake_server import fields
from eventlease.testing.fake_server.callers import Call
from eventlease.testing.fake_server.fields import Fields
from eventlease.testing.fake_server.refusals import Refused
from eventlease.testing.fake_server.state import Engine, Event, Lease, State, Token, new_secret, written
from eventlease.testing.fake_server.verdicts import end_attempt

TOKEN_GRACE_SECONDS = 60
NO_IDS = (str(uuid.UUID(int=0)), str(uuid.UUID(int=2**128 - 1)))


def server(state: State) -> dict[str, Any]:
    """What clients are told of the server."""
    limits = {
        "max_payload_bytes": fields.MAX_PAYLOAD_BYTES, "max_detail_bytes": fields.MAX_DETAIL_BYTES,
        "max_body_bytes": 16_777_216, "max_json_depth": fields.MAX_JSON_DEPTH, "max_batch_events": 1000,
    }  # fmt: skip
    tokens = "required" if state.needs_tokens else "optional"
    return {"version": "fake", "limits": limits, "lease_tokens": tokens, "auth": state.needs_tokens}


def register(call: Call) -> tuple[int, Any]:
    """`POST /engines`."""
    state, sent = call.state, fields.read_whole(call.body, _read_registration)
    engine_id, now = sent["engine_id"] or call.engine_id or str(uuid.uuid4()), state.now()
    token = call.token
    if token is not None and token.engine_types is not None and sent["engine_type"] not in token.engine_types:
        raise Refused("forbidden", "the token is not for that engine type")
    known = state.engines.get(engine_id)
    if known is not None and known.engine_type != sent["engine_type"]:
        detail = f"engine {engine_id} is registered as {known.engine_type}"
        raise Refused("engine_id_taken", detail, engine_type=known.engine_type)
    for event in state.held_by(engine_id):
        end_attempt(state, event, "engine_restarted", is_silent=True)
    engine = Engine(
        engine_id, sent["engine_type"], now, now, sent["timeout"], sent["static_config"], sent["dynamic_state"],
        sent["scenario_run_id"], sent["may_enqueue"],
    )  # fmt: skip
    if known is not None:
        engine.incarnation = known.incarnation + 1
    state.engines[engine_id] = engine
    reply = {**shown(state, engine), "server": server(state)}
    if state.needs_tokens:
        for earlier in state.tokens.values():
            earlier.is_superseded = earlier.is_superseded or earlier.engine_id == engine_id
        reply["engine_token"] = _give_token(state, engine)
    state.changed.notify_all()
    return (200 if known else 201), reply


def read(call: Call) -> tuple[int, Any]:
    """`GET /engines/{engine_id}`."""
    return 200, shown(call.state, call.engine())


def change(call: Call) -> tuple[int, Any]:
    """`PATCH /engines/{engine_id}`."""
    engine = call.engine()
    metadata = fields.members(fields.members(call.body).get("metadata"))
    patch = fields.members(metadata.get("static_config"))
    engine.static_config = merged(engine.static_config, patch)
    call.state.changed.notify_all()
    return 200, shown(call.state, engine)


def deregister(call: Call) -> tuple[int, Any]:
    """`DELETE /engines/{engine_id}`."""
    state, engine = call.state, call.engine()
    call.check_incarnation(engine)
    is_in_order = call.engine_id == engine.engine_id or engine.drain is not None
    remove(state, engine, is_silent=not is_in_order)
    return 204, None


def remove(state: State, engine: Engine, *, is_silent: bool) -> None:
    """Forgets an engine; what it held goes back."""
    for event in state.held_by(engine.engine_id):
        end_attempt(state, event, "deregistered", is_silent=is_silent)
    del state.engines[engine.engine_id]
    state.tokens = {secret: token for secret, token in state.tokens.items() if token.engine_id != engine.engine_id}
    state.changed.notify_all()


def drain(call: Call) -> tuple[int, Any]:
    """`POST /engines/{engine_id}/drain`."""
    sent = fields.read_whole(
        call.body or {},
        lambda f: {
            "reason": f.optional("reason", fields.text(500)),
            "then": f.optional("then", fields.one_of("exit", "stay"), "exit"),
        },
    )
    engine = call.engine()
    call.check_incarnation(engine)
    engine.drain = {**sent, "since": written(call.state.now())}
    call.state.changed.notify_all()
    return 200, shown(call.state, engine)


def resume(call: Call) -> tuple[int, Any]:
    """`POST /engines/{engine_id}/resume`."""
    engine = call.engine()
    engine.drain = None
    call.state.changed.notify_all()
    return 200, shown(call.state, engine)


def renew_token(call: Call) -> tuple[int, Any]:
    """`POST /engines/{engine_id}/token`."""
    state, engine = call.state, call.engine()
    reply = {"engine_id": engine.engine_id, "incarnation": engine.incarnation, "server": server(state)}
    if state.needs_tokens:
        for token in state.tokens.values():
            if token.engine_id == engine.engine_id:
                token.ends_at = state.now() + TOKEN_GRACE_SECONDS
        reply["engine_token"] = _give_token(state, engine)
    return 200, reply


def shown(state: State, engine: Engine) -> dict[str, Any]:
    """An engine as replies have it."""
    off = engine.holding_off
    is_held_off = off is not None and off[0] > state.now()
    return {
        "engine_id": engine.engine_id, "engine_type": engine.engine_type, "status": engine.status,
        "drain": engine.drain,
        "holding_off": {"until": written(off[0]), "reason": off[1]} if off is not None and is_held_off else None,
        "is_quarantined": False, "last_heartbeat": written(engine.last_heartbeat),
        "current_workload": engine.workload, "leases_held": len(state.held_by(engine.engine_id)),
        "scenario_run_id": engine.scenario_run_id, "may_enqueue": engine.may_enqueue,
        "metadata": {"static_config": engine.static_config, "dynamic_state": engine.dynamic_state},
        "incarnation": engine.incarnation, "registered_at": written(engine.registered_at),
        "last_seen_at": written(engine.last_seen), "last_poll_at": written(engine.last_poll),
        "heartbeat_timeout_seconds": engine.timeout, "heartbeat_interval_seconds": interval(engine.timeout),
    }  # fmt: skip


def renew(state: State, lease: Lease, seconds: int | None = None) -> None:
    """Renews a lease from now on; only with `seconds` of its own it may become shorter."""
    end = min(state.now() + (seconds or lease.seconds), lease.deadline_at)
    lease.expires_at = end if seconds else max(end, lease.expires_at)
    state.changed.notify_all()


def terms(state: State, event: Event, lease: Lease) -> dict[str, Any]:
    """How a lease stands after a renewal."""
    reply: dict[str, Any] = {
        "expires_at": written(lease.expires_at),
        "expires_in_seconds": round(lease.expires_at - state.now(), 6),
    }
    if event.is_to_be_cancelled:
        reply["cancel_requested"] = True
    return reply


def merged(base: dict[str, Any], patch: dict[str, Any]) -> dict[str, Any]:
    """A merge patch: null removes."""
    result = dict(base)
    for key, value in patch.items():
        if value is None:
            result.pop(key, None)
        elif isinstance(value, dict):
            result[key] = merged(result.get(key) or {}, value)  # pyright: ignore[reportUnknownArgumentType]
        else:
            result[key] = value
    return result


def interval(timeout: int | None) -> int | None:
    """The seconds between two heartbeats."""
    return None if timeout is None else math.floor(timeout / 3)


def _give_token(state: State, engine: Engine) -> str:
    secret = new_secret()
    name = f"engine:{engine.engine_id}"
    state.tokens[secret] = Token(
        "engine", name, state.now(), engine_id=engine.engine_id, engine_types=[engine.engine_type]
    )
    return secret


def _read_registration(f: Fields) -> dict[str, Any]:
    metadata: dict[str, Any] = {"static_config": {}, "dynamic_state": {}}
    inner = f.optional("metadata", fields.any_object)
    if inner is not None:
        part = Fields(inner, "/metadata", f.errors)
        for name in metadata:
            metadata[name] = part.optional(name, fields.any_object, {})
        part.finish(lambda _: "belongs into metadata.static_config")
    engine_id = f.optional("engine_id", fields.identifier)
    if engine_id in NO_IDS:
        f.error("engine_id", "is the nil or the max UUID, which is no engine's id")
    # Left out, the server's own holds; null is none.
    is_named = f.has("heartbeat_timeout_seconds")
    timeout = f.optional("heartbeat_timeout_seconds", fields.integer(3, 86_400), None if is_named else 45)
    return {
        "engine_id": engine_id, "engine_type": f.required("engine_type", fields.name),
        "timeout": timeout,
        "scenario_run_id": f.optional("scenario_run_id", fields.run_id),
        "may_enqueue": f.optional("may_enqueue", fields.items(0, 100), []), **metadata,
    }  # fmt: skip
