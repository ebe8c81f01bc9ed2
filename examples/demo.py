#!/usr/bin/env python3
"""Plays examples/scenario.jsonl against an EventLease of its own, with engines that die, hang and leave.

`make demo` runs it, and says where to look at it in a browser. It ends within about a minute, with a table of what
became of every event; `make demo ARGS=--stay` then goes on with a bad night to look at, until Ctrl+C. The exit status
is 0 only if each event came to the end it had to: none unaccounted for, no innocent taken along by the poison, no stale
report accepted.
"""

import argparse
import os
import shutil
import signal
import sys
import tempfile
import threading
import time
import traceback
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path

from demo import audit, faults, history, report, scenario
from demo.bad_night import BadNight
from demo.crew import PYTHON, Crew, EngineProcess
from eventlease import Client, NotFound
from eventlease.openapi import NewEvent
from eventlease.testing import RealServer

DEADLINE_SECONDS = 90
SHOWN = 20  # of what is wrong
FINAL = {"completed", "failed", "cancelled"}


class Demo:
    def __init__(self, url: str, directory: Path, node_engine: str) -> None:
        self.url, self.directory, self.client = url, directory, Client(url, timeout_seconds=15)
        self.node_program = ("node", node_engine)
        self.started_at, self.crew = time.monotonic(), Crew()
        self.sent: dict[str, NewEvent] = {}  # by the events' ids
        self.status: dict[str, str] = {}  # as last seen

    def play(self) -> list[str]:
        """The story. Returns what was wrong."""
        self.enqueue(scenario.load())
        dialogue = [self.hire("dialogue", number, program=self.node_program) for number in (1, 2, 3, 4)]
        trends = [self.hire("trend_analysis", number, is_deaf=number == 2) for number in (1, 2, 3)]
        # Alone at first, so that it is this engine which meets the poison, together with innocents.
        looping = self.hire("world_simulation", 1)
        injected = [
            faults.Fault("SIGKILL for", faults.kill, dialogue[0], is_silent=True),
            faults.Fault("SIGSTOP, later SIGCONT, for", faults.hang, trends[1], is_silent=True),
            faults.Fault("SIGTERM for", faults.send_away, dialogue[2], is_silent=False),
        ]
        threads = [threading.Thread(target=fault.run, args=(self.crew, self.client)) for fault in injected]
        for thread in threads:
            thread.start()
        self.watch(until=lambda: looping.deaths >= 2)
        for number in (2, 3):
            self.hire("world_simulation", number)
        self.watch(until=lambda: FINAL.issuperset(self.status.values()) and not any(t.is_alive() for t in threads))
        lives = history.lives_of(self.sent, self.client)
        farewells = self.farewells()
        print("\nWhat became of every event\n\n" + report.table(lives) + "\n\nWhat was done to the engines\n")
        print(report.faults_told(injected, self.crew.engines, lives))
        return [
            *audit.wrong_ends(lives),
            *audit.wrong_reports(lives, self.crew.engines),
            *audit.wrong_deaths(lives, self.crew.engines),
            *audit.wrong_faults(injected, lives),
            *farewells,
        ]

    def hire(
        self, engine_type: str, number: int, *, is_deaf: bool = False, program: Sequence[str] = PYTHON
    ) -> EngineProcess:
        name = f"{engine_type}-{number}"
        engine = EngineProcess(name, engine_type, self.url, self.directory, is_deaf=is_deaf, program=program)
        self.crew.engines.append(engine)
        return engine

    def enqueue(self, events: list[NewEvent]) -> None:
        for event, stored in zip(events, self.client.enqueue_many(events), strict=True):
            if isinstance(stored, Exception):
                raise stored
            self.sent[stored.event_id] = event
            self.status[stored.event_id] = "queued"
        print(f"enqueued {len(self.sent)} events")

    def watch(self, until: Callable[[], bool]) -> None:
        """Shows progress until it is so, or time is up: the audit then says what is missing."""
        while not until() and time.monotonic() < self.started_at + DEADLINE_SECONDS:
            for event_id, status in self.status.items():
                if status not in FINAL:
                    self.status[event_id] = self.client.read(event_id)["status"]
            self.show_progress()
            time.sleep(0.5 if sys.stdout.isatty() else 2)

    def show_progress(self) -> None:
        counts = Counter(self.status.values())
        shown = [f"{status} {counts[status]:3}" for status in ("queued", "processing", "completed", "failed")]
        line = "  ".join([f"{time.monotonic() - self.started_at:5.1f} s", *shown])
        line += f"   engines alive {self.crew.alive()}, restarts {sum(engine.deaths for engine in self.crew.engines)}"
        print(line, end="\r" if sys.stdout.isatty() else "\n", flush=True)

    def farewells(self) -> list[str]:
        """Sends all engines away; what was wrong with how they went."""
        wrong: list[str] = []
        for engine, status in self.crew.send_home().items():
            if status != 0:
                wrong.append(f"{engine.name}: exit status {status} after SIGTERM")
            try:
                self.client.call("GET", f"/engines/{engine.engine_id}")
                wrong.append(f"{engine.name}: still registered after SIGTERM")
            except NotFound:
                pass
        return wrong


