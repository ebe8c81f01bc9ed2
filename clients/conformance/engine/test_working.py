"""Engines at work, and engines that die. Scenarios 1, 2, 20."""

import signal
import time
from typing import Any

import pytest

from engine.fleet import Fleet


def test_three_engines_complete_two_thousand_events_once_each(fleet: Fleet) -> None:
    fleet.enqueue(count=2000)
    fleet.start(3, concurrency=20, prefetch=40)
    fleet.wait_all_final()
    assert fleet.account() == {"completed": 2000}
    assert len(fleet.noted("returned")) == 2000
    sample = fleet.target.event(fleet.event_ids[7])
    assert sample["attempt"] == 1 and sample["result"] == 7


def test_tasks_and_threads_are_mixed_in_one_engine(fleet: Fleet) -> None:
    fleet.enqueue(["sleep", 0.01], count=100)
    fleet.enqueue(["sleep", 0.01], count=100, event_type="tried.async")
    fleet.start(concurrency=20)
    fleet.wait_all_final()
    assert fleet.account() == {"completed": 200}


def test_what_a_killed_engine_held_is_finished_by_others(fleet: Fleet) -> None:
    victim = fleet.start(concurrency=10)
    fleet.enqueue(["sleep", 2], count=10)
    fleet.wait_noted("began", 10)
    fleet.wait_for_a_heartbeat()
    victim.signal(signal.SIGKILL)
    fleet.start(2, concurrency=10)
    fleet.wait_all_final()
    assert fleet.account() == {"completed": 10}
    for event_id in fleet.event_ids:
        assert fleet.outcomes(event_id) == ["engine_unresponsive", "completed"]


@pytest.mark.long
def test_poison_becomes_a_dead_letter_and_takes_nothing_with_it(fleet: Fleet) -> None:
    (poison,) = fleet.enqueue(["die", None], retry_policy={"retry_delay": {"initial": 0, "max": 0}}, priority=9)
    innocents = fleet.enqueue(["sleep", 0.02], count=30)
    deadline = time.monotonic() + 90
    engine = fleet.start(concurrency=5)
    while fleet.target.event(poison)["status"] != "failed":
        assert time.monotonic() < deadline
        if not engine.is_running:
            engine = fleet.start(concurrency=5)
        time.sleep(0.1)
    if not engine.is_running:
        fleet.start(concurrency=5)
    fleet.wait_all_final(60)
    assert fleet.target.event(poison)["dead_letter_reason"] == "lease_losses_exhausted"
    assert fleet.outcomes(poison) == ["engine_unresponsive"] * 3
    assert {fleet.target.event(event_id)["status"] for event_id in innocents} == {"completed"}


def test_an_event_that_failed_says_why_and_is_tried_again(fleet: Fleet) -> None:
    policy = {"retry_delay": {"initial": 0, "max": 0}, "max_retries": 1}
    (failing,) = fleet.enqueue(["fail", "no luck"], retry_policy=policy)
    (hopeless,) = fleet.enqueue(["not_retryable", "never"])
    fleet.start()
    fleet.wait_all_final()
    assert fleet.outcomes(failing) == ["failed", "failed"] and fleet.outcomes(hopeless) == ["failed"]
    error = fleet.target.event(failing)["error"]
    assert error["type"] == "Failing" and error["message"] == "no luck"
    details = error["details"]
    assert "Failing" in (details.get("traceback") or details["stack"])
    assert fleet.target.event(hopeless)["dead_letter_reason"] == "not_retryable"


def test_progress_reaches_the_next_attempt(fleet: Fleet) -> None:
    policy = {"retry_delay": {"initial": 0, "max": 0}, "max_retries": 1}
    (event_id,) = fleet.enqueue(["progress", {"lines": 3}], ["fail", "no luck"], retry_policy=policy)
    fleet.start()
    fleet.wait_all_final()
    assert [attempt["progress"] for attempt in fleet.target.attempts(event_id)] == [{"lines": 3}] * 2


@pytest.mark.parametrize("verb", [["hold", 1], ["release", 0], ["fail", "no luck"], ["retry_after", 0]])
def test_attempts_that_report_no_progress_hand_it_on(fleet: Fleet, verb: list[Any]) -> None:
    policy = {"retry_delay": {"initial": 0, "max": 0}}
    (event_id,) = fleet.enqueue(["progress_once", {"lines": 6}], ["twice", verb], retry_policy=policy)
    fleet.start()
    fleet.wait_all_final()
    attempts = fleet.target.attempts(event_id)
    assert len(attempts) >= 3
    assert [attempt["progress"] for attempt in attempts[1:]] == [{"lines": 6}] * (len(attempts) - 1)


def test_follow_ups_are_enqueued_with_the_completion(fleet: Fleet) -> None:
    follow_up = {"engine_type": fleet.queue, "event_type": "tried", "payload": {"result": "second"}}
    (first,) = fleet.enqueue(payload={"enqueue": [follow_up]})
    fleet.start()
    fleet.wait_all_final()
    (attempt,) = fleet.target.attempts(first)
    (made,) = attempt["enqueued"]
    fleet.wait_all_final(ids=[made["event_id"]])
    assert fleet.target.event(made["event_id"])["result"] == "second"
