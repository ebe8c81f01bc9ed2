"""Heartbeats: renewals, commands, and waiting for news."""

from __future__ import annotations

from typing import Any

from eventlease.testing.fake_server import fields
from eventlease.testing.fake_server.callers import Call
from eventlease.testing.fake_server.engines import interval, renew, terms
from eventlease.testing.fake_server.fields import Fields
from eventlease.testing.fake_server.refusals import engine_not_found
from eventlease.testing.fake_server.state import Engine, State


def heartbeat(call: Call) -> tuple[int, Any]:
    """`POST /engines/{engine_id}/heartbeat`."""
    state = call.state
    sent = fields.read_whole(call.body or {}, _read_heartbeat)
    engine = call.engine()
    call.check_incarnation(engine)
    now = state.now()
    engine.last_heartbeat = engine.last_seen = now
    engine.is_unresponsive = False
    engine.heartbeats += 1
    number, incarnation = engine.heartbeats, engine.incarnation
    if sent["workload"] is not None:
        engine.workload = sent["workload"]
    dynamic = {**sent["dynamic_state"]}
    if sent["utilization"] is not None:
        dynamic["resource_utilization"] = sent["utilization"]
    engine.dynamic_state = {k: v for k, v in {**engine.dynamic_state, **dynamic}.items() if v is not None}
    if "holding_off" in sent:
        engine.holding_off = sent["holding_off"]
    leases = [_listed(state, engine, listed) for listed in sent["leases"]]
    state.changed.notify_all()

    def look() -> Any:
        current = state.engines.get(engine.engine_id)
        if current is None:
            raise engine_not_found(engine.engine_id)
        if current.incarnation != incarnation:
            call.check_incarnation(current)
            return _orders(state, current)
        orders = _orders(state, current)
        is_news = engine.heartbeats != number or _is_news(orders, engine.told)
        return orders if is_news or state.is_stopping else None

    found = call.wait(min(sent["wait_seconds"], interval(engine.timeout) or 60), look)
    orders = found or _orders(state, engine)
    engine.told = orders
    return 200, {**orders, "leases": leases}


def _orders(state: State, engine: Engine) -> dict[str, Any]:
    held = state.held_by(engine.engine_id)
    command = "continue"
    if engine.drain is not None:
        command = "stop" if engine.drain["then"] == "exit" and not held else "drain"
    orders: dict[str, Any] = {
        "status": engine.status, "command": command, "leases_held": len(held),
        "max_concurrent_events": engine.most,
        "events_to_cancel": [event.event_id for event in held if event.is_to_be_cancelled],
    }  # fmt: skip
    if engine.drain is not None:
        orders["drain"] = engine.drain
    return orders


def _is_news(orders: dict[str, Any], told: dict[str, Any] | None) -> bool:
    if told is None:
        return orders["command"] != "continue" or bool(orders["events_to_cancel"])
    changed = any(orders.get(name) != told.get(name) for name in ("command", "drain", "max_concurrent_events"))
    return changed or any(event_id not in told["events_to_cancel"] for event_id in orders["events_to_cancel"])


def _listed(state: State, engine: Engine, listed: dict[str, Any]) -> dict[str, Any]:
    event = state.events.get(listed["event_id"])
    lease = event.lease if event is not None else None
    if event is None or lease is None or lease.token != listed["lease_token"] or lease.engine_id != engine.engine_id:
        ended = [a for a in (event.attempts if event else []) if a.lease.token == listed["lease_token"]]
        reason = {"reason": ended[-1].outcome} if ended else {}
        return {"event_id": listed["event_id"], "outcome": "lost", **reason}
    if listed["renew"]:
        renew(state, lease)
        if listed["has_progress"]:
            state.note_progress(event, listed["progress"])
    outcome = "renewed" if listed["renew"] else "held"
    return {"event_id": event.event_id, "outcome": outcome, **terms(state, event, lease)}


def _read_heartbeat(f: Fields) -> dict[str, Any]:
    sent: dict[str, Any] = {
        "workload": f.optional("current_workload", fields.integer(0, 1_000_000)),
        "utilization": f.optional("resource_utilization", fields.any_object),
        "dynamic_state": f.optional("dynamic_state", fields.any_object, {}),
        "wait_seconds": f.optional("wait_seconds", fields.integer(0, 60), 0),
    }
    if f.has("holding_off"):
        off = f.optional("holding_off", fields.any_object)
        sent["holding_off"] = None
        if off is not None:
            part = Fields(off, "/holding_off", f.errors)
            sent["holding_off"] = (
                part.required("until", fields.moment), part.required("reason", fields.text(500)),
            )  # fmt: skip
            part.finish()
    leases: list[dict[str, Any]] = []
    for index, item in enumerate(f.optional("leases", fields.items(0, 1000), [])):
        part = Fields(item, f"/leases/{index}", f.errors)
        listed = {
            "event_id": part.required("event_id", fields.identifier),
            "lease_token": part.required("lease_token", fields.token),
            "renew": part.optional("renew", fields.boolean, True), "has_progress": part.has("progress"),
            "progress": part.optional("progress", fields.any_json(fields.MAX_DETAIL_BYTES)),
        }  # fmt: skip
        if listed["has_progress"] and not listed["renew"]:
            part.error("progress", "stands beside renew: false, with which nothing is written")
        part.finish()
        leases.append(listed)
    ids = [listed["event_id"] for listed in leases]
    twice = next((event_id for event_id in ids if event_id and ids.count(event_id) > 1), None)
    if twice is not None:
        f.error("leases", f"lists event {twice} twice")
    return {**sent, "leases": leases}
