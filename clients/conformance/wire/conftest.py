"""Runs every case against the real server, which is right by definition, and against `FakeServer`, which has to agree.

Cases that need time to pass use `pass_time`: it waits for the real server and moves the clock of the fake one.

EVENTLEASE_FAKE names the program of a fake server in another language. Its argument is the admin's token, if there is
one. It prints its URL; for each line of its input, a number of seconds, it moves its clock by as much and prints its
time; and it ends with its input.
"""

from __future__ import annotations

import os
import shlex
import subprocess
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from eventlease.testing.fake_server import FakeServer
from eventlease.testing.real_server import server
from wire.target import Target

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator
    from pathlib import Path

KINDS = ["real", "fake"]
ADMIN = "el_" + "a" * 64


@contextmanager
def fake_target(token: str | None = None) -> Generator[Target]:
    """Python's fake server, or the one of EVENTLEASE_FAKE."""
    if "EVENTLEASE_FAKE" not in os.environ:
        with FakeServer(admin_token=token) as fake, fake.over_http() as url:
            yield Target(url, fake.advance, fake.state.now, token)
        return
    command = [*shlex.split(os.environ["EVENTLEASE_FAKE"]), *filter(None, [token])]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as program:
        assert program.stdin is not None and program.stdout is not None
        asked, answers = program.stdin, program.stdout

        def advance(seconds: float) -> float:
            print(seconds, file=asked, flush=True)
            return float(answers.readline())

        yield Target(answers.readline().strip(), advance, lambda: advance(0), token)
        asked.close()
        assert program.wait(10) == 0


@pytest.fixture(scope="session", params=KINDS)
def target(request: pytest.FixtureRequest) -> Iterator[Target]:
    """A server without authentication."""
    if request.param == "real":
        # Leases end within a tenth of a second of their time, as in the fake.
        with server("--reaper-interval-ms", "100", "--recheck-interval-ms", "100") as running:
            yield Target(running.url, time.sleep, time.time)
    else:
        with fake_target() as fake:
            yield fake


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
        with fake_target(ADMIN) as fake:
            yield fake
