"""Runs every case against the real server, which is right by definition, and against `FakeServer`, which has to agree.

Cases that need time to pass use `pass_time`: it waits for the real server and moves the clock of the fake one.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest

from eventlease.testing.fake_server import FakeServer
from eventlease.testing.real_server import server
from wire.target import Target

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

KINDS = ["real", "fake"]
ADMIN = "el_" + "a" * 64


@pytest.fixture(scope="session", params=KINDS)
def target(request: pytest.FixtureRequest) -> Iterator[Target]:
    """A server without authentication."""
    if request.param == "real":
        # Leases end within a tenth of a second of their time, as in the fake.
        with server("--reaper-interval-ms", "100", "--recheck-interval-ms", "100") as running:
            yield Target(running.url, time.sleep, time.time)
    else:
        with FakeServer() as fake, fake.over_http() as url:
            yield Target(url, fake.advance, fake.state.now)


@pytest.fixture(scope="session", params=KINDS)
def admin(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Target]:
    """A server with authentication, spoken to with an admin's token."""
    if request.param == "real":
        token: Path = tmp_path_factory.mktemp("admin") / "token"
        token.write_text(ADMIN)
        token.chmod(0o600)
        with server("--auth", "required", "--admin-token-from-file", str(token)) as running:
            yield Target(running.url, time.sleep, time.time, ADMIN)
    else:
        with FakeServer(admin_token=ADMIN) as fake, fake.over_http() as url:
            yield Target(url, fake.advance, fake.state.now, ADMIN)
