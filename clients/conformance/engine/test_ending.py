"""Signals, drains and deadlines. Scenarios 3, 4, 5, 28."""

import signal
import socket
import threading
import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest

from engine.fleet import Fleet
from engine.proxy import Proxy, ReplyFault
from eventlease import Engine, Event
from wire.target import Target

NewFleet = Callable[..., Fleet]


def test_a_signal_under_load_loses_nothing(fleet: Fleet) -> None:
    fleet.enqueue(["sleep", 0.05], count=600)
    engine = fleet.start(concurrency=5, prefetch=20)
    fleet.wait_noted("returned", 20)
    engine.signal(signal.SIGTERM)
    assert engine.wait() == 0
    assert fleet.registered() == [] and engine.errors == []
    outcomes = Counter(outcome for _, by_number in fleet.recorded() for outcome in by_number.values())
    assert set(outcomes) <= {"completed", "released"}, outcomes
    assert outcomes["completed"] == len(fleet.noted("returned"))
    fleet.start(concurrency=20)
    fleet.wait_all_final()
    assert fleet.account() == {"completed": 600}


def test_a_handler_longer_than_the_drain_is_released(fleet: Fleet) -> None:
    (event_id,) = fleet.enqueue(["sleep_hard", 60])
    engine = fleet.start(drain_seconds=3, grace_seconds=1)
    fleet.wait_noted("began")
    engine.signal(signal.SIGTERM)
    assert engine.wait(30) == 1
    assert fleet.outcomes(event_id) == ["released"]
    assert fleet.target.event(event_id)["status"] == "queued"


def test_a_handler_that_heeds_the_end_is_released_in_order(fleet: Fleet) -> None:
    ids = fleet.enqueue(["sleep", 60]) + fleet.enqueue(["sleep", 60], event_type="tried.async")
    engine = fleet.start(drain_seconds=3, grace_seconds=2)
    fleet.wait_noted("began", 2)
    engine.signal(signal.SIGTERM)
    assert engine.wait() in (0, 1)
    assert {line["told"] for line in fleet.noted("raised")} == {"stopping"}
    for event_id in ids:
        assert fleet.outcomes(event_id) == ["released"]


def test_a_second_signal_cuts_off(fleet: Fleet) -> None:
    (event_id,) = fleet.enqueue(["sleep_hard", 60])
    engine = fleet.start(drain_seconds=60)
    fleet.wait_noted("began")
    engine.signal(signal.SIGTERM)
    time.sleep(0.5)  # two signals of one kind at once are one
    engine.signal(signal.SIGTERM)
    assert engine.wait(30) == 1
    assert fleet.outcomes(event_id) == ["released"]


def test_a_third_signal_ends_the_process_at_once(target: Target, new_fleet: NewFleet, proxy: Proxy) -> None:
    fleet = new_fleet(target, proxy.url)
    fleet.enqueue(["sleep_hard", 60])
    engine = fleet.start(drain_seconds=60)
    fleet.wait_noted("began")
    # Nothing that the engine says in the end is answered in time.
    proxy.fault = lambda request: ReplyFault(late_by=60 if request.operation in ("settle", "leave", "drain") else 0)
    for _ in range(3):
        engine.signal(signal.SIGINT)
        time.sleep(0.7)
    assert engine.wait(30) != 0


def test_a_waiting_poll_is_ended_by_the_drain(fleet: Fleet) -> None:
    engine = fleet.start()
    fleet.enqueue()
    fleet.wait_all_final()
    engine.signal(signal.SIGTERM)
    assert engine.wait(15) == 0  # the poll would wait for 20 s


@pytest.mark.python
@pytest.mark.parametrize("kind", ["def", "async def"])
def test_nothing_is_left_of_a_stopped_engine(fleet: Fleet, kind: str) -> None:
    engine = Engine(fleet.queue, url=fleet.target.url, heartbeat_timeout_seconds=3, health_port=0)
    done = threading.Event()

    if kind == "def":

        @engine.on("tried")
        def work(_: Event) -> None:
            done.set()
    else:

        @engine.on("tried")
        async def work_async(_: Event) -> None:
            done.set()

    assert fleet.registered() == []
    threads, sockets = set(threading.enumerate()), open_sockets()
    for _ in range(3):
        done.clear()
        engine.start()
        fleet.enqueue()
        assert done.wait(20)
        engine.stop()
        left = set(threading.enumerate()) - threads
        assert not left, left
        assert open_sockets() <= sockets  # those of a loop of another test may have been closed meanwhile
    fleet.wait_all_final()
    assert fleet.registered() == []


def open_sockets(pid: int | str = "self") -> int:
    """How many sockets a process has open, by default this one."""
    count = 0
    for entry in Path(f"/proc/{pid}/fd").iterdir():
        with suppress(FileNotFoundError):  # the one through which the folder is read
            count += str(entry.readlink()).startswith("socket:")
    return count


def test_a_socket_is_counted() -> None:
    before = open_sockets()
    with socket.socket():
        assert open_sockets() == before + 1
    assert open_sockets() == before
