#!/usr/bin/env python3
"""Plays examples/scenario.jsonl against an EventLease of its own, with engines that die, hang and leave.

    python3 examples/demo.py --server target/debug/eventlease

Ends within about a minute, with a table of what became of every event. The exit status is 0 only if each came to the
end it had to: none unaccounted for, no innocent taken along by the poison, no stale report accepted.
"""
import argparse
import shutil
import signal
import sys
import tempfile
import threading
import time
import traceback
from collections import Counter
from pathlib import Path
from typing import Any, Callable

from demo import audit, faults, report, scenario
from demo.client import Client
from demo.crew import Crew, EngineProcess
from demo.server import Server

DEADLINE_SECONDS = 90
ONE_BY_ONE, BATCH = 24, 100  # how the events are sent
SHOWN = 20  # of what is wrong
FINAL = {"completed", "failed", "cancelled"}


class Demo:
    def __init__(self, server: Server, directory: Path) -> None:
        self.server, self.directory, self.client = server, directory, Client(server.url)
        self.started_at, self.crew = time.monotonic(), Crew()
        self.sent: dict[str, dict[str, Any]] = {}  # the events' bodies by id
        self.status: dict[str, str] = {}  # as last seen

    def play(self) -> list[str]:
        """The story. Returns what was wrong."""
        dialogue = [self.hire("dialogue", number) for number in (1, 2, 3, 4)]
        trends = [self.hire("trend_analysis", number, is_deaf=number == 2) for number in (1, 2, 3)]
        self.enqueue(scenario.load())
        # Alone at first, so that it is this engine which meets the poison, in one batch with innocents.
        looping = self.hire("world_simulation", 1)
        injected = [faults.Fault("SIGKILL for", faults.kill, dialogue[0], is_silent=True),
                    faults.Fault("SIGSTOP, later SIGCONT, for", faults.hang, trends[1], is_silent=True),
                    faults.Fault("SIGTERM for", faults.send_away, dialogue[2], is_silent=False)]
        threads = [threading.Thread(target=fault.run, args=(self.crew, self.server.url)) for fault in injected]
        for thread in threads:
            thread.start()
        self.watch(until=lambda: looping.deaths >= 2)
        for number in (2, 3):
            self.hire("world_simulation", number)
        self.watch(until=lambda: FINAL.issuperset(self.status.values()) and not any(t.is_alive() for t in threads))
        lives = audit.lives_of(self.sent, self.client)
        farewells = self.farewells()
        print("\nWhat became of every event\n\n" + report.table(lives) + "\n\nWhat was done to the engines\n")
        print(report.faults_told(injected, self.crew.engines, lives))
        return [*audit.wrong_ends(lives), *audit.wrong_reports(lives, self.crew.engines),
                *audit.wrong_deaths(lives, self.crew.engines), *audit.wrong_faults(injected, lives), *farewells]

    def hire(self, engine_type: str, number: int, is_deaf: bool = False) -> EngineProcess:
        name = f"{engine_type}-{number}"
        return self.crew.hire(EngineProcess(name, engine_type, self.server.url, self.directory, is_deaf))

    def enqueue(self, events: list[dict[str, Any]]) -> None:
        for event in events[:ONE_BY_ONE]:
            self.note_sent(event, self.client.call("POST", "/api/v1/events", event))
        for start in range(ONE_BY_ONE, len(events), BATCH):
            batch = events[start:start + BATCH]
            reply = self.client.call("POST", "/api/v1/events/batch", {"events": batch})
            for event, result in zip(batch, reply["results"]):  # results come in the order sent
                self.note_sent(event, result)
        print(f"enqueued {len(self.sent)} events: {ONE_BY_ONE} one by one, the rest by the {BATCH}")

    def note_sent(self, event: dict[str, Any], reply: dict[str, Any]) -> None:
        self.sent[reply["event_id"]] = event
        self.status[reply["event_id"]] = "queued"

    def watch(self, until: Callable[[], bool]) -> None:
        """Shows progress until it is so, or time is up: the audit then says what is missing."""
        while not until() and time.monotonic() < self.started_at + DEADLINE_SECONDS:
            if self.server.process.poll() is not None:
                raise RuntimeError("the server ended while the demo was running")
            for event_id, status in self.status.items():
                if status not in FINAL:
                    self.status[event_id] = self.client.call("GET", f"/api/v1/events/{event_id}")["status"]
            self.show_progress()
            time.sleep(0.5 if sys.stdout.isatty() else 2)

    def show_progress(self) -> None:
        counts = Counter(self.status.values())
        line = "  ".join([f"{time.monotonic() - self.started_at:5.1f} s", *(
            f"{status} {counts[status]:3}" for status in ("queued", "processing", "completed", "failed"))])
        line += f"   engines alive {self.crew.alive()}, restarts {sum(engine.deaths for engine in self.crew.engines)}"
        print(line, end="\r" if sys.stdout.isatty() else "\n", flush=True)

    def farewells(self) -> list[str]:
        """Sends all engines away; what was wrong with how they went."""
        wrong = []
        for engine, status in self.crew.send_home().items():
            found, _ = self.client.ask("GET", f"/api/v1/engines/{engine.engine_id}")
            if (status, found) != (0, 404):
                wrong.append(f"{engine.name}: exit status {status} after SIGTERM, GET /engines/{{id}} says {found}")
        return wrong


def run(binary: str, directory: Path) -> int:
    """Everything started is ended here, however the story ends."""
    demo, wrong = None, []
    server = Server(binary, directory)
    try:
        server.wait_until_ready()
        print(f"{binary} serves on {server.url}, files in {directory}")
        demo = Demo(server, directory)
        wrong = demo.play()
    except KeyboardInterrupt:
        print("\ninterrupted, cleaning up")
        return 130
    except RuntimeError as error:
        wrong = [str(error)]
    except Exception:
        wrong = [traceback.format_exc()]
    finally:
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # cleaning up takes a moment and is not to be cut short
        if demo:
            demo.crew.disband()
        status = server.stop()
    if status != 0:
        wrong.append(f"the server's exit status is {status}")
    if not wrong:
        print(f"\nAll went as it had to, in {time.monotonic() - server.started_at:.0f} s.")
        return 0
    more = [f"and {len(wrong) - SHOWN} more"] if len(wrong) > SHOWN else []
    print("\nWRONG:\n" + "\n".join(f"- {line}" for line in wrong[:SHOWN] + more))
    print(f"\nThe end of the server's log:\n{server.log_tail()}")
    return 1


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--server", default="target/debug/eventlease", help="the binary to try")
    parser.add_argument("--keep", action="store_true", help="keep the directory with database, journals and logs")
    arguments = parser.parse_args()
    if shutil.which(arguments.server) is None:
        parser.error(f"no program {arguments.server}; `make debug` makes it")
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda *_: signal.raise_signal(signal.SIGINT))
    directory = Path(tempfile.mkdtemp(prefix="eventlease-demo-", dir="/tmp"))  # short, for the database's socket path
    directory.chmod(0o755)  # as root, the server runs the database as another user, who has to get in
    try:
        return run(arguments.server, directory)
    finally:
        if arguments.keep:
            print(f"kept: {directory}")
        else:
            shutil.rmtree(directory, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main())
