"""Leasing: order, limits, terms of a lease, repeats of a poll whose reply was lost, and notices."""

import threading
import time
import uuid
from typing import Any

from wire.target import Target, new_queue


def limited(most: int) -> dict[str, Any]:
    return {"metadata": {"static_config": {"resource_limits": {"max_concurrent_events": most}}}}


def test_a_leased_event_has_all_that_a_handler_needs(target: Target) -> None:
    engine = target.engine()
    queue = engine.queue
    event_id = target.enqueue(queue, {"npc": "Mira", "big": 2**70}, priority=7, scenario_run_id="run-1")
    (event,) = engine.lease()
    assert event["event_id"] == event_id and event["engine_type"] == queue and event["event_type"] == "tried"
    assert event["payload"] == {"npc": "Mira", "big": 2**70} and event["priority"] == 7
    assert event["scenario_run_id"] == "run-1" and event["attempt"] == 1 and event["max_attempts"] == 4
    assert event["retries_left"] == 3 and event["losses_left"] == 3 and event["releases_in_row"] == 0
    assert event["previous"] is None and event["traceparent"] is None
    lease = event["lease"]
    assert len(lease["lease_token"]) == 32 and lease["lock"] == f"processing_by_{engine.id}"
    assert lease["leased_by"] == engine.id and lease["visibility_timeout_seconds"] == 300
    assert 299 < lease["expires_in_seconds"] <= 300
    assert target.event(event_id)["status"] == "processing"


def test_higher_priorities_come_first_then_what_was_due_first(target: Target) -> None:
    engine = target.engine()
    sent = [target.enqueue(engine.queue, priority=priority) for priority in (5, 0, 9, 5)]
    assert [event["event_id"] for event in engine.lease()] == [sent[2], sent[0], sent[3], sent[1]]


def test_a_poll_without_a_limit_gets_three(target: Target) -> None:
    engine = target.engine()
    for _ in range(4):
        target.enqueue(engine.queue)
    assert len(engine.exchange().body["events"]) == 3


def test_no_more_is_given_than_the_engine_may_hold(target: Target) -> None:
    engine = target.engine(**limited(2))
    for _ in range(3):
        target.enqueue(engine.queue)
    first = engine.lease()
    assert len(first) == 2
    notice = engine.exchange(limit=10).body["notice"]
    assert notice["code"] == "engine_at_capacity" and notice["held"] == 2 and notice["retry_after_seconds"] == 1
    engine.settle(first[0], "completed")
    assert len(engine.lease()) == 1


def test_an_empty_queue_has_no_notice(target: Target) -> None:
    reply = target.engine().exchange()
    assert reply.body == {"results": [], "events": [], "notice": None}


def test_a_delayed_event_is_leased_when_it_is_due(target: Target) -> None:
    engine = target.engine()
    target.enqueue(engine.queue, delay_seconds=2)
    assert engine.lease() == []
    target.pass_time(2.1)
    assert len(engine.lease()) == 1


def test_a_repeated_poll_gets_the_same_leases_with_their_ends_unchanged(target: Target) -> None:
    engine = target.engine()
    for _ in range(3):
        target.enqueue(engine.queue)
    poll_id = str(uuid.uuid4())
    first = engine.lease(2, poll_id=poll_id)
    again = engine.lease(2, poll_id=poll_id)
    assert [e["lease"]["lease_token"] for e in again] == [e["lease"]["lease_token"] for e in first]
    assert [e["lease"]["expires_at"] for e in again] == [e["lease"]["expires_at"] for e in first]


def test_a_repeated_poll_gets_only_what_still_holds(target: Target) -> None:
    engine = target.engine()
    for _ in range(3):
        target.enqueue(engine.queue)
    poll_id = str(uuid.uuid4())
    one, two = engine.lease(2, poll_id=poll_id)
    engine.settle(one, "completed")
    assert [e["event_id"] for e in engine.lease(2, poll_id=poll_id)] == [two["event_id"]]
    engine.settle(two, "completed")
    # Nothing of it is left: it is a new request.
    assert len(engine.lease(2, poll_id=poll_id)) == 1


def test_a_poll_repeated_with_another_limit_is_refused(target: Target) -> None:
    engine = target.engine()
    target.enqueue(engine.queue)
    poll_id = str(uuid.uuid4())
    engine.lease(2, poll_id=poll_id)
    reply = engine.exchange(limit=3, poll_id=poll_id)
    assert reply.status == 422 and reply.code == "poll_id_reused"


def test_a_repeated_poll_is_answered_while_the_engine_drains(target: Target) -> None:
    engine = target.engine()
    target.enqueue(engine.queue)
    poll_id = str(uuid.uuid4())
    first = engine.lease(1, poll_id=poll_id)
    engine.call("POST", f"/engines/{engine.id}/drain", {})
    again = engine.lease(1, poll_id=poll_id)
    assert again[0]["lease"]["lease_token"] == first[0]["lease"]["lease_token"]


def test_the_timeout_of_a_poll_goes_before_the_event_s(target: Target) -> None:
    engine = target.engine()
    target.enqueue(engine.queue, visibility_timeout_seconds=60)
    target.enqueue(engine.queue, visibility_timeout_seconds=60)
    (own,) = engine.lease(1)
    (polled,) = engine.lease(1, visibility_timeout_seconds=90)
    assert own["lease"]["visibility_timeout_seconds"] == 60
    assert polled["lease"]["visibility_timeout_seconds"] == 90


def test_a_poll_of_another_type_is_refused(target: Target) -> None:
    engine = target.engine()
    reply = engine.call("POST", f"/events/queue/{new_queue()}/lease", {})
    assert reply.status == 409 and reply.code == "engine_type_mismatch"


def test_every_wrong_place_of_a_poll_is_named(target: Target) -> None:
    reply = target.engine().exchange(limit=0, wait_seconds=31, poll_id="x", typo=1)
    assert sorted(reply.places) == ["/limit", "/poll_id", "/typo", "/wait_seconds"]


def test_a_waiting_poll_is_woken_by_an_event(target: Target) -> None:
    engine = target.engine()
    got: list[object] = []
    poll = threading.Thread(target=lambda: got.extend(engine.lease(wait_seconds=30)))
    poll.start()
    target.enqueue(engine.queue)
    poll.join(20)
    assert len(got) == 1


def test_a_waiting_poll_ends_when_its_engine_drains(target: Target) -> None:
    engine = target.engine()
    notices: list[object] = []
    poll = threading.Thread(target=lambda: notices.append(engine.exchange(wait_seconds=30).body["notice"]["code"]))
    poll.start()
    while target.call("GET", f"/engines/{engine.id}").body["last_poll_at"] is None:
        time.sleep(0.01)
    engine.call("POST", f"/engines/{engine.id}/drain", {})
    poll.join(20)
    assert notices == ["engine_draining"]


def test_an_event_that_is_too_old_is_discarded(target: Target) -> None:
    engine = target.engine()
    event_id = target.enqueue(engine.queue, discard_after_seconds=1)
    target.pass_time(1.5)
    assert engine.lease() == []
    reply = target.call("GET", f"/events/{event_id}?wait_seconds=10")
    assert reply.body["status"] == "cancelled"


def test_the_trace_of_the_producer_reaches_the_engine(target: Target) -> None:
    engine = target.engine()
    trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
    event = engine.lease_one(traceparent=trace, tracestate="vendor=1")
    assert event["traceparent"] == trace and event["tracestate"] == "vendor=1"
