"""Events enqueued together with a completion."""

from wire.target import Target, new_queue

TRACE = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


def follow_up(engine_type: str, **members: object) -> dict[str, object]:
    return {"engine_type": engine_type, "event_type": "next", "payload": 1, **members}


def test_follow_ups_are_enqueued_with_the_completion_and_inherit(target: Target) -> None:
    engine = target.engine()
    queue = new_queue()
    event = engine.lease_one(scenario_run_id="run-f", traceparent=TRACE)
    reply = engine.settle(event, "completed", enqueue=[follow_up(queue), follow_up(queue, scenario_run_id="own")])
    one, two = [target.event(made["event_id"]) for made in reply.body["enqueued"]]
    assert one["scenario_run_id"] == "run-f" and one["traceparent"] == TRACE
    assert one["caused_by"] == event["event_id"] and two["scenario_run_id"] == "own"


def test_a_repeated_completion_has_the_same_follow_ups(target: Target) -> None:
    engine = target.engine()
    queue = new_queue()
    event = engine.lease_one()
    first = engine.settle(event, "completed", enqueue=[follow_up(queue)])
    assert engine.settle(event, "completed", enqueue=[follow_up(queue)]).body == first.body
    assert len(target.engine(queue).lease()) == 1


def test_a_duplicate_is_no_refusal(target: Target) -> None:
    engine = target.engine()
    queue = new_queue()
    event = engine.lease_one()
    key = follow_up(queue, unique_key="one")
    reply = engine.settle(event, "completed", enqueue=[key, key])
    made, duplicate = reply.body["enqueued"]
    assert duplicate == {"event_id": made["event_id"], "duplicate": True, "duplicate_of": "unique_key"}


def test_a_follow_up_that_is_wrong_refuses_the_completion(target: Target) -> None:
    engine = target.engine()
    event = engine.lease_one()
    reply = engine.settle(event, "completed", enqueue=[follow_up("a b", priority=10)])
    assert (reply.status, reply.code) == (422, "follow_up_refused")
    places = [error["pointer"] for error in reply.body["errors"]]
    assert sorted(places) == ["/enqueue/0/engine_type", "/enqueue/0/priority"]
    assert target.event(event["event_id"])["status"] == "processing"


def test_only_a_completion_has_follow_ups(target: Target) -> None:
    engine = target.engine()
    event = engine.lease_one()
    assert engine.settle(event, "failed", error="no", enqueue=[follow_up("a")]).places == ["/enqueue"]


def test_a_unique_key_is_free_for_the_successor(target: Target) -> None:
    engine = target.engine()
    event = engine.lease_one(unique_key="tick")
    reply = engine.settle(event, "completed", enqueue=[follow_up(engine.queue, unique_key="tick")])
    (made,) = reply.body["enqueued"]
    assert "duplicate" not in made and made["event_id"] != event["event_id"]


def test_follow_ups_into_a_cancelled_run_are_not_made(target: Target) -> None:
    engine = target.engine()
    run = new_queue()
    event = engine.lease_one(scenario_run_id=run)
    target.call("POST", f"/scenario-runs/{run}/cancel")
    reply = engine.settle(event, "completed", enqueue=[follow_up(engine.queue)])
    assert reply.body["outcome"] == "completed"
    assert reply.body["enqueued"][0]["error"]["code"] == "run_cancelled"


def test_a_reused_idempotency_key_refuses_the_completion_whole(target: Target) -> None:
    engine = target.engine()
    queue = new_queue()
    one, two = engine.lease_one(), engine.lease_one()
    engine.settle(one, "completed", enqueue=[follow_up(queue, idempotency_key="k")])
    reply = engine.settle(two, "completed", enqueue=[follow_up(queue, idempotency_key="k", payload=2)])
    assert (reply.status, reply.code) == (422, "follow_up_refused")
    assert [error["pointer"] for error in reply.body["errors"]] == ["/enqueue/0/idempotency_key"]
    assert target.event(two["event_id"])["status"] == "processing"
