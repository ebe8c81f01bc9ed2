"""An engine at work on a fake server, for tests."""

from __future__ import annotations

import asyncio
import time
import uuid
from contextlib import contextmanager, suppress
from queue import SimpleQueue
from typing import TYPE_CHECKING, Any

import pytest

from eventlease import Client, Engine, EngineRefused, Event

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable, Generator

    from eventlease.outcomes import Report
    from eventlease.testing import FakeServer
    from eventlease.transport import Reply, Request, Transport

PATIENCE_SECONDS = 30.0
QUEUE = "dialogue"


class Desk:
    """Enqueues events, and waits for what the engine's callbacks are told."""

    def __init__(self, server: FakeServer, **settings: Any) -> None:
        self.server = server
        self.client = Client("http://fake", transport=server.transport)
        settings = {
            "transport": server.transport,
            "heartbeat_timeout_seconds": 3,
            "grace_seconds": 0,
            "drain_seconds": 0,
            **settings,
        }
        self.engine = Engine(QUEUE, url="http://fake", **settings)
        self.settled: SimpleQueue[tuple[Event[Any, Any], Report, dict[str, Any]]] = SimpleQueue()
        self.lost: SimpleQueue[Event[Any, Any]] = SimpleQueue()
        self.engine.on_settled(lambda event, report, answer: self.settled.put((event, report, answer)))
        self.engine.on_lost(self.lost.put)

    def put(self, event_type: str = "x", payload: Any = None, **options: Any) -> str:
        """The id of a new event."""
        return self.client.enqueue(QUEUE, event_type, payload, **options).event_id

    def answer(self) -> dict[str, Any]:
        """What the server answered to the next report."""
        return self.settled.get(timeout=PATIENCE_SECONDS)[2]

    def report(self) -> Report:
        """The next report that was answered."""
        return self.settled.get(timeout=PATIENCE_SECONDS)[1]

    def attempt(self, event_id: str) -> dict[str, Any]:
        """How the event's last attempt ended."""
        attempts: list[dict[str, Any]] = self.client.call("GET", f"/events/{event_id}/attempts")["items"]
        return attempts[0]

    def bodies(self, operation: str) -> list[dict[str, Any]]:
        """The bodies of the requests of an operation."""
        return [body for name, body in list(self.server.requests) if name == operation and body]

    def sent(self, status: str) -> list[dict[str, Any]]:
        """The entries with a status of all settlements."""
        requests = self.bodies("settle_many") + self.bodies("exchange")
        return [each for body in requests for each in body.get("settlements", []) if each["status"] == status]

    def leave(self) -> None:
        """Stops the engine, which may have ended by itself."""
        with suppress(EngineRefused):
            self.engine.stop()

    def take_elsewhere(self) -> str:
        """The id of an event whose lease ends, and which another engine gets; a poll that waits does not."""
        other = str(uuid.uuid4())
        self.client.call("POST", "/engines", {"engine_id": other, "engine_type": QUEUE})
        with self.server.state.changed:
            self.server.expire_leases()
            leased = self.client.call("POST", f"/events/queue/{QUEUE}/lease?engine_id={other}", {"limit": 1})
        event_id: str = leased["events"][0]["event_id"]
        return event_id

    async def serve_until_cancelled(self) -> None:
        """The engine works on this event loop, and is cancelled once it is registered."""
        serving = asyncio.create_task(self.engine.serve())
        while not self.server.state.engines:
            await asyncio.sleep(0.01)
        serving.cancel()
        with pytest.raises(asyncio.CancelledError):
            await serving

    @contextmanager
    def working(self) -> Generator[None]:
        """The engine works."""
        self.engine.start()
        try:
            yield
        finally:
            self.engine.stop()


class Between:
    """Answers some requests in the place of the server; to be used as an engine's `transport`."""

    def __init__(self, server: FakeServer, answer: Callable[[Request], Reply | None]) -> None:
        self._server = server
        self._answer = answer

    def __call__(self, url: str) -> Between:
        between = Between(self._server, self._answer)
        between._transport = self._server.transport(url)
        return between

    _transport: Transport

    def send(self, request: Request, seconds: float) -> Reply:
        """See `Transport.send`."""
        return self._answer(request) or self._transport.send(request, seconds)

    def close(self) -> None:
        """See `Transport.close`."""
        self._transport.close()


def until(is_so: Callable[[], Any]) -> None:
    """Waits for a fact that nothing tells."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not is_so():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.01)


def got(event: threading.Event) -> None:
    """Waits for an event of threads."""
    assert event.wait(PATIENCE_SECONDS)


def nothing(_: Event) -> None:
    """A handler of events that need none."""
