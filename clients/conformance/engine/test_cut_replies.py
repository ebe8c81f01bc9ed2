"""Replies that are cut, late or refused under way. Scenarios 9, 10, 22."""

import itertools
import time
from collections import Counter
from collections.abc import Callable

import pytest

from engine.fleet import Fleet, wait_until
from engine.proxy import Proxy, ReplyFault, Request
from eventlease.testing.real_server import RealServer
from wire.target import Target

NewFleet = Callable[..., Fleet]


def cutting_every(nth: int, step: int) -> Callable[[Request], ReplyFault]:
    """Cuts every nth reply of each operation, a little later each time: after 0 to 400 bytes."""
    lengths = itertools.cycle(range(0, 401, step))
    numbers: Counter[str] = Counter()

    def fault(request: Request) -> ReplyFault:
        numbers[request.operation] += 1
        is_cut = numbers[request.operation] % nth == 1
        return ReplyFault(cut_after=next(lengths)) if is_cut else ReplyFault()

    return fault


@pytest.mark.parametrize(("count", "step"), [(40, 29), pytest.param(400, 1, marks=pytest.mark.long)])
def test_replies_cut_at_every_length_lose_nothing(
    target: Target, new_fleet: NewFleet, proxy: Proxy, count: int, step: int
) -> None:
    fleet = new_fleet(target, proxy.url)
    proxy.fault = cutting_every(2, step)
    fleet.enqueue(["sleep", 0.01], count=count)
    engine = fleet.start(concurrency=4, heartbeat_timeout_seconds=9)
    fleet.wait_all_final(600)
    # One by one they end while the poll for the next waits, so that they are settled by a call of their own.
    for _ in range(3):
        fleet.enqueue(["sleep", 0.2])
        fleet.wait_all_final(60)
    engine.signal(15)
    assert engine.wait() == 0
    assert fleet.account() == {"completed": count + 3}
    # No lease was left behind in a reply that nobody read.
    assert fleet.losses("released") == {}
    cut = Counter(request.operation for request in proxy.requests)
    assert {"register", "lease", "settle", "heartbeat", "leave"} <= cut.keys(), cut
    assert engine.errors == []


def test_late_replies_to_heartbeats_harm_nothing(target: Target, new_fleet: NewFleet, proxy: Proxy) -> None:
    fleet = new_fleet(target, proxy.url)
    proxy.fault = lambda request: ReplyFault(late_by=4 if request.operation == "heartbeat" else 0)
    fleet.enqueue(["sleep", 12], count=3)
    fleet.start(concurrency=3, heartbeat_timeout_seconds=9)
    fleet.wait_all_final()
    assert fleet.account() == {"completed": 3}
    assert fleet.losses() == {}


@pytest.mark.long
def test_all_replies_late_by_25_seconds(target: Target, new_fleet: NewFleet, proxy: Proxy) -> None:
    fleet = new_fleet(target, proxy.url)
    proxy.fault = lambda _: ReplyFault(late_by=25)
    fleet.enqueue(count=6)
    fleet.start(concurrency=3, heartbeat_timeout_seconds=120)
    fleet.wait_all_final(400)
    assert fleet.account() == {"completed": 6}
    assert fleet.losses() == {}


def test_a_cancel_whose_replies_are_cut_is_told_with_the_first_that_arrives(
    target: Target, new_fleet: NewFleet, proxy: Proxy
) -> None:
    fleet = new_fleet(target, proxy.url)
    (event_id,) = fleet.enqueue(["sleep", 60])
    fleet.start(concurrency=2)
    fleet.wait_noted("began")
    proxy.fault = lambda request: ReplyFault(cut_after=0) if request.operation == "heartbeat" else ReplyFault()
    before = proxy.count("heartbeat")
    assert target.call("POST", f"/events/{event_id}/cancel").status == 202
    wait_until(lambda: proxy.count("heartbeat") >= before + 5)
    assert fleet.noted("raised") == []
    proxy.fault = lambda _: ReplyFault()
    fleet.wait_all_final()
    assert fleet.noted("raised", told="cancel_requested")
    assert target.event(event_id)["status"] == "cancelled"


@pytest.mark.long
def test_a_cancel_that_never_arrives_lets_the_handler_finish(target: Target, new_fleet: NewFleet, proxy: Proxy) -> None:
    fleet = new_fleet(target, proxy.url)
    (event_id,) = fleet.enqueue(["sleep", 8])
    engine = fleet.start(concurrency=2)
    fleet.wait_noted("began")
    proxy.fault = lambda request: ReplyFault(cut_after=0) if request.operation == "heartbeat" else ReplyFault()
    before, began = proxy.count("heartbeat"), time.monotonic()
    target.call("POST", f"/events/{event_id}/cancel")
    fleet.wait_all_final()
    assert target.event(event_id)["status"] == "completed" and engine.is_running
    # Beats are repeated with pauses.
    assert (proxy.count("heartbeat") - before) / (time.monotonic() - began) < 5


@pytest.mark.long
@pytest.mark.parametrize("limit", [("--max-parked-requests", "1"), ("--max-client-connections", "20")])
def test_a_full_server_is_asked_no_more_often_than_it_says(
    own_server: Callable[..., RealServer], new_fleet: NewFleet, limit: tuple[str, str]
) -> None:
    server = own_server(*limit)
    target = Target(server.url, time.sleep, time.time)
    with Proxy(server.url) as proxy:
        fleet = new_fleet(target, proxy.url)
        fleet.enqueue(count=20)
        # Each has a poll and a heartbeat that wait: more than may be there.
        engines = 12
        fleet.start(engines)
        wait_until(lambda: any(request.status == 429 for request in list(proxy.requests)))
        before, began = Counter(request.operation for request in list(proxy.requests)), time.monotonic()
        time.sleep(8)
        after, seconds = Counter(request.operation for request in list(proxy.requests)), time.monotonic() - began
        for operation in ("lease", "heartbeat", "register"):
            per_engine = (after[operation] - before[operation]) / seconds / engines
            assert per_engine < 2.5, (operation, per_engine)
        assert all(engine.is_running for engine in fleet.engines)
        fleet.wait_noted("settled", 20)
    # The proxy's connections are gone, and there is room for questions.
    fleet.wait_all_final()
    assert fleet.account() == {"completed": 20}
