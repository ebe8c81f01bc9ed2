"""Registration, its repeats, and what becomes of the leases of an earlier life."""

import uuid

from wire.target import UNKNOWN_ID, Target, new_queue, report


def test_a_new_engine_is_told_its_terms(target: Target) -> None:
    queue = new_queue()
    config = {"client": "a client", "resource_limits": {"max_concurrent_events": 5}, "capabilities": ["speaking"]}
    reply = target.call("POST", "/engines", {"engine_type": queue, "metadata": {"static_config": config}})
    assert reply.status == 201
    engine = reply.body
    assert engine["engine_type"] == queue and engine["status"] == "active" and engine["incarnation"] == 1
    assert engine["heartbeat_timeout_seconds"] == 45 and engine["heartbeat_interval_seconds"] == 15
    assert engine["metadata"]["static_config"] == config and engine["leases_held"] == 0
    assert engine["server"]["limits"]["max_batch_events"] == 1000 and engine["server"]["auth"] is False
    assert "engine_token" not in engine


def test_a_known_id_has_restarted(target: Target) -> None:
    engine = target.engine(engine_id=str(uuid.uuid4()))
    event = engine.lease_one()
    again = engine.register_again()
    assert again.status == 200 and again.body["incarnation"] == 2 and again.body["leases_held"] == 0
    (attempt,) = target.attempts(event["event_id"])
    assert attempt["outcome"] == "engine_restarted" and attempt["incarnation"] == 1
    # It is due again at once, as after any first loss.
    (leased,) = engine.lease(1)
    assert leased["event_id"] == event["event_id"] and leased["attempt"] == 2 and leased["losses_left"] == 2
    assert leased["previous"]["outcome"] == "engine_restarted"


def test_a_known_id_of_another_type_is_refused(target: Target) -> None:
    engine = target.engine()
    reply = target.call("POST", "/engines", {"engine_type": new_queue(), "engine_id": engine.id})
    assert reply.status == 409 and reply.code == "engine_id_taken" and reply.body["engine_type"] == engine.queue


def test_every_wrong_place_of_a_registration_is_named(target: Target) -> None:
    body = {"engine_type": "a b", "engine_id": "x", "heartbeat_timeout_seconds": 2, "typo": 1}
    reply = target.call("POST", "/engines", body)
    assert reply.status == 422
    assert sorted(reply.places) == ["/engine_id", "/engine_type", "/heartbeat_timeout_seconds", "/typo"]


def test_capabilities_belong_below_static_config(target: Target) -> None:
    reply = target.call("POST", "/engines", {"engine_type": "a", "metadata": {"capabilities": []}})
    assert reply.places == ["/metadata/capabilities"]


def test_the_nil_id_is_nobody_s(target: Target) -> None:
    reply = target.call("POST", "/engines", {"engine_type": "a", "engine_id": str(uuid.UUID(int=0))})
    assert reply.places == ["/engine_id"]


def test_an_engine_without_heartbeats_has_no_interval(target: Target) -> None:
    engine = target.engine(heartbeat_timeout_seconds=None)
    assert engine.registered["heartbeat_timeout_seconds"] is None
    assert engine.registered["heartbeat_interval_seconds"] is None


def test_an_engine_can_be_read_and_is_gone_once_it_left(target: Target) -> None:
    engine = target.engine()
    event = engine.lease_one()
    assert target.call("GET", f"/engines/{engine.id}").body["leases_held"] == 1
    assert engine.call("DELETE", f"/engines/{engine.id}").status == 204
    reply = target.call("GET", f"/engines/{engine.id}")
    assert reply.status == 404 and reply.code == "engine_not_found"
    # It left in order: its event goes back and nothing is spent.
    back = target.event(event["event_id"])
    assert back["status"] == "queued" and back["lease_losses"] == 0
    (attempt,) = target.attempts(event["event_id"])
    assert attempt["outcome"] == "deregistered"
    (leased,) = target.engine(engine.queue).lease()
    assert leased["losses_left"] == 3 and leased["retries_left"] == 3


def test_an_engine_that_somebody_else_removes_loses_its_leases(target: Target) -> None:
    engine = target.engine()
    event = engine.lease_one()
    assert target.call("DELETE", f"/engines/{engine.id}").status == 204
    back = target.event(event["event_id"])
    assert back["status"] == "queued" and back["lease_losses"] == 1


def test_an_engine_that_was_removed_can_still_report_late(target: Target) -> None:
    engine = target.engine()
    event = engine.lease_one()
    target.call("DELETE", f"/engines/{engine.id}")
    reply = engine.settle_many(report(event, "completed", result=1))
    assert reply.body["results"][0]["outcome"] == "completed"


def test_an_unknown_engine_is_told_to_register(target: Target) -> None:
    calls: list[tuple[str, str, object]] = [
        ("POST", f"/engines/{UNKNOWN_ID}/heartbeat", {}),
        ("POST", f"/engines/{UNKNOWN_ID}/drain", {}),
        ("POST", f"/engines/{UNKNOWN_ID}/resume", None),
        ("POST", f"/engines/{UNKNOWN_ID}/token", None),
        ("DELETE", f"/engines/{UNKNOWN_ID}", None),
        ("POST", "/events/queue/anything/lease", {}),
    ]
    for method, path, body in calls:
        reply = target.call(method, path, body, X_Engine_Id=UNKNOWN_ID)
        assert (reply.status, reply.code) == (404, "engine_not_found"), path


def test_a_call_of_another_incarnation_is_superseded(target: Target) -> None:
    engine = target.engine()
    again = engine.register_again().body
    stale = {"X_Engine_Incarnation": "1"}
    calls: list[tuple[str, str, object]] = [
        ("POST", f"/engines/{engine.id}/heartbeat", {}),
        ("POST", f"/events/queue/{engine.queue}/lease", {}),
        ("POST", f"/engines/{engine.id}/drain", {}),
        ("DELETE", f"/engines/{engine.id}", None),
    ]
    for method, path, body in calls:
        reply = engine.call(method, path, body, **stale)
        assert (reply.status, reply.code) == (409, "engine_superseded"), path
        assert reply.body["registered_at"] == again["registered_at"]
    assert engine.call("POST", f"/engines/{engine.id}/heartbeat", {}, X_Engine_Incarnation="2").status == 200


def test_a_report_of_an_earlier_life_is_taken_while_nobody_leased_again(target: Target) -> None:
    engine = target.engine()
    event = engine.lease_one()
    engine.register_again()
    reply = engine.call(
        "PUT", "/events/status", {"settlements": [report(event, "completed")]}, X_Engine_Incarnation="1"
    )
    assert reply.body["results"][0]["outcome"] == "completed"
    (attempt,) = target.attempts(event["event_id"])
    assert attempt["outcome"] == "completed" and attempt["late_by_seconds"] >= 0
    assert target.event(event["event_id"])["lease_losses"] == 0


def test_the_limit_can_be_changed_and_is_told(target: Target) -> None:
    engine = target.engine()
    change = {"metadata": {"static_config": {"resource_limits": {"max_concurrent_events": 7}}}}
    assert target.call("PATCH", f"/engines/{engine.id}", change).status == 200
    assert engine.heartbeat().body["max_concurrent_events"] == 7
