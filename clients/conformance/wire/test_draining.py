"""Drain, resume, stop."""

from wire.target import Target


def test_a_draining_engine_is_given_nothing_and_finishes(target: Target) -> None:
    engine = target.engine()
    event = engine.lease_one()
    target.enqueue(engine.queue)
    reply = engine.call("POST", f"/engines/{engine.id}/drain", {"reason": "a new version"})
    assert reply.body["status"] == "draining" and reply.body["drain"]["then"] == "exit"
    notice = engine.exchange().body["notice"]
    assert notice["code"] == "engine_draining" and notice["held"] == 1 and notice["retry_after_seconds"] == 5
    beat = engine.heartbeat().body
    assert (beat["status"], beat["command"]) == ("draining", "drain") and beat["drain"]["reason"] == "a new version"
    engine.settle(event, "completed")
    assert engine.heartbeat().body["command"] == "stop"


def test_a_drained_engine_that_is_to_stay_is_not_stopped(target: Target) -> None:
    engine = target.engine()
    engine.call("POST", f"/engines/{engine.id}/drain", {"then": "stay"})
    assert engine.heartbeat().body["command"] == "drain"
    assert target.call("POST", f"/engines/{engine.id}/resume").body["status"] == "active"
    beat = engine.heartbeat().body
    assert beat["command"] == "continue" and "drain" not in beat
    target.enqueue(engine.queue)
    assert len(engine.lease()) == 1


def test_registering_again_ends_a_drain(target: Target) -> None:
    engine = target.engine()
    engine.call("POST", f"/engines/{engine.id}/drain", {})
    assert engine.register_again().body["status"] == "active"


def test_a_drain_says_only_what_it_knows(target: Target) -> None:
    engine = target.engine()
    reply = engine.call("POST", f"/engines/{engine.id}/drain", {"then": "sleep", "typo": 1})
    assert sorted(reply.places) == ["/then", "/typo"]


def test_an_engine_removed_while_it_drains_loses_nothing(target: Target) -> None:
    engine = target.engine()
    event = engine.lease_one()
    engine.call("POST", f"/engines/{engine.id}/drain", {})
    assert target.call("DELETE", f"/engines/{engine.id}").status == 204
    assert target.event(event["event_id"])["lease_losses"] == 0
