"""`run`, in processes of their own: signals, exit statuses, and several engines."""

import signal
import subprocess
import sys
from pathlib import Path

import pytest
from working import PATIENCE_SECONDS, QUEUE, until

from eventlease import Client
from eventlease.testing import FakeServer

PROGRAM = """
import asyncio, signal, sys, time
from eventlease import Engine, run

signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's job in the background ignores it
engines = []
for name in sys.argv[2].split(","):
    drain = float(sys.argv[3])
    engine = Engine(name, url=sys.argv[1], heartbeat_timeout_seconds=3, drain_seconds=drain, grace_seconds=0)

    @engine.on("sync")
    def handle(event):
        print("begun", flush=True)
        while True:
            time.sleep(event.payload or 0.01)
            if not event.payload:
                return

    if "async" in sys.argv:
        @engine.on("async")
        async def handle_on_loop(event):
            print("begun", flush=True)
            await asyncio.sleep(3600)

    engines.append(engine)
run(*engines)
print("in order")
"""


def start(url: str, *arguments: str, engines: str = QUEUE, drain_seconds: float = 30) -> subprocess.Popen[str]:
    """A process with engines."""
    source = Path(__file__).parents[1] / "src"
    command = [sys.executable, "-c", PROGRAM, url, engines, str(drain_seconds), *arguments]
    return subprocess.Popen(
        command, env={"PYTHONPATH": str(source)}, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


def begun(process: subprocess.Popen[str], url: str, event_type: str) -> str:
    """An event whose handler runs, and does not end by itself."""
    with Client(url) as client:
        event_id = client.enqueue(QUEUE, event_type, 3600).event_id
    assert process.stdout is not None
    assert process.stdout.readline() == "begun\n"
    return event_id


@pytest.mark.parametrize("kind", ["sync", "async"])
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_in_order(server: FakeServer, url: str, kind: str, number: signal.Signals) -> None:
    process = start(url, kind)
    until(lambda: server.state.engines)
    process.send_signal(number)
    out, errors = process.communicate(timeout=PATIENCE_SECONDS)
    assert (process.returncode, out, errors) == (0, "in order\n", "")
    assert not server.state.engines


@pytest.mark.parametrize("kind", ["sync", "async"])
def test_a_second_signal_cuts_off(server: FakeServer, url: str, kind: str) -> None:
    process = start(url, kind)
    event_id = begun(process, url, kind)
    process.send_signal(signal.SIGTERM)
    until(lambda: next(iter(server.state.engines.values())).drain is not None)
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=PATIENCE_SECONDS)
    assert process.returncode == 1
    assert server.event(event_id)["status"] == "queued"


def test_a_third_signal_ends_at_once(server: FakeServer, url: str) -> None:
    process = start(url)
    begun(process, url, "sync")
    server.go_away()

    def ends() -> bool:
        process.send_signal(signal.SIGTERM)  # each as soon as it may count: those of one moment are one
        return process.poll() is not None

    until(ends)
    process.communicate(timeout=PATIENCE_SECONDS)
    assert process.returncode == -signal.SIGTERM


def test_work_is_cut_off_after_the_drain(server: FakeServer, url: str) -> None:
    process = start(url, drain_seconds=0)
    event_id = begun(process, url, "sync")
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=PATIENCE_SECONDS)
    assert process.returncode == 1
    assert server.event(event_id)["status"] == "queued"


@pytest.mark.parametrize("kind", ["sync", "async"])
def test_several_engines_share_their_signals(server: FakeServer, url: str, kind: str) -> None:
    process = start(url, kind, engines="one,two")
    until(lambda: len(server.state.engines) == 2)
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=PATIENCE_SECONDS)
    assert process.returncode == 0
    assert not server.state.engines


def test_a_refused_registration_has_its_own_status(server: FakeServer, url: str) -> None:
    server.refuse_next("register", "unauthenticated")
    process = start(url)
    _, errors = process.communicate(timeout=PATIENCE_SECONDS)
    assert process.returncode == 2
    assert "registration was refused: unauthenticated" in errors
