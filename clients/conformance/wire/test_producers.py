"""Enqueueing, keys, batches, waits, cancels and runs."""

import threading
import time

import pytest

from wire.target import UNKNOWN_ID, Target, new_queue


def new_event(queue: str, **members: object) -> dict[str, object]:
    return {"engine_type": queue, "event_type": "tried", "payload": {"a": 1}, **members}


def test_an_event_is_taken_in(target: Target) -> None:
    queue = target.engine().queue
    reply = target.call("POST", "/events", new_event(queue, priority=3, scenario_run_id="r", unique_key="u"))
    assert reply.status == 201 and reply.headers["location"] == f"/api/v1/events/{reply.body['event_id']}"
    body = reply.body
    assert body["outcome"] == "enqueued" and body["status"] == "queued" and body["priority"] == 3
    assert body["scenario_run_id"] == "r" and body["unique_key"] == "u" and body["created_at"] == body["available_at"]
    assert "notice" not in body and "duplicate" not in body


def test_a_queue_without_engines_is_noticed(target: Target) -> None:
    reply = target.call("POST", "/events", new_event(new_queue()))
    assert reply.body["notice"]["code"] == "no_engine_of_type" and reply.body["notice"]["detail"]


def test_every_wrong_place_of_an_event_is_named(target: Target) -> None:
    body = {"engine_type": "", "event_type": "a b", "priority": 10, "delay_seconds": -1, "typo": 1}
    reply = target.call("POST", "/events", body)
    assert reply.status == 422
    assert sorted(reply.places) == ["/delay_seconds", "/engine_type", "/event_type", "/payload", "/priority", "/typo"]
    assert target.call("POST", "/events", [1]).places == [""]


TRACE = "0af7651916cd43dd8448eb211c80319c"
WRONG_OPTIONS: list[tuple[dict[str, object], list[str]]] = [
    ({"retry_policy": {"retries": 5}}, ["/retry_policy/retries"]),
    ({"retry_policy": {"max_retries": -1, "jitter": 2}}, ["/retry_policy/jitter", "/retry_policy/max_retries"]),
    ({"retry_policy": {"max_retries": 1000}}, ["/retry_policy/max_retries"]),
    ({"retry_policy": {"dead_letter_threshold": 0}}, ["/retry_policy/dead_letter_threshold"]),
    ({"retry_policy": {"retry_delay": {"initial": 0.5}}}, ["/retry_policy/retry_delay/initial"]),
    ({"retry_policy": {"retry_delay": {"max": 86_401, "factor": 2}}},
     ["/retry_policy/retry_delay/factor", "/retry_policy/retry_delay/max"]),
    ({"retry_policy": {"retry_delay": {"multiplier": 0.5}}}, ["/retry_policy/retry_delay/multiplier"]),
    ({"retry_policy": {"retry_delay": 5}}, ["/retry_policy/retry_delay"]),
    ({"retry_policy": 5}, ["/retry_policy"]),
    ({"available_at": "2030-01-31T12:00:00Z", "delay_seconds": 5}, ["/available_at"]),
    ({"traceparent": "x"}, ["/traceparent"]),
    ({"traceparent": f"ff-{TRACE}-b7ad6b7169203331-01"}, ["/traceparent"]),
    ({"traceparent": f"00-{'0' * 32}-b7ad6b7169203331-01"}, ["/traceparent"]),
    ({"traceparent": f"00-{TRACE}-b7ad6b7169203331-01-more"}, ["/traceparent"]),
    ({"tracestate": "a=1"}, ["/tracestate"]),
]  # fmt: skip


@pytest.mark.parametrize(("members", "places"), WRONG_OPTIONS)
def test_an_option_that_is_wrong_is_refused(target: Target, members: dict[str, object], places: list[str]) -> None:
    reply = target.call("POST", "/events", new_event("dialogue", **members))
    assert reply.status == 422 and sorted(reply.places) == places


def test_options_within_their_limits_are_taken(target: Target) -> None:
    delay = {"initial": 0, "max": 86_400, "multiplier": 1.5}
    policy = {"max_retries": 100, "dead_letter_threshold": 1, "jitter": 0.5, "retry_delay": delay}
    trace = {"traceparent": f"cc-{TRACE}-b7ad6b7169203331-01-more", "tracestate": "a=1"}
    left_out = {"max_retries": None, "retry_delay": {"max": None}}
    for members in ({"retry_policy": policy, **trace}, {"retry_policy": left_out, "delay_seconds": None}):
        reply = target.call("POST", "/events", new_event(new_queue(), available_at="2020-01-31T12:00:00Z", **members))
        assert reply.status == 201, reply.body


