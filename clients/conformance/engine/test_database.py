"""PostgreSQL that is killed, stands still, or has no room left. Scenario 8."""

import signal
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from random import Random

import pytest

from engine.conftest import FLAGS
from engine.fleet import Fleet, wait_until
from engine.postgres import Host, host_on_small_disk
from engine.proxy import Proxy
from engine.test_outages import target_of
from eventlease.testing.real_server import RealServer

pytestmark = pytest.mark.long

NewFleet = Callable[..., Fleet]
NewServer = Callable[..., RealServer]


def check_nothing_was_lost(fleet: Fleet) -> None:
    """All events are completed at their first attempt, and no engine was taken for dead or ended."""
    fleet.wait_all_final(180)
    assert fleet.account() == {"completed": len(fleet.event_ids)}
    # An outage counts against nobody.
    assert fleet.losses() == {}
    assert all(engine.is_running for engine in fleet.engines)


def test_a_killed_postgresql_costs_nothing(own_server: NewServer, new_fleet: NewFleet) -> None:
    host = Host(own_server())
    fleet = new_fleet(target_of(own_server("--database-url", host.server.database_url)))
    fleet.enqueue(["sleep", 0.1], count=450)
    fleet.start(3, concurrency=5, prefetch=5)
    fleet.wait_noted("returned", 20)
    for _ in range(3):
        host.kill()
        began = len(fleet.noted("began"))
        wait_until(lambda: len(fleet.noted("began")) > began + 30)  # noqa: B023
    check_nothing_was_lost(fleet)


@pytest.mark.parametrize("seconds", [8, 20])
def test_a_postgresql_that_stands_still_costs_nothing(
    own_server: NewServer, new_fleet: NewFleet, seconds: float
) -> None:
    host = Host(own_server())
    fleet = new_fleet(target_of(own_server("--database-url", host.server.database_url)))
    fleet.enqueue(["sleep", 0.1], count=300)
    fleet.start(3, concurrency=5, prefetch=5)
    fleet.wait_noted("returned", 20)
    host.signal(signal.SIGSTOP)
    time.sleep(seconds)
    host.signal(signal.SIGCONT)
    check_nothing_was_lost(fleet)


@pytest.fixture
def small_disk() -> Iterator[Host]:
    with ExitStack() as stack:
        try:
            host = stack.enter_context(host_on_small_disk(FLAGS, 600))
        except PermissionError as error:
            pytest.skip(f"a file system of its own needs root: {error}")
        yield host


def test_a_full_disk_costs_nothing(small_disk: Host, own_server: NewServer, new_fleet: NewFleet) -> None:
    server = own_server("--database-url", small_disk.server.database_url)
    random = Random(1)
    with Proxy(server.url) as proxy:
        fleet = new_fleet(target_of(server), proxy.url)
        # Results that cannot be compressed, so that each needs room.
        for _ in range(60):
            fleet.enqueue(["sleep", 0.5], payload={"result": random.randbytes(20_000).hex()})
        fleet.start(3, concurrency=5, prefetch=5)
        fleet.wait_noted("returned", 5)
        small_disk.fill_disk()
        wait_until(lambda: any(request.status >= 500 for request in list(proxy.requests)))
        time.sleep(6)  # twice the heartbeat timeout
        small_disk.clear_disk()
        check_nothing_was_lost(fleet)
