"""Servers that die, stop or never were there. Scenarios 6, 14, 23, 27."""

import http.server
import random
import threading
import time
from collections.abc import Callable
from itertools import pairwise

import pytest

from engine.fleet import Fleet, wait_until
from engine.proxy import Proxy
from eventlease.testing.real_server import RealServer
from wire.target import Target

NewFleet = Callable[..., Fleet]
NewServer = Callable[..., RealServer]


def target_of(server: RealServer) -> Target:
    return Target(server.url, time.sleep, time.time)


@pytest.mark.parametrize("kills", [3, pytest.param(10, marks=pytest.mark.long)])
def test_a_server_that_is_killed_again_and_again(kills: int, own_server: NewServer, new_fleet: NewFleet) -> None:
    server = own_server()
    fleet = new_fleet(target_of(server))
    fleet.enqueue(["sleep", 0.1], count=kills * 150)
    fleet.start(3, concurrency=5, prefetch=5)
    fleet.wait_noted("returned", 20)
    for _ in range(kills):
        server.kill()
        time.sleep(random.uniform(1, 2 if kills < 5 else 8))
        server.start()
        began = len(fleet.noted("began"))
        wait_until(lambda: len(fleet.noted("began")) > began, 20)  # noqa: B023
        wait_until(lambda: len(fleet.noted("began")) > began + 30, 30)  # noqa: B023
    fleet.wait_all_final(120)
    assert all(engine.is_running for engine in fleet.engines)
    counts = fleet.account()
    assert counts == {"completed": kills * 150}
    # An outage counts against nobody.
    assert fleet.losses() == {}


def test_results_are_kept_while_the_server_cannot_be_reached(target: Target, new_fleet: NewFleet, proxy: Proxy) -> None:
    fleet = new_fleet(target, proxy.url)
    fleet.enqueue(["sleep", 1], count=5)
    fleet.start(concurrency=5)
    fleet.wait_noted("began", 5)
    wait_until(lambda: proxy.count("heartbeat") > 0)
    proxy.refuse()
    fleet.wait_noted("returned", 5)
    # The server takes the engine for dead; nobody else leases its events.
    wait_until(lambda: {fleet.target.event(event_id)["lease_losses"] for event_id in fleet.event_ids} == {1})
    proxy.accept()
    fleet.wait_all_final()
    assert fleet.account() == {"completed": 5}
    # Also an event that is leased again before its result arrives is not worked on again.
    assert len(fleet.noted("began")) == 5
    assert fleet.noted("lost") == []


@pytest.mark.long
def test_two_minutes_without_a_server(target: Target, new_fleet: NewFleet, proxy: Proxy) -> None:
    fleet = new_fleet(target, proxy.url)
    fleet.enqueue(["sleep", 60], count=5)
    engine = fleet.start(concurrency=5, heartbeat_timeout_seconds=200)
    fleet.wait_noted("began", 5)
    proxy.refuse()
    time.sleep(120)
    proxy.accept()
    fleet.wait_all_final()
    assert fleet.account() == {"completed": 5} and engine.is_running
    assert fleet.losses() == {}


def test_a_server_that_closes_idle_connections(own_server: NewServer, new_fleet: NewFleet) -> None:
    fleet = new_fleet(target_of(own_server("--idle-timeout-seconds", "2")))
    engine = fleet.start(concurrency=1)
    for number in range(3):
        fleet.enqueue()
        fleet.wait_all_final()
        time.sleep(3 if number < 2 else 0)
    assert fleet.account() == {"completed": 3}
    assert [line for line in engine.log.splitlines() if line.startswith(("WARNING", "ERROR"))] == []


@pytest.mark.parametrize("seconds", [2, pytest.param(35, marks=pytest.mark.long)])
def test_an_engine_that_starts_before_its_server_waits(
    target: Target, new_fleet: NewFleet, proxy: Proxy, seconds: float
) -> None:
    fleet = new_fleet(target, proxy.url)
    fleet.enqueue()
    proxy.refuse()
    engine = fleet.start()
    fleet.wait_noted("started")
    time.sleep(seconds)
    assert engine.is_running and fleet.noted("began") == []
    proxy.accept()
    fleet.wait_all_final()
    assert fleet.account() == {"completed": 1}


class OtherService(http.server.BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        body = b"<html>hello</html>"
        self.send_response(200)
        self.send_header("content-type", "text/html")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


def test_a_service_of_another_kind_is_refused_at_the_start(fleet: Fleet) -> None:
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), OtherService) as other:
        threading.Thread(target=other.serve_forever, args=(0.05,), daemon=True).start()
        engine = fleet.start(url=f"http://127.0.0.1:{other.server_address[1]}")
        assert engine.wait() == 2
        assert "not from an EventLease" in engine.log and "text/html" in engine.log
        other.shutdown()


@pytest.mark.long
def test_engines_go_over_to_another_replica(
    own_server: NewServer, new_fleet: NewFleet, record_property: Callable[[str, object], None]
) -> None:
    first = own_server()
    replicas = [own_server("--database-url", first.database_url) for _ in range(2)]
    fleet = new_fleet(target_of(first))
    fleet.enqueue(["sleep", 0.1], count=1200)
    fleet.start(2, url=[replica.url for replica in replicas], concurrency=5, heartbeat_timeout_seconds=9)
    fleet.wait_noted("returned", 10)
    for number, replica in enumerate([*replicas, *replicas]):
        if number < 2:
            replica.terminate()
        else:
            replica.kill()
        stopped = len(fleet.noted("began"))
        wait_until(lambda: len(fleet.noted("began")) > stopped + 20, 20)  # noqa: B023
        replica.start()
    fleet.wait_all_final(120)
    assert fleet.account() == {"completed": 1200}
    assert fleet.losses() == {}
    assert all(engine.is_running for engine in fleet.engines)
    gap = longest_gap(fleet)
    record_property("longest time without a new handler, in s (goal 3)", round(gap, 1))
    assert gap < 8


def longest_gap(fleet: Fleet) -> float:
    """The longest time in which no handler began, while there was work."""
    times: list[float] = sorted(line["at"] for line in fleet.noted("began"))
    return max(later - earlier for earlier, later in pairwise(times))