def test_the_same_key_stands_for_the_same_event(target: Target) -> None:
    queue = new_queue()
    first = target.call("POST", "/events", new_event(queue, idempotency_key="k"))
    again = target.call("POST", "/events", new_event(queue, idempotency_key="k", payload={"a": 1.0}))
    assert again.status == 200 and again.body["event_id"] == first.body["event_id"]
    assert again.body["outcome"] == "duplicate" and again.body["duplicate"] is True
    assert again.body["duplicate_of"] == "idempotency_key"
    by_header = target.call("POST", "/events", new_event(queue), Idempotency_Key="k")
    assert by_header.body["event_id"] == first.body["event_id"]
    other = target.call("POST", "/events", new_event(queue, idempotency_key="k", payload=2))
    assert (other.status, other.code) == (422, "idempotency_key_reused")
    assert other.body["event_id"] == first.body["event_id"]


def test_a_unique_key_is_held_while_the_event_is_open(target: Target) -> None:
    engine = target.engine()
    event = engine.lease_one(unique_key="u")
    held = target.call("POST", "/events", new_event(engine.queue, unique_key="u", payload=7))
    assert held.status == 200 and held.body["event_id"] == event["event_id"]
    assert held.body["duplicate_of"] == "unique_key"
    engine.settle(event, "completed")
    free = target.call("POST", "/events", new_event(engine.queue, unique_key="u"))
    assert free.status == 201 and free.body["event_id"] != event["event_id"]


def test_an_idempotency_key_is_looked_up_before_a_unique_one(target: Target) -> None:
    queue = new_queue()
    first = target.call("POST", "/events", new_event(queue, unique_key="u", idempotency_key="k"))
    again = target.call("POST", "/events", new_event(queue, unique_key="u", idempotency_key="k"))
    assert again.body["event_id"] == first.body["event_id"] and again.body["duplicate_of"] == "idempotency_key"


def test_a_batch_has_a_verdict_for_each_event(target: Target) -> None:
    queue = new_queue()
    reply = target.call("POST", "/events/batch", {"events": [new_event(queue), new_event(queue, priority=77)]})
    assert reply.status == 207 and (reply.body["accepted"], reply.body["rejected"]) == (1, 1)
    good, bad = reply.body["results"]
    assert good["outcome"] == "enqueued" and bad["event_id"] is None
    assert bad["error"]["errors"][0]["pointer"] == "/events/1/priority"
    all_good = target.call("POST", "/events/batch", {"events": [new_event(queue)]})
    assert all_good.status == 201
    all_bad = target.call("POST", "/events/batch", {"events": [new_event(queue, priority=77)]})
    assert all_bad.status == 422 and all_bad.body["rejected"] == 1


def test_an_atomic_batch_is_taken_whole_or_not_at_all(target: Target) -> None:
    engine = target.engine()
    events = [new_event(engine.queue), new_event(engine.queue, priority=77)]
    reply = target.call("POST", "/events/batch", {"events": events, "atomic": True})
    assert reply.status == 422 and reply.body["accepted"] == 0 and reply.body["rejected"] == 2
    assert engine.lease() == []


def test_a_batch_that_is_empty_or_too_long_is_refused(target: Target) -> None:
    assert target.call("POST", "/events/batch", {"events": []}).places == ["/events"]
    assert target.call("POST", "/events/batch", {"events": [new_event("a")] * 1001}).places == ["/events"]


def test_waiting_for_an_event_ends_with_the_event(target: Target) -> None:
    engine = target.engine()
    event = engine.lease_one()
    read: list[object] = []
    path = f"/events/{event['event_id']}?wait_seconds=30"
    thread = threading.Thread(target=lambda: read.append(target.call("GET", path).body["result"]))
    thread.start()
    engine.settle(event, "completed", result="done")
    thread.join(20)
    assert read == ["done"]


def test_waiting_for_many_tells_ended_open_and_unknown_apart(target: Target) -> None:
    engine = target.engine()
    one, two = engine.lease_one(), engine.lease_one()
    engine.settle(one, "completed")
    ids = [one["event_id"], two["event_id"], UNKNOWN_ID]
    reply = target.call("POST", "/events/wait", {"event_ids": ids, "wait_seconds": 30, "until": "any"})
    assert [event["event_id"] for event in reply.body["events"]] == [one["event_id"]]
    assert reply.body["events"][0]["status"] == "completed"
    assert reply.body["open"] == [two["event_id"]] and reply.body["unknown"] == [UNKNOWN_ID]


