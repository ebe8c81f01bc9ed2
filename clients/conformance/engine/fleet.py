"""Engines under test as processes, and what is asked of the server about their events."""

from __future__ import annotations

import json
import os
import shlex
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from engine import journal
from wire.target import Target, new_queue

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

HERE = Path(__file__).parent
LIBRARIES = f"{HERE.parents[1] / 'python' / 'src'}{os.pathsep}{HERE.parent}"
# The program under test: README.md has what it is told and what it writes.
PROGRAM = shlex.split(os.environ.get("EVENTLEASE_ENGINE", "")) or [sys.executable, str(HERE / "program.py")]
FINAL = ("completed", "failed", "cancelled")
SILENT = ("expired", "engine_unresponsive", "engine_restarted", "deregistered", "max_lease")


class EngineProcess:
    """An engine under test."""

    def __init__(self, folder: Path, name: str, settings: dict[str, Any], environment: dict[str, str]) -> None:
        self.journal_file, self.log_file = folder / f"{name}.journal", folder / f"{name}.log"
        settings = {**settings, "journal": str(self.journal_file)}
        with self.log_file.open("a") as log:
            self.process = subprocess.Popen(
                [*PROGRAM, json.dumps(settings)],
                stdout=log, stderr=log, stdin=subprocess.DEVNULL,
                env={**os.environ, "PYTHONPATH": LIBRARIES, **environment},
            )  # fmt: skip

    @property
    def journal(self) -> list[dict[str, Any]]:
        return journal.read(self.journal_file)

    def noted(self, what: str, **members: Any) -> list[dict[str, Any]]:
        """The lines of one kind."""
        lines = [line for line in self.journal if line["what"] == what]
        return [line for line in lines if all(line.get(key) == value for key, value in members.items())]

    @property
    def log(self) -> str:
        return self.log_file.read_text(errors="replace")

    @property
    def errors(self) -> list[str]:
        """Lines of the log at level error."""
        return [line for line in self.log.splitlines() if line.startswith(("ERROR", "CRITICAL"))]

    def signal(self, number: int) -> None:
        self.process.send_signal(number)

    def wait(self, seconds: float = 60) -> int:
        """Waits for its end and returns the exit status."""
        return self.process.wait(seconds)

    @property
    def is_running(self) -> bool:
        return self.process.poll() is None

    def end(self) -> None:
        """Ends it whatever it does."""
        if self.is_running:
            self.process.send_signal(signal.SIGCONT)
            self.process.kill()
            self.process.wait()


