"""The producer of `survey.py`: all of its events end, or are cancelled by Ctrl-C."""

import signal
import subprocess
import sys
import threading
from pathlib import Path

from survey import HOUSES, survey
from working import PATIENCE_SECONDS

from eventlease import Client, Engine, Event, NotRetryable
from eventlease.testing import FakeServer

SOURCE = Path(__file__).parents[2] / "src"
DONE = 50


def test_all_events_are_waited_for() -> None:
    with FakeServer() as server, Client(transport=server.transport) as client:
        engine = Engine("surveys", transport=server.transport, concurrency=20)

        @engine.on("house.visited")
        def visit(event: Event[dict[str, int]]) -> None:
            if event.payload["house"] == 7:
                raise NotRetryable("nobody is at home")

        with engine:
            assert survey(client, "spring") == {"completed": HOUSES - 1, "failed": 1}


def test_ctrl_c_cancels_the_rest() -> None:
    begun = threading.Semaphore(0)
    with FakeServer() as server, server.over_http() as url, Client(url) as client:
        engine = Engine("surveys", url=url, concurrency=20)

        @engine.on("house.visited")
        def visit(event: Event[dict[str, int]]) -> None:
            begun.release()
            if event.payload["house"] >= DONE:
                event.wait_cancelled(PATIENCE_SECONDS)
                event.check()

        program = subprocess.Popen(
            [sys.executable, str(Path(__file__).with_name("survey.py")), "summer"],
            env={"EVENTLEASE_URL": url, "PYTHONPATH": str(SOURCE)}, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip
        try:
            assert program.stdout is not None
            assert program.stdout.readline() == f"enqueued {HOUSES}\n"
            with engine:
                for _ in range(DONE + 20):
                    assert begun.acquire(timeout=PATIENCE_SECONDS)
                program.send_signal(signal.SIGINT)
                out, _ = program.communicate(timeout=PATIENCE_SECONDS)
        finally:
            program.kill()
        assert program.returncode == 0
        assert out.startswith("cancelled ")
        counts = client.read_run("summer")["counts"]
        assert (counts["completed"], counts["cancelled"]) == (DONE, HOUSES - DONE)
