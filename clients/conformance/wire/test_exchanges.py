"""Settlements that travel with a poll."""

from wire.target import NO_TOKEN, UNKNOWN_ID, Target, report


def test_settlements_free_room_for_what_the_same_call_leases(target: Target) -> None:
    engine = target.engine(metadata={"static_config": {"resource_limits": {"max_concurrent_events": 1}}})
    event = engine.lease_one()
    target.enqueue(engine.queue)
    reply = engine.exchange(limit=1, settlements=[report(event, "completed", result={"a": 1})])
    assert reply.body["results"] == [
        {"event_id": event["event_id"], "status": "completed", "attempt": 1, "outcome": "completed"}
    ]
    assert len(reply.body["events"]) == 1
    assert target.event(event["event_id"])["result"] == {"a": 1}


def test_each_settlement_has_its_own_answer_in_the_order_sent(target: Target) -> None:
    engine = target.engine()
    one, two = engine.lease_one(), engine.lease_one()
    reply = engine.exchange(
        settlements=[
            report(one, "completed"),
            {**report(two, "completed"), "lease_token": NO_TOKEN},
            {"event_id": UNKNOWN_ID, "lease_token": NO_TOKEN, "status": "completed"},
            report(two, "nonsense"),
            report(two, "failed", error="no"),
        ]
    )
    results = reply.body["results"]
    answers = [result.get("outcome") or result["error"]["code"] for result in results]
    assert answers == ["completed", "lease_lost", "event_not_found", "invalid_input", "retry_scheduled"]
    assert results[3]["error"]["errors"][0]["pointer"] == "/settlements/3/status"


def test_a_repeated_exchange_answers_its_settlements_as_the_first_time(target: Target) -> None:
    engine = target.engine()
    event = engine.lease_one()
    body = {"settlements": [report(event, "failed", error={"type": "Bad", "message": "no"}, delay_seconds=60)]}
    first = engine.exchange(**body).body["results"]
    assert engine.exchange(**body).body["results"] == first
    assert len(target.attempts(event["event_id"])) == 1


def test_a_leasing_half_that_is_refused_leaves_the_results(target: Target) -> None:
    engine = target.engine()
    event = engine.lease_one()
    engine.call("DELETE", f"/engines/{engine.id}")
    reply = engine.exchange(settlements=[report(event, "completed")])
    assert reply.status == 200 and reply.body["events"] == []
    assert reply.body["lease_error"]["code"] == "engine_not_found"
    assert "error" in reply.body["results"][0] or reply.body["results"][0]["outcome"] == "completed"


def test_a_settlement_that_is_refused_ends_the_waiting(target: Target) -> None:
    engine = target.engine()
    lost = {"event_id": UNKNOWN_ID, "lease_token": NO_TOKEN, "status": "completed"}
    # Otherwise this would wait longer than a test may.
    reply = engine.exchange(wait_seconds=30, settlements=[lost])
    assert reply.body["results"][0]["error"]["code"] == "event_not_found"


def test_an_event_settled_twice_in_one_call_is_answered_as_a_repeat(target: Target) -> None:
    engine = target.engine()
    event = engine.lease_one()
    results = engine.settle_many(report(event, "completed"), report(event, "completed")).body["results"]
    assert results[0] == results[1]
