"""Processes that a program has beside its engine: forked, spawned, and those of a pool that a handler uses."""

import copy
import os
import pickle
import signal
import subprocess
import sys
import time
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import pytest
from working import PATIENCE_SECONDS, QUEUE

from eventlease import (
    AlreadySettled,
    BufferFull,
    Client,
    ConfigurationError,
    Conflict,
    EngineRefused,
    EventCancelled,
    EventFailed,
    EventLeaseError,
    Forbidden,
    HandlerInterrupted,
    Hold,
    InvalidInput,
    LeaseLost,
    LeaseUncertain,
    NotEventLease,
    NotFound,
    NotRetryable,
    ProblemError,
    Release,
    RetryAfter,
    Unauthenticated,
    Unavailable,
)
from eventlease.misfits import PayloadInvalid
from eventlease.testing import FakeServer

SOURCE = Path(__file__).parents[2] / "src"
PROBLEM = {"code": "lease_lost", "detail": "too late", "errors": [{"pointer": "/x", "detail": "wrong"}]}
ENDED = {"event_id": "0198c0de-0000-7000-8000-000000000000", "error_type": "ValueError", "error_message": "broken"}


class Refused(NotRetryable):
    """As authors derive their own."""

    def __init__(self, npc: str, *, lines: int) -> None:
        super().__init__(f"{npc} says nothing")
        self.lines = lines


@pytest.mark.parametrize(
    "error",
    [
        *(
            kind(PROBLEM, 409, "request 1")
            for kind in (
                *(ProblemError, InvalidInput, Unauthenticated, Forbidden, NotFound, Conflict, LeaseLost),
                AlreadySettled,
            )
        ),
        *(kind(ENDED) for kind in (EventFailed, EventCancelled)),
        *(kind("a message") for kind in (EventLeaseError, NotEventLease, BufferFull, ConfigurationError)),
        Unavailable("no answer", is_unknown=True, status=503, code="internal", request_id="1"),
        EngineRefused("a message"),
        NotRetryable("never", details={"a": 1}, fingerprint="same"),
        HandlerInterrupted("timeout"),
        RetryAfter(9, "later", details=[1]),
        Release(3, "not now", code="busy"),
        Hold(60, "429"),
        LeaseUncertain(),
        PayloadInvalid([{"pointer": "/npc", "detail": "is missing"}]),
        Refused("Mira", lines=2),
    ],
    ids=lambda error: type(error).__name__,
)
def test_errors_come_through_from_another_process(error: BaseException) -> None:
    """What cannot be read again ends a whole pool of processes."""
    pickled = [pickle.dumps(error, protocol) for protocol in range(pickle.HIGHEST_PROTOCOL + 1)]
    for other in (*map(pickle.loads, pickled), copy.copy(error)):
        assert type(other) is type(error)
        assert (str(other), vars(other)) == (str(error), vars(error))


@contextmanager
def program(tmp_path: Path, text: str, url: str) -> Generator[subprocess.Popen[str]]:
    """A program of its own; it and its children are ended with the block."""
    file = tmp_path / "program.py"
    file.write_text(text)
    process = subprocess.Popen(
        [sys.executable, "-W", "ignore::DeprecationWarning", str(file)],
        env={"PYTHONPATH": str(SOURCE), "EVENTLEASE_URL": url},
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        start_new_session=True,
    )  # fmt: skip
    try:
        yield process
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
        process.communicate()


def registrations(server: FakeServer) -> int:
    return sum(name == "register" for name, _ in list(server.requests))


FORKING = """
import os, sys
from eventlease import Engine

engine = Engine("dialogue", heartbeat_timeout_seconds=3)

@engine.on("x")
def handle(event):
    return os.getpid()

engine.start()
while engine.stats().polls == 0 and engine.stats().heartbeats == 0:
    pass
{forget}
child = os.fork()
if child == 0:
    sys.exit(0)  # with all farewells of the interpreter
os.waitpid(child, 0)
print("the child has ended", flush=True)
sys.stdin.readline()
{end}
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
@pytest.mark.parametrize(("forget", "end"), [("", "engine.stop()"), ("del engine", "")])
def test_a_child_of_a_fork_that_ends_leaves_the_engine_registered(
    server: FakeServer, url: str, tmp_path: Path, forget: str, end: str
) -> None:
    """Also where the parent keeps only the engine's threads."""
    with program(tmp_path, FORKING.format(forget=forget, end=end), url) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "the child has ended\n"
        assert "deregister" not in [name for name, _ in server.requests]
        process.communicate("\n", timeout=PATIENCE_SECONDS)
        assert process.returncode == 0
    assert "deregister" in [name for name, _ in server.requests]