def test_waiting_for_all_lasts_until_the_last(target: Target) -> None:
    engine = target.engine()
    one, two = engine.lease_one(), engine.lease_one()
    engine.settle(one, "completed")
    body = {"event_ids": [one["event_id"], two["event_id"]], "wait_seconds": 30, "until": "all"}
    replies: list[object] = []
    thread = threading.Thread(target=lambda: replies.append(target.call("POST", "/events/wait", body).body["open"]))
    thread.start()
    engine.settle(two, "completed")
    thread.join(20)
    assert replies == [[]]


def test_a_queued_event_is_cancelled_at_once(target: Target) -> None:
    engine = target.engine()
    event_id = target.enqueue(engine.queue)
    for _ in range(2):
        reply = target.call("POST", f"/events/{event_id}/cancel")
        assert reply.status == 200 and reply.body["status"] == "cancelled"
    assert engine.lease() == []


def test_a_leased_event_is_cancelled_when_its_lease_ends_without_completion(target: Target) -> None:
    engine = target.engine()
    for status, members, outcome in [
        ("queued", {}, "cancelled"),
        ("failed", {"error": "no"}, "cancelled"),
        ("completed", {}, "completed"),
    ]:
        event = engine.lease_one()
        reply = target.call("POST", f"/events/{event['event_id']}/cancel")
        assert reply.status == 202 and reply.body["cancel_requested"] is True
        assert engine.settle(event, "processing").body["cancel_requested"] is True
        assert engine.settle(event, status, **members).body["outcome"] == outcome
        assert target.event(event["event_id"])["status"] == outcome


def test_an_ended_event_cannot_be_cancelled(target: Target) -> None:
    engine = target.engine()
    event = engine.lease_one()
    engine.settle(event, "completed")
    reply = target.call("POST", f"/events/{event['event_id']}/cancel")
    assert (reply.status, reply.code) == (409, "event_is_final")


def test_a_cancelled_run_takes_no_more_events_until_it_is_reopened(target: Target) -> None:
    engine = target.engine()
    run = new_queue()
    leased = engine.lease_one(scenario_run_id=run)
    queued = target.enqueue(engine.queue, scenario_run_id=run)
    assert target.call("GET", f"/scenario-runs/{run}").body["status"] == "active"
    reply = target.call("POST", f"/scenario-runs/{run}/cancel")
    assert reply.body == {"cancelled": 1, "cancel_requested": 1}
    assert target.event(queued)["status"] == "cancelled"
    assert engine.heartbeat().body["events_to_cancel"] == [leased["event_id"]]
    refused = target.call("POST", "/events", new_event(engine.queue, scenario_run_id=run))
    assert (refused.status, refused.code) == (409, "run_cancelled")
    assert target.call("GET", f"/scenario-runs/{run}").body["status"] == "cancelled"
    assert target.call("POST", f"/scenario-runs/{run}/reopen").body["reopened"] is True
    assert target.call("POST", "/events", new_event(engine.queue, scenario_run_id=run)).status == 201


def test_waiting_for_a_run_ends_when_it_is_idle(target: Target) -> None:
    engine = target.engine()
    run = new_queue()
    event = engine.lease_one(scenario_run_id=run)
    replies: list[object] = []
    path = f"/scenario-runs/{run}?wait_seconds=30"
    thread = threading.Thread(target=lambda: replies.append(target.call("GET", path).body))
    thread.start()
    engine.settle(event, "completed")
    thread.join(20)
    assert replies[0]["status"] == "idle"  # type: ignore[index]
    assert replies[0]["counts"]["completed"] == 1  # type: ignore[index]


def test_an_unknown_event_is_not_found(target: Target) -> None:
    for path in (f"/events/{UNKNOWN_ID}", f"/events/{UNKNOWN_ID}/attempts"):
        reply = target.call("GET", path)
        assert (reply.status, reply.code) == (404, "event_not_found")


def test_paths_and_methods_that_do_not_exist(target: Target) -> None:
    reply = target.call("GET", "/nonsense")
    assert (reply.status, reply.code) == (404, "not_found")
    reply = target.call("PATCH", "/engines")
    assert (reply.status, reply.code) == (405, "method_not_allowed") and reply.headers["allow"]


def test_a_request_id_is_kept_or_made(target: Target) -> None:
    assert target.call("GET", "/server", X_Request_Id="mine-1").headers["x-request-id"] == "mine-1"
    assert target.call("GET", "/server").headers["x-request-id"]


def test_time_passes(target: Target) -> None:
    began = time.monotonic()
    target.pass_time(0.01)
    assert time.monotonic() - began < 5