class Fleet:
    """Engines of one queue, and the events of that queue."""

    def __init__(self, target: Target, folder: Path, url: str | None = None) -> None:
        self.target, self.folder, self.url = target, folder, url or target.url
        self.queue = new_queue()
        self.engines: list[EngineProcess] = []
        self.event_ids: list[str] = []

    def start(self, count: int = 1, *, url: str | Sequence[str] | None = None, **engine: Any) -> EngineProcess:
        """Starts engines; returns the last. Keyword arguments are those of `Engine`.

        `token` is shown for the whole life; `token_file` is read whenever a token is needed.
        """
        token, token_file = engine.pop("token", None), engine.pop("token_file", None)
        settings = {"url": url or self.url, "heartbeat_timeout_seconds": 3, **engine}
        for _ in range(count):
            name = f"engine-{len(self.engines)}"
            arguments = {"engine_type": self.queue, "engine": settings, "token_file": token_file and str(token_file)}
            environment = {"EVENTLEASE_TOKEN": token} if token else {}
            self.engines.append(EngineProcess(self.folder, name, arguments, environment))
        return self.engines[-1]

    def enqueue(self, *do: Sequence[Any], event_type: str = "tried", count: int = 1, **members: Any) -> list[str]:
        """Enqueues events whose handlers do what is said; `members` beside `payload` are the event's."""
        payload = {"do": list(do), **members.pop("payload", {})}
        ids: list[str] = []
        for begin in range(0, count, 1000):
            events = [
                {
                    "engine_type": self.queue, "event_type": event_type,
                    "payload": {"result": number, **payload}, **members,
                }
                for number in range(begin, min(begin + 1000, count))
            ]  # fmt: skip
            reply = self.target.call("POST", "/events/batch", {"events": events})
            assert reply.status == 201, reply.body
            ids += [result["event_id"] for result in reply.body["results"]]
        self.event_ids += ids
        return ids

    def wait_all_final(self, seconds: float = 60, ids: Iterable[str] | None = None) -> None:
        """Waits until all events have ended."""
        left = list(self.event_ids if ids is None else ids)
        deadline = time.monotonic() + seconds
        while left:
            body = {"event_ids": left[:100], "wait_seconds": 2, "until": "all"}
            try:
                reply = self.target.call("POST", "/events/wait", body)
            except OSError:
                time.sleep(0.1)
            else:
                if reply.status == 200:
                    ended = {event["event_id"] for event in reply.body["events"]}
                    left = [event_id for event_id in left if event_id not in ended]
            assert time.monotonic() < deadline, f"{len(left)} events have not ended: {self._described(left[:5])}"

    def _described(self, ids: list[str]) -> list[Any]:
        return [(self.target.event(event_id), self.target.attempts(event_id)) for event_id in ids]

    def noted(self, what: str, **members: Any) -> list[dict[str, Any]]:
        """The lines of one kind of all journals."""
        return [line for engine in self.engines for line in engine.noted(what, **members)]

    def wait_noted(self, what: str, count: int = 1, seconds: float = 30, **members: Any) -> list[dict[str, Any]]:
        """Waits for that many lines of one kind."""
        wait_until(lambda: len(self.noted(what, **members)) >= count, seconds, lambda: f"{what}: {self.noted(what)}")
        return self.noted(what, **members)

    def registered(self) -> list[Any]:
        """The engines of the queue, as the server knows them."""
        items: list[Any] = self.target.call("GET", f"/engines?engine_type={self.queue}").body["items"]
        return items

    def wait_for_a_heartbeat(self) -> None:
        """Waits until an engine has sent one: before that, its leases alone decide about it."""
        wait_until(lambda: self.registered()[0]["last_heartbeat"])

    def end(self) -> None:
        for engine in self.engines:
            engine.end()

    def outcomes(self, event_id: str) -> list[str]:
        """How the attempts of an event ended, the oldest first."""
        return list(self._outcomes_by_number(event_id).values())

    def _outcomes_by_number(self, event_id: str) -> dict[int, str]:
        return {attempt["attempt"]: attempt["outcome"] for attempt in reversed(self.target.attempts(event_id))}

    def recorded(self) -> Iterator[tuple[Any, dict[int, str]]]:
        """Each event as the server has it, and the outcomes of its attempts.

        An event that is completed and had one attempt says so itself; of these, the attempts of every tenth are read.
        """
        events = self._events()
        for number, event_id in enumerate(self.event_ids):
            event = events[event_id]
            is_plain = event["status"] == "completed" and event["attempt"] == 1 and event["lease_losses"] == 0
            yield event, {1: "completed"} if is_plain and number % 10 else self._outcomes_by_number(event_id)

    def _events(self) -> dict[str, Any]:
        """All events of the queue, by their ids."""
        events: dict[str, Any] = {}
        more: str | None = ""
        while more is not None:
            page = self.target.call("GET", f"/events?engine_type={self.queue}&limit=200{more}").body
            events |= {event["event_id"]: event for event in page["items"]}
            more = f"&cursor={quote(page['next_cursor'])}" if page["next_cursor"] else None
        return events

    def losses(self, *more: str) -> dict[str, list[str]]:
        """The outcomes of the events that had a silent loss, or an outcome that is among `more`."""
        recorded = ((event["event_id"], list(outcomes.values())) for event, outcomes in self.recorded())
        return {event_id: outcomes for event_id, outcomes in recorded if {*SILENT, *more} & {*outcomes}}

    def account(self) -> Counter[str]:
        """Compares journals and server for every event, and counts the statuses.

        What a handler returned is recorded, or its lease was lost for a reason the server names; no handler began
        twice for one lease; no event was completed that no handler returned from.

        What a handler returned may be recorded for a later attempt, if its engine has leased the event again before it
        could report.
        """
        began = Counter((line["event_id"], line["attempt"]) for line in self.noted("began"))
        twice = [key for key, count in began.items() if count > 1]
        assert not twice, f"handlers began twice for one lease: {twice[:5]}"
        returned: dict[str, set[int]] = {}
        for line in self.noted("returned"):
            returned.setdefault(line["event_id"], set()).add(line["attempt"])
        counts: Counter[str] = Counter()
        for event, by_number in self.recorded():
            event_id = event["event_id"]
            numbers = returned.get(event_id, set())
            counts[event["status"]] += 1
            completed = [number for number, outcome in by_number.items() if outcome == "completed"]
            assert len(completed) == (event["status"] == "completed"), (event, by_number)
            for number in completed:
                assert min(numbers, default=number + 1) <= number, (
                    f"{event_id} was completed without a handler: {by_number}"
                )
            for number in numbers:
                outcome = by_number.get(number)
                assert outcome in ("completed", "failed", *SILENT), f"{event_id} returned at {number}: {by_number}"
        return counts


def wait_until(is_so: Callable[[], Any], seconds: float = 30, describe: Callable[[], Any] = lambda: "") -> None:
    """Waits until something is true."""
    deadline = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < deadline, f"not within {seconds} s: {describe()}"
        time.sleep(0.05)
