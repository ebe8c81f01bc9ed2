"""One real server for all scenarios; engines fall silent after three seconds, so that scenarios are short."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest

from engine.fleet import Fleet
from engine.proxy import Proxy
from eventlease.testing.real_server import RealServer, server
from wire.target import Target

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

FLAGS = ("--reaper-interval-ms", "200", "--recheck-interval-ms", "200", "--heartbeat-timeout-seconds", "3")


@pytest.fixture(scope="session")
def steady_server() -> Iterator[RealServer]:
    """A server that no test ends."""
    with server(*FLAGS) as running:
        yield running


@pytest.fixture
def own_server() -> Iterator[Callable[..., RealServer]]:
    """Starts a server of the test's own, with further flags."""
    from contextlib import ExitStack

    with ExitStack() as stack:
        yield lambda *flags: stack.enter_context(server(*FLAGS, *flags))


@pytest.fixture
def target(steady_server: RealServer) -> Target:
    return Target(steady_server.url, time.sleep, time.time)


@pytest.fixture
def new_fleet(tmp_path: Path) -> Iterator[Callable[..., Fleet]]:
    """Makes fleets, and ends their engines with the test."""
    fleets: list[Fleet] = []

    def make(of: Target, url: str | None = None) -> Fleet:
        folder = tmp_path / f"fleet-{len(fleets)}"
        folder.mkdir()
        fleets.append(Fleet(of, folder, url))
        return fleets[-1]

    yield make
    for fleet in fleets:
        fleet.end()


@pytest.fixture
def fleet(target: Target, new_fleet: Callable[..., Fleet]) -> Fleet:
    """Engines that speak to the server directly."""
    return new_fleet(target)


@pytest.fixture
def proxy(target: Target) -> Iterator[Proxy]:
    with Proxy(target.url) as running:
        yield running
