"""What is asked of running engines: cancel, drain, resume, limits, removal. Scenarios 15, 16, 24, 25."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from engine.fleet import Fleet, wait_until
from engine.program import HOLD_SECONDS
from engine.proxy import Proxy
from wire.target import Target

NewFleet = Callable[..., Fleet]


def engine_of(fleet: Fleet) -> Any:
    (engine,) = fleet.registered()
    return engine


def orders(fleet: Fleet, verb: str, **body: Any) -> None:
    reply = fleet.target.call("POST", f"/engines/{engine_of(fleet)['engine_id']}/{verb}", body or None)
    assert reply.status == 200, reply.body


@pytest.mark.parametrize("event_type", ["tried", "tried.async"])
def test_a_handler_that_heeds_a_cancel_ends_at_once(fleet: Fleet, event_type: str) -> None:
    (event_id,) = fleet.enqueue(["sleep", 60], event_type=event_type)
    # Heartbeats are a minute apart, so one that waits is told.
    fleet.start(heartbeat_timeout_seconds=180)
    fleet.wait_noted("began")
    fleet.wait_for_a_heartbeat()
    assert fleet.target.call("POST", f"/events/{event_id}/cancel").status == 202
    fleet.wait_all_final(30)
    assert fleet.target.event(event_id)["status"] == "cancelled"
    assert fleet.noted("raised")[0]["told"] == "cancel_requested"


def test_a_handler_that_ignores_a_cancel_may_complete(fleet: Fleet) -> None:
    completes, fails = fleet.enqueue(["sleep_hard", 3]) + fleet.enqueue(["sleep_hard", 3], ["fail", "no luck"])
    fleet.start()
    fleet.wait_noted("began", 2)
    for event_id in (completes, fails):
        fleet.target.call("POST", f"/events/{event_id}/cancel")
    fleet.wait_all_final()
    assert fleet.target.event(completes)["status"] == "completed"
    assert fleet.target.event(fails)["status"] == "cancelled"


def test_a_task_that_swallows_its_cancellation_is_given_up(fleet: Fleet) -> None:
    (event_id,) = fleet.enqueue(["swallow_cancel", 20], event_type="tried.async")
    engine = fleet.start(grace_seconds=1, concurrency=1)
    fleet.wait_noted("began")
    fleet.target.call("POST", f"/events/{event_id}/cancel")
    fleet.wait_all_final(15)
    assert fleet.target.event(event_id)["status"] == "cancelled" and engine.is_running


def test_a_time_limit_ends_handlers(fleet: Fleet) -> None:
    policy = {"max_retries": 0}
    ids = [
        *fleet.enqueue(["sleep", 60], retry_policy=policy),
        *fleet.enqueue(["sleep", 60], event_type="tried.async", retry_policy=policy),
        *fleet.enqueue(["sleep_hard", 20], retry_policy=policy),
    ]
    fleet.start(timeout_seconds=1, grace_seconds=1)
    fleet.wait_all_final()
    for event_id in ids:
        event = fleet.target.event(event_id)
        assert (event["status"], event["error_type"]) == ("failed", "HandlerTimeout"), event


def test_a_drained_engine_that_is_to_stay_resumes(fleet: Fleet) -> None:
    engine = fleet.start()
    (running,) = fleet.enqueue(["sleep", 2])
    fleet.wait_noted("began")
    orders(fleet, "drain", then="stay")
    (waiting,) = fleet.enqueue()
    fleet.wait_all_final(ids=[running])
    assert fleet.outcomes(running) == ["completed"]
    time.sleep(1)
    assert engine.is_running and fleet.target.event(waiting)["status"] == "queued"
    orders(fleet, "resume")
    fleet.wait_all_final()
    assert fleet.account() == {"completed": 2}


def test_a_drained_engine_that_is_to_exit_does(fleet: Fleet) -> None:
    engine = fleet.start()
    fleet.enqueue(["sleep", 2])
    fleet.wait_noted("began")
    orders(fleet, "drain", then="exit", reason="a new version")
    assert engine.wait() == 0
    assert fleet.account() == {"completed": 1}
    assert fleet.registered() == []


def test_a_drain_under_load_loses_nothing(fleet: Fleet) -> None:
    fleet.enqueue(["sleep", 0.02], count=1000)
    engine = fleet.start(concurrency=10, prefetch=50)
    fleet.wait_noted("returned", 50)
    orders(fleet, "drain", then="exit")
    assert engine.wait() == 0
    assert engine.errors == []
    fleet.start(2, concurrency=30)
    fleet.wait_all_final()
    assert fleet.account() == {"completed": 1000}
    assert fleet.losses() == {}


def test_a_lowered_limit_is_kept_and_raised_again(fleet: Fleet) -> None:
    fleet.start(concurrency=4)
    fleet.enqueue(["sleep", 0.3], count=80)
    fleet.wait_noted("began", 4)
    path = f"/engines/{engine_of(fleet)['engine_id']}"

    def limit(most: int) -> None:
        change = {"metadata": {"static_config": {"resource_limits": {"max_concurrent_events": most}}}}
        assert fleet.target.call("PATCH", path, change).status == 200

    limit(1)
    wait_until(lambda: engine_of(fleet)["leases_held"] <= 1)
    for _ in range(20):
        assert engine_of(fleet)["leases_held"] <= 1
        time.sleep(0.05)
    limit(4)
    wait_until(lambda: engine_of(fleet)["leases_held"] >= 3)
    fleet.wait_all_final()
    assert fleet.account() == {"completed": 80}


@pytest.mark.long
def test_a_removed_engine_registers_again_and_its_results_are_tried(fleet: Fleet) -> None:
    engine = fleet.start(concurrency=1)
    (event_id,) = fleet.enqueue(["sleep_hard", 3])
    fleet.wait_noted("began")
    removed = engine_of(fleet)
    assert fleet.target.call("DELETE", f"/engines/{removed['engine_id']}").status == 204
    fleet.wait_all_final()
    assert fleet.target.event(event_id)["status"] == "completed"
    assert engine.is_running
    fleet.enqueue()
    fleet.wait_all_final()


def test_an_event_that_comes_again_waits_for_its_old_handler(target: Target, new_fleet: NewFleet, proxy: Proxy) -> None:
    fleet = new_fleet(target, proxy.url)
    engine = fleet.start(concurrency=3)
    (event_id,) = fleet.enqueue(["sleep_hard", 4])
    fleet.wait_noted("began")
    fleet.target.call("DELETE", f"/engines/{engine_of(fleet)['engine_id']}")
    fleet.wait_all_final()
    assert fleet.target.event(event_id)["status"] == "completed"
    # No heartbeat listed the event twice.
    assert all(request.status != 422 for request in proxy.requests)
    lines = [line for line in engine.journal if line.get("event_id") == event_id]
    running = 0
    for line in lines:
        running += {"began": 1, "returned": -1, "raised": -1}.get(line["what"], 0)
        assert running <= 1, lines
    # What the old handler returned is reported, and the work is not done again.
    assert len(engine.noted("began")) == 1


def test_types_of_a_newer_version_go_back_until_it_is_there(fleet: Fleet) -> None:
    (event_id,) = fleet.enqueue(event_type="tried.in-a-new-version")
    engine = fleet.start()
    wait_until(lambda: fleet.target.attempts(event_id))
    (attempt,) = fleet.target.attempts(event_id)
    assert (attempt["outcome"], attempt["code"]) == ("released", "no_handler")
    event = fleet.target.event(event_id)
    assert event["status"] == "queued" and event["retries_left"] == 3 and event["available_at"] > attempt["ended_at"]
    assert [line for line in engine.log.splitlines() if "tried.in-a-new-version" in line]


def test_an_engine_that_holds_off_spends_nothing_and_asks_for_nothing(fleet: Fleet, tmp_path: Path) -> None:
    fleet.start(concurrency=3, heartbeat_timeout_seconds=60)  # so that a busy machine loses no lease
    begun, is_free = time.monotonic(), tmp_path / "the provider is free"
    fleet.enqueue(["hold_until_exists", str(is_free)], count=10)
    fleet.wait_noted("raised", error="Hold")
    held: list[Any] = []

    def has_held_again() -> bool:
        holding = engine_of(fleet)["holding_off"]
        held.extend([] if holding is None else [holding])
        return bool(held) and len(fleet.noted("raised", error="Hold")) > 3

    wait_until(has_held_again)
    assert {holding["reason"] for holding in held} == {"the provider answers 429"}
    times_held = (time.monotonic() - begun) / HOLD_SECONDS + 1
    assert len(fleet.noted("raised")) <= 3 * times_held
    is_free.touch()
    fleet.wait_all_final()
    assert fleet.account() == {"completed": 10}
    for event_id in fleet.event_ids:
        attempts = fleet.target.attempts(event_id)
        assert {attempt["outcome"] for attempt in attempts[1:]} <= {"released"}
        assert {attempt["code"] for attempt in attempts[1:]} <= {"hold"}
