"""Heartbeats: renewals, losses, cancels, commands, holding off, waiting."""

import threading
import time

from wire.target import NO_TOKEN, Target, held


def test_a_heartbeat_says_how_the_engine_stands(target: Target) -> None:
    engine = target.engine(metadata={"static_config": {"resource_limits": {"max_concurrent_events": 5}}})
    engine.lease_one()
    reply = engine.heartbeat(current_workload=1)
    assert reply.body == {
        "status": "active", "command": "continue", "leases_held": 1, "max_concurrent_events": 5,
        "events_to_cancel": [], "leases": [],
    }  # fmt: skip
    assert target.call("GET", f"/engines/{engine.id}").body["current_workload"] == 1


def test_listed_leases_are_renewed_and_keep_progress(target: Target) -> None:
    engine = target.engine()
    event = engine.lease_one(visibility_timeout_seconds=20)
    target.pass_time(0.5)
    (lease,) = engine.heartbeat(leases=[held(event, progress={"at": 1})]).body["leases"]
    assert lease["outcome"] == "renewed" and lease["event_id"] == event["event_id"]
    assert 19.8 < lease["expires_in_seconds"] <= 20 and lease["expires_at"] > event["lease"]["expires_at"]
    assert target.event(event["event_id"])["progress"] == {"at": 1}


def test_a_lease_that_is_only_asked_about_stays_as_it_is(target: Target) -> None:
    engine = target.engine()
    event = engine.lease_one()
    (lease,) = engine.heartbeat(leases=[held(event, renew=False)]).body["leases"]
    assert lease["outcome"] == "held" and lease["expires_at"] == event["lease"]["expires_at"]


def test_progress_goes_only_with_a_renewal(target: Target) -> None:
    engine = target.engine()
    event = engine.lease_one()
    reply = engine.heartbeat(leases=[held(event, renew=False, progress=1)])
    assert reply.places == ["/leases/0/progress"]


def test_a_lost_lease_is_told_with_its_reason(target: Target) -> None:
    engine = target.engine()
    expired = engine.lease_one(visibility_timeout_seconds=1)
    done = engine.lease_one()
    engine.settle(done, "completed")
    target.pass_time(1.5)
    never = {"event_id": done["event_id"], "lease_token": NO_TOKEN}
    leases = engine.heartbeat(leases=[held(expired), held(done)]).body["leases"]
    assert [(lease["outcome"], lease["reason"]) for lease in leases] == [("lost", "expired"), ("lost", "completed")]
    (lease,) = engine.heartbeat(leases=[never]).body["leases"]
    assert lease == {"event_id": done["event_id"], "outcome": "lost"}


def test_an_event_listed_twice_is_refused(target: Target) -> None:
    engine = target.engine()
    event = engine.lease_one()
    assert engine.heartbeat(leases=[held(event), held(event)]).places == ["/leases"]


def test_events_to_cancel_are_told_listed_or_not(target: Target) -> None:
    engine = target.engine()
    event = engine.lease_one()
    assert target.call("POST", f"/events/{event['event_id']}/cancel").status == 202
    assert engine.heartbeat().body["events_to_cancel"] == [event["event_id"]]
    (lease,) = engine.heartbeat(leases=[held(event)]).body["leases"]
    assert lease["outcome"] == "renewed" and lease["cancel_requested"] is True


def waiting(target: Target, engine: object, wait_seconds: int = 15) -> tuple[threading.Thread, list[object]]:
    """Begins a heartbeat that waits, and returns when it has arrived."""
    replies: list[object] = []
    before = target.call("GET", f"/engines/{engine.id}").body["last_heartbeat"]  # type: ignore[attr-defined]
    thread = threading.Thread(
        target=lambda: replies.append(engine.heartbeat(wait_seconds=wait_seconds).body)  # type: ignore[attr-defined]
    )
    thread.start()
    while target.call("GET", f"/engines/{engine.id}").body["last_heartbeat"] == before:  # type: ignore[attr-defined]
        time.sleep(0.01)
    return thread, replies


def test_a_waiting_heartbeat_is_told_a_cancel_at_once(target: Target) -> None:
    engine = target.engine()
    event = engine.lease_one()
    engine.heartbeat()
    thread, replies = waiting(target, engine)
    target.call("POST", f"/events/{event['event_id']}/cancel")
    thread.join(10)
    assert replies[0]["events_to_cancel"] == [event["event_id"]]  # type: ignore[index]


def test_a_waiting_heartbeat_is_told_a_drain_at_once(target: Target) -> None:
    engine = target.engine()
    engine.lease_one()
    engine.heartbeat()
    thread, replies = waiting(target, engine)
    target.call("POST", f"/engines/{engine.id}/drain", {"reason": "a new version", "then": "exit"})
    thread.join(10)
    reply = replies[0]
    assert reply["command"] == "drain" and reply["drain"]["reason"] == "a new version"  # type: ignore[index]


def test_a_newer_heartbeat_ends_the_waiting_one(target: Target) -> None:
    engine = target.engine()
    engine.heartbeat()
    thread, replies = waiting(target, engine)
    assert engine.heartbeat().status == 200
    thread.join(10)
    assert replies[0]["command"] == "continue"  # type: ignore[index]


def test_a_waiting_heartbeat_ends_when_its_engine_registers_again(target: Target) -> None:
    engine = target.engine()
    engine.heartbeat()
    replies: list[object] = []
    before = target.call("GET", f"/engines/{engine.id}").body["last_heartbeat"]

    def beat() -> None:
        reply = engine.call("POST", f"/engines/{engine.id}/heartbeat", {"wait_seconds": 15}, X_Engine_Incarnation="1")
        replies.append((reply.status, reply.code))

    thread = threading.Thread(target=beat)
    thread.start()
    while target.call("GET", f"/engines/{engine.id}").body["last_heartbeat"] == before:
        time.sleep(0.01)
    engine.register_again()
    thread.join(16)
    assert replies == [(409, "engine_superseded")]


def test_an_engine_that_holds_off_gets_nothing_until_then(target: Target) -> None:
    engine = target.engine()
    target.enqueue(engine.queue)
    engine.heartbeat(holding_off={"until": target.soon(60), "reason": "the provider answers 429"})
    notice = engine.exchange().body["notice"]
    assert notice["code"] == "engine_holding_off" and notice["reason"] == "the provider answers 429"
    assert 55 <= notice["retry_after_seconds"] <= 60 and notice["until"]
    assert target.call("GET", f"/engines/{engine.id}").body["holding_off"]["reason"] == "the provider answers 429"
    engine.heartbeat()
    assert engine.lease() == []
    engine.heartbeat(holding_off=None)
    assert len(engine.lease()) == 1


def test_holding_off_ends_by_itself(target: Target) -> None:
    engine = target.engine()
    target.enqueue(engine.queue)
    engine.heartbeat(holding_off={"until": target.soon(1), "reason": "busy"})
    assert engine.lease() == []
    target.pass_time(1.2)
    assert len(engine.lease()) == 1


def test_every_wrong_place_of_a_heartbeat_is_named(target: Target) -> None:
    reply = target.engine().heartbeat(
        current_workload=-1, wait_seconds=61, typo=1, leases=[{"event_id": "x"}], holding_off={"until": "soon"}
    )
    assert sorted(reply.places) == [
        "/current_workload", "/holding_off/reason", "/holding_off/until", "/leases/0/event_id",
        "/leases/0/lease_token", "/typo", "/wait_seconds",
    ]  # fmt: skip