POOLING = """
import multiprocessing
from concurrent.futures import ProcessPoolExecutor
from eventlease import Engine, Event

def square(number: int) -> int:
    return number * number

engine = Engine("dialogue", heartbeat_timeout_seconds=3, drain_seconds=5)

@engine.on("x")
def handle(event: Event) -> int:
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as pool:
        return pool.submit(square, event.payload).result()

{run}
"""
RUN = "engine.run()"
SERVE = "import asyncio; asyncio.run(engine.serve())"
GUARDED = 'if __name__ == "__main__":\n    engine.run()'


@pytest.mark.parametrize(
    "run",
    [
        pytest.param(GUARDED, id="guarded"),
        pytest.param(RUN, id="without a guard"),
        pytest.param(SERVE, id="without a guard, on a loop"),
    ],
)
def test_a_child_that_imports_the_program_is_no_second_engine(
    server: FakeServer, url: str, tmp_path: Path, run: str
) -> None:
    """The child of an unguarded program ends, and says what to write."""
    with program(tmp_path, POOLING.format(run=run), url) as process, Client(url) as client:
        event_id = client.enqueue(QUEUE, "x", 7, retry_policy={"max_retries": 0}).event_id
        deadline = time.monotonic() + PATIENCE_SECONDS
        while server.event(event_id)["status"] != "completed" and registrations(server) < 2:
            assert time.monotonic() < deadline
            assert process.poll() is None
            if server.event(event_id)["status"] == "failed":
                break
            time.sleep(0.05)
        assert registrations(server) == 1
        if run == GUARDED:
            assert server.event(event_id)["result"] == 49
        else:
            os.killpg(process.pid, signal.SIGKILL)
            assert 'below `if __name__ == "__main__":`' in process.communicate()[0]


RAISING = """
import multiprocessing
from concurrent.futures import ProcessPoolExecutor
from eventlease import Engine, Event, Hold

def refuse() -> None:
    raise Hold(60, "the provider refuses calls")

def main() -> None:
    engine = Engine("dialogue", heartbeat_timeout_seconds=3)
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as pool:

        @engine.on("x")
        def handle(event: Event) -> None:
            pool.submit(refuse).result(30)

        engine.run()

if __name__ == "__main__":
    main()
"""


def test_a_handler_may_hold_from_a_process_of_its_pool(url: str, tmp_path: Path) -> None:
    with program(tmp_path, RAISING, url), Client(url) as client:
        event_id = client.enqueue(QUEUE, "x", None).event_id
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not client.call("GET", f"/events/{event_id}/attempts")["items"]:
            assert time.monotonic() < deadline
            time.sleep(0.05)
        (attempt,) = client.call("GET", f"/events/{event_id}/attempts")["items"]
        assert (attempt["outcome"], attempt["code"]) == ("released", "hold")


BARE = """
import asyncio, os, signal, sys

for name in ("fork", "register_at_fork"):
    delattr(os, name)

def add_signal_handler(*_):
    raise NotImplementedError

asyncio.BaseEventLoop.add_signal_handler = add_signal_handler
asyncio.unix_events._UnixSelectorEventLoop.add_signal_handler = add_signal_handler
from eventlease import Client, Engine

heavy = {"httpx", "aiohttp", "requests", "pydantic", "msgspec", "orjson", "opentelemetry", "grpc", "typing_extensions"}
assert not heavy & set(sys.modules), heavy & set(sys.modules)
signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's job in the background ignores it
engine = Engine("dialogue", heartbeat_timeout_seconds=3)

@engine.on("x")
async def handle(event):
    await asyncio.sleep(0)
    signal.raise_signal(signal.SIGINT)
    return "done"

engine.run()
print("in order")
"""


def test_an_engine_needs_no_forks_and_no_signals_of_a_loop(server: FakeServer, url: str, tmp_path: Path) -> None:
    """As on Windows; nor does it import anything that slows its start."""
    with program(tmp_path, BARE, url) as process, Client(url) as client:
        event_id = client.enqueue(QUEUE, "x", None).event_id
        out, _ = process.communicate(timeout=PATIENCE_SECONDS)
    assert (process.returncode, out) == (0, "in order\n")
    assert server.event(event_id)["result"] == "done"
