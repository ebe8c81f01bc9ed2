"""Results that are too large, too deep, no JSON, or unusual. Scenario 21."""

import time
from collections.abc import Callable

import pytest

from engine.fleet import Fleet
from eventlease.testing.real_server import RealServer
from wire.target import Target


@pytest.mark.parametrize("event_type", ["tried", "tried.async"])
def test_results_that_cannot_be_taken_are_dead_letters(fleet: Fleet, event_type: str) -> None:
    large, deep, nan, fine = (
        fleet.enqueue(event_type=event_type, payload=payload)[0]
        for payload in (
            {"returns": "bytes", "size": 300_000},
            {"returns": "deep", "size": 70},
            {"returns": "nan"},
            {"result": 1},
        )
    )
    fleet.start(concurrency=4)
    fleet.wait_all_final()
    kinds = {event_id: fleet.target.event(event_id)["error_type"] for event_id in (large, deep, nan)}
    assert kinds == {large: "ResultRefused", deep: "ResultRefused", nan: "ResultNotJson"}
    for event_id in (large, deep, nan):
        assert fleet.target.event(event_id)["dead_letter_reason"] == "not_retryable"
    assert fleet.target.event(fine)["result"] == 1


# JavaScript has no such whole numbers.
LARGE_NUMBER = pytest.param(2**70, marks=pytest.mark.python)


@pytest.mark.parametrize("result", [LARGE_NUMBER, "\u0000", "é…\U0001f600", -0.0, [], {}, "", False])
def test_unusual_results_arrive_as_they_are(fleet: Fleet, result: object) -> None:
    (event_id,) = fleet.enqueue(payload={"result": result})
    fleet.start()
    fleet.wait_all_final()
    assert fleet.target.event(event_id)["result"] == result


def test_text_that_is_not_well_formed_is_made_so(fleet: Fleet) -> None:
    (event_id,) = fleet.enqueue(payload={"returns": "surrogate"})
    fleet.start()
    fleet.wait_all_final()
    assert fleet.target.event(event_id)["result"] == "\ufffd"


def test_a_large_batch_of_large_results_is_settled(fleet: Fleet) -> None:
    fleet.enqueue(payload={"returns": "bytes", "size": 200_000}, count=100)
    fleet.start(concurrency=1, prefetch=99)
    fleet.wait_all_final()
    assert fleet.account() == {"completed": 100}


def test_progress_that_the_server_refuses_harms_no_other_lease(
    own_server: Callable[..., RealServer], new_fleet: Callable[..., Fleet]
) -> None:
    server = own_server("--max-json-depth", "8")
    fleet = new_fleet(Target(server.url, time.sleep, time.time))
    engine = fleet.start(concurrency=4)
    fleet.enqueue(["progress_deep", 9], ["sleep", 5])
    others = fleet.enqueue(["sleep", 5], count=2)
    fleet.wait_all_final(ids=others)
    assert fleet.losses() == {} and engine.is_running
    assert len(fleet.noted("returned")) >= 2