def stay(client: Client, url: str) -> None:
    """The story is over; trouble to look at goes on for as long as somebody wants."""
    night = BadNight(client, url)
    print(f"\nA bad night has begun: {url}/dashboard/ names its trouble within two minutes, until Ctrl+C.", flush=True)
    try:
        signal.pause()
    except KeyboardInterrupt:
        print()
    finally:
        night.end()


def run(binary: str, directory: Path, node_engine: str, *, stays: bool) -> int:
    """Everything started is ended here, however the story ends."""
    demo: Demo | None = None
    server, started_at = RealServer(directory, binary=binary), time.monotonic()
    try:
        server.start()
        print(f"{binary} serves on {server.url}, files in {directory}")
        hint = "" if stays else "   (make demo ARGS=--stay leaves it there afterwards)"
        print(f"dashboard: {server.url}/dashboard/{hint}", flush=True)
        demo = Demo(server.url, directory, node_engine)
        wrong = demo.play()
        if stays:
            stay(demo.client, server.url)
    except KeyboardInterrupt:
        print("\ninterrupted, cleaning up")
        return 130
    except Exception:  # noqa: BLE001 - shown below
        wrong = [traceback.format_exc()]
    finally:
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # cleaning up takes a moment and is not to be cut short
        if demo:
            demo.crew.disband()
            demo.client.close()
        status = server.terminate()
    if status != 0:
        wrong.append(f"the server's exit status is {status}")
    if not wrong:
        print(f"\nAll went as it had to, in {time.monotonic() - started_at:.0f} s.")
        return 0
    more = [f"and {len(wrong) - SHOWN} more"] if len(wrong) > SHOWN else []
    print("\nWRONG:\n" + "\n".join(f"- {line}" for line in wrong[:SHOWN] + more))
    print(f"\nThe end of the server's log:\n{server.log_text()[-3000:]}")
    return 1


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--server", default="target/debug/eventlease", help="the binary to try")
    parser.add_argument(
        "--node-engine",
        default="target/examples-typescript/demo/unruly.js",
        help="the program of the dialogue engines, compiled from examples/demo/unruly.ts",
    )
    parser.add_argument("--keep", action="store_true", help="keep the directory with database, journals and logs")
    parser.add_argument("--stay", action="store_true", help="then play a bad night for the dashboard, until Ctrl+C")
    arguments = parser.parse_args()
    if shutil.which(arguments.server) is None:
        parser.error(f"no program {arguments.server}; `make debug` makes it")
    if shutil.which("node") is None:
        parser.error("Node is not installed, on which the dialogue engines run (Debian: apt-get install nodejs npm)")
    if not Path(arguments.node_engine).is_file():
        parser.error(f"no program {arguments.node_engine}; `make examples-typescript` makes it")
    for name in [name for name in os.environ if name.startswith("EVENTLEASE_")]:
        del os.environ[name]  # settings of the surroundings are neither the engines' nor the client's
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda _number, _frame: signal.raise_signal(signal.SIGINT))
    # Short, for the database's socket path.
    directory = Path(tempfile.mkdtemp(prefix="eventlease-demo-", dir="/tmp"))
    directory.chmod(0o755)  # as root, the server runs the database as another user, who has to get in
    try:
        return run(arguments.server, directory, str(Path(arguments.node_engine).resolve()), stays=arguments.stay)
    finally:
        if arguments.keep:
            print(f"kept: {directory}")
        else:
            shutil.rmtree(directory, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main())
