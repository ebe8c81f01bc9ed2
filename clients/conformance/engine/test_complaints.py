"""What only a real server and real time can show of the complaints in `clients/python/tests/complaints`."""

import threading
import time
from collections.abc import Callable
from typing import Any

import pytest

from engine.fleet import Fleet
from engine.proxy import Proxy
from eventlease import Client, EventLeaseError
from eventlease.testing.real_server import RealServer
from wire.target import new_queue

FEW = 30


@pytest.mark.long
def test_what_a_busy_engine_cannot_begin_goes_to_another(fleet: Fleet) -> None:
    fleet.start(concurrency=1, prefetch=1)
    busy, waiting = fleet.enqueue(["sleep", 50]) + fleet.enqueue()
    fleet.wait_noted("began", event_id=busy)
    fleet.start(concurrency=1)
    fleet.wait_all_final(45, [waiting])
    assert fleet.target.event(busy)["status"] == "processing"
    assert set(fleet.outcomes(waiting)) <= {"released", "completed"}
    fleet.wait_all_final(60)


@pytest.mark.long
@pytest.mark.python
@pytest.mark.parametrize("how", ["wait", "wait_many", "wait_for_run"])
def test_those_who_wait_ask_seldom_while_the_server_stops(own_server: Callable[..., RealServer], how: str) -> None:
    """Waits are answered early then."""
    server = own_server()
    with Proxy(server.url) as proxy, Client(proxy.url, timeout_seconds=1) as client:
        event = client.enqueue(new_queue(), "tried", None, scenario_run_id="r")
        waits: dict[str, Callable[[], Any]] = {
            "wait": lambda: client.wait(event.event_id, 10),
            "wait_many": lambda: client.wait_many([event.event_id], 10),
            "wait_for_run": lambda: client.wait_for_run("r", 10),
        }

        def wait() -> None:
            try:
                waits[how]()
            except (TimeoutError, EventLeaseError):
                return

        thread = threading.Thread(target=wait)
        before = len(proxy.requests)
        thread.start()
        while len(proxy.requests) == before:
            time.sleep(0.01)
        server.terminate()
        client.close()
        thread.join()
        assert len(proxy.requests) - before <= FEW
