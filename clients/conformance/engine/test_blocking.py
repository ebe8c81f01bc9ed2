"""Handlers that block the loop or the interpreter, and processes that stand still. Scenarios 11, 12, 13."""

import signal

import pytest

from engine.fleet import Fleet, wait_until


@pytest.mark.parametrize("seconds", [8, pytest.param(60, marks=pytest.mark.long)])
def test_a_blocked_loop_loses_no_lease(fleet: Fleet, seconds: int) -> None:
    """Heartbeats go on, and leases that are shorter than that are renewed."""
    fleet.enqueue(["sleep_hard", seconds], event_type="tried.async")
    fleet.enqueue(["sleep", seconds - 1])
    engine = fleet.start(visibility_timeout_seconds=5)
    fleet.wait_all_final(2 * seconds + 30)  # where there is one loop, the second begins after the first
    assert fleet.account() == {"completed": 2}
    assert fleet.losses() == {}
    warnings = [line for line in engine.log.splitlines() if line.startswith("WARNING")]
    assert warnings, engine.log


def test_what_blocks_a_loop_is_named(fleet: Fleet) -> None:
    fleet.enqueue(["sleep_hard", 8], event_type="tried.async")
    engine = fleet.start()
    fleet.wait_all_final()
    assert "sleep_hard" in engine.log, engine.log


@pytest.mark.long
@pytest.mark.python  # elsewhere, threads have no lock in common
def test_code_that_holds_the_interpreter_is_noticed_and_its_result_tried(fleet: Fleet) -> None:
    engine = fleet.start(concurrency=2)
    (other,) = fleet.enqueue(["sleep", 60])
    fleet.wait_noted("began", 1)
    fleet.wait_for_a_heartbeat()
    (holding,) = fleet.enqueue(["sleep", 1.5], ["hold_interpreter", 10])
    fleet.wait_noted("returned", 1, event_id=holding)
    fleet.wait_noted("raised", 1, event_id=other, told="lease_lost")
    fleet.wait_all_final(ids=[holding])
    assert fleet.target.event(holding)["status"] == "completed"
    assert "engine_unresponsive" in fleet.outcomes(other) or fleet.target.event(other)["attempt"] > 1
    assert [line for line in engine.log.splitlines() if line.startswith("WARNING")]
    assert engine.is_running


def test_a_process_that_stood_still_overwrites_nothing(fleet: Fleet) -> None:
    stopped = fleet.start(concurrency=1)
    fleet.enqueue(["sleep", 1], ["sleep_hard", 3])
    fleet.wait_noted("began")
    fleet.wait_for_a_heartbeat()
    stopped.signal(signal.SIGSTOP)
    other = fleet.start(concurrency=1)
    wait_until(lambda: other.noted("began"))
    stopped.signal(signal.SIGCONT)
    fleet.wait_all_final()
    (event_id,) = fleet.event_ids
    assert fleet.outcomes(event_id) == ["engine_unresponsive", "completed"]
    wait_until(lambda: stopped.noted("raised", told="lease_lost") or stopped.noted("lost"))
    later, earlier = fleet.target.attempts(event_id)
    assert later["engine_id"] != earlier["engine_id"]
    assert stopped.is_running and other.is_running
