"""The measured process: one engine or producer of the library, or a bare loop of requests to compare it with.

Its argument is JSON: `mode`, `url`, `queue`, `events`. It prints a line of JSON: how many events it has handled a
second, with how much processor time for each, and how much memory it has.
"""

from __future__ import annotations

import asyncio
import http.client
import json
import resource
import sys
import threading
import time
import uuid
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

PAYLOAD = {"text": "x" * 1000}
WARM_SHARE = 0.1


def memory_mb() -> float:
    """Resident memory of this process now."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize() / 1e6


BARE_MB = memory_mb()


class Meter:
    """Counts, and measures from the end of the warm-up on."""

    def __init__(self, events: int) -> None:
        self.events, self.warm = events, int(events * WARM_SHARE)
        self.handled = 0
        self.done = threading.Event()
        self.began = self.ended = self.cpu_began = self.cpu_ended = 0.0
        self.early_mb = 0.0

    def count(self, handled: int = 1) -> None:
        """Notes that events were handled."""
        before, self.handled = self.handled, self.handled + handled
        if before < self.warm <= self.handled or self.began == 0:
            self.warm = self.handled
            self.began, self.cpu_began = time.perf_counter(), time.process_time()
        if before < 50_000 <= self.handled:
            self.early_mb = memory_mb()
        if before < self.events <= self.handled:
            self.ended, self.cpu_ended = time.perf_counter(), time.process_time()
            self.done.set()

    def report(self, **more: Any) -> None:
        """Prints what was measured."""
        measured = self.events - self.warm
        seconds, cpu = self.ended - self.began, self.cpu_ended - self.cpu_began
        figures = {
            "handled": self.handled, "per_second": measured / seconds, "cpu_us_per_event": cpu / measured * 1e6,
            "cpu_share": cpu / seconds, "memory_mb": memory_mb(), "above_bare_mb": memory_mb() - BARE_MB,
            "grown_mb": memory_mb() - self.early_mb if self.early_mb else 0.0, **more,
        }  # fmt: skip
        print(json.dumps(figures), flush=True)


def engine(settings: dict[str, Any], *, handler_ms: int = 0, is_async: bool = False, **arguments: Any) -> None:
    """An engine of the library. Each event is handled before it is settled, and its id is kept."""
    from eventlease import Engine

    meter = Meter(settings["events"])
    subject = Engine(settings["queue"], url=settings["url"], **arguments)
    lock = threading.Lock()
    ids: set[str] = set()

    def note(event: Any) -> None:
        if settings["events"] <= 200_000:
            ids.add(event.event_id)

    @subject.on_settled
    def settled(*_: object) -> None:
        meter.count()

    if is_async:

        @subject.on("tried")
        async def work_async(event: Any) -> None:
            note(event)
            await asyncio.sleep(handler_ms / 1000)
    else:

        @subject.on("tried")
        def work(event: Any) -> None:
            if handler_ms:
                time.sleep(handler_ms / 1000)
                with lock:
                    note(event)
            else:
                note(event)

    subject.start()
    meter.done.wait()
    subject.stop()
    meter.report(different=len(ids) or None)


def idle(settings: dict[str, Any]) -> None:
    """An engine without events."""
    from eventlease import Engine

    subject = Engine(settings["queue"], url=settings["url"])
    subject.on("tried")(lambda _: None)
    subject.start()
    time.sleep(3)
    began, cpu, before = time.perf_counter(), time.process_time(), subject.stats()
    time.sleep(settings["events"])
    seconds, cpu, after = time.perf_counter() - began, time.process_time() - cpu, subject.stats()
    figures = {
        "cpu_share": cpu / seconds, "memory_mb": memory_mb(), "above_bare_mb": memory_mb() - BARE_MB,
        "polls_per_minute": (after.polls - before.polls) / seconds * 60,
        "heartbeats_per_minute": (after.heartbeats - before.heartbeats) / seconds * 60,
    }  # fmt: skip
    subject.stop()
    print(json.dumps(figures))


@contextmanager
def bare(url: str) -> Generator[Callable[[str, str, Any], Any]]:
    """One connection of http.client, and a function that sends requests over it."""
    address = urlsplit(url)
    connection = http.client.HTTPConnection(address.hostname or "", address.port)
    headers = {"Content-Type": "application/json"}

    def call(method: str, path: str, body: Any) -> Any:
        data = None if body is None else json.dumps(body, separators=(",", ":")).encode()
        connection.request(method, f"/api/v1{path}", data, headers)
        return json.loads(connection.getresponse().read())

    try:
        yield call
    finally:
        connection.close()


def bare_exchanges(settings: dict[str, Any], limit: int) -> None:
    """Exchanges in a loop, without a library: what the server and this machine give one connection."""
    meter = Meter(settings["events"])
    with bare(settings["url"]) as call:
        engine_id = call("POST", "/engines", {"engine_type": settings["queue"]})["engine_id"]
        path = f"/events/queue/{settings['queue']}/lease?engine_id={engine_id}"
        settlements: list[dict[str, Any]] = []
        while not meter.done.is_set():
            body = {"limit": limit, "poll_id": str(uuid.uuid4()), "settlements": settlements}
            reply = call("POST", path, body)
            meter.count(len(settlements))
            settlements = [
                {"event_id": event["event_id"], "lease_token": event["lease"]["lease_token"], "status": "completed"}
                for event in reply["events"]
            ]
    meter.report()


def bare_enqueue(settings: dict[str, Any]) -> None:
    """POST /events in a loop, without a library."""
    meter = Meter(settings["events"])
    with bare(settings["url"]) as call:
        body = {"engine_type": settings["queue"], "event_type": "tried", "payload": PAYLOAD}
        for _ in range(settings["events"]):
            call("POST", "/events", {**body, "idempotency_key": str(uuid.uuid4())})
            meter.count()
    meter.report()


def enqueue(settings: dict[str, Any]) -> None:
    """`Client.enqueue` in one thread."""
    from eventlease import Client

    meter = Meter(settings["events"])
    with Client(settings["url"]) as client:
        for _ in range(settings["events"]):
            client.enqueue(settings["queue"], "tried", PAYLOAD)
            meter.count()
    meter.report()


def enqueue_tasks(settings: dict[str, Any]) -> None:
    """A thousand tasks that share an `AsyncClient`."""
    from eventlease import AsyncClient

    meter = Meter(settings["events"])

    async def main() -> None:
        async with AsyncClient(settings["url"]) as client:

            async def produce() -> None:
                for _ in range(settings["events"] // 1000):
                    await client.enqueue(settings["queue"], "tried", PAYLOAD)
                    meter.count()

            await asyncio.gather(*(produce() for _ in range(1000)))

    asyncio.run(main())
    meter.report()


MODES: dict[str, Callable[[dict[str, Any]], None]] = {
    "exchange-100": lambda s: engine(s, concurrency=1, prefetch=199),
    "leak": lambda s: engine(s, concurrency=1, prefetch=199),
    "one-by-one": lambda s: engine(s, concurrency=1),
    "threads-32": lambda s: engine(s, handler_ms=10, concurrency=32, prefetch=32),
    "async-500": lambda s: engine(s, handler_ms=100, is_async=True, concurrency=500, prefetch=200),
    "idle": idle,
    "enqueue": enqueue,
    "enqueue-tasks": enqueue_tasks,
    "bare-exchange-100": lambda s: bare_exchanges(s, 100),
    "bare-one-by-one": lambda s: bare_exchanges(s, 1),
    "bare-enqueue": bare_enqueue,
}

if __name__ == "__main__":
    chosen = json.loads(sys.argv[1])
    MODES[chosen["mode"]](chosen)
