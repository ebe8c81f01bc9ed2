"""The fake server: an EventLease in memory, for tests without a process and without a database."""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, unquote

from eventlease.testing.fake_server import engines, routes
from eventlease.testing.fake_server.callers import Call
from eventlease.testing.fake_server.over_http import serve
from eventlease.testing.fake_server.refusals import Refused
from eventlease.testing.fake_server.state import State, Token
from eventlease.testing.fake_server.verdicts import reap
from eventlease.transport import Cut, NotSent, Reply, Request, TimedOut


@dataclass
class Misfortune:
    """What a test has ordered to happen to one request of an operation."""

    operation: str
    is_reply_lost: bool = False
    code: str | None = None
    retry_after: int | None = None
    late_by_seconds: float = 0


class FakeServer:
    """Speaks as much of the interface as engines and producers use, with the same codes and outcomes.

    Give it to an `Engine` or `Client` as `transport=server.transport`, or reach it over HTTP with `over_http()`. Its
    time passes as real time does, and `advance` moves it. With `admin_token` callers need tokens.
    """

    def __init__(self, *, admin_token: str | None = None) -> None:
        self.state = State(admin_token)
        self.requests: list[tuple[str, Any]] = []
        """The operation and the body of each request, in the order of their coming."""
        self._misfortunes: list[Misfortune] = []
        self._is_away = False

    def __enter__(self) -> FakeServer:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def transport(self, url: str) -> FakeTransport:  # noqa: ARG002 - the signature is that of all transports
        """A transport without a socket, for the parameter `transport`."""
        return FakeTransport(self)

    @contextmanager
    def over_http(self) -> Generator[str]:
        """Serves on a free port of this machine, and yields the URL."""
        with serve(self.handle) as url:
            try:
                yield url
            finally:
                self.stop()

    # What a test does to it

    def advance(self, seconds: float) -> None:
        """Moves its clock: leases run out, delays pass, engines fall silent."""
        with self.state.changed:
            self.state.advance(seconds)
            reap(self.state)
            self.state.changed.notify_all()

    def lose_next_reply(self, operation: str, times: int = 1) -> None:
        """Carries the next requests out, but cuts the connection in the place of their replies."""
        self._order(Misfortune(operation, is_reply_lost=True), times)

    def refuse_next(self, operation: str, code: str, *, retry_after: int | None = None, times: int = 1) -> None:
        """Answers the next requests with a problem, like `database_unavailable` or `overloaded`."""
        self._order(Misfortune(operation, code=code, retry_after=retry_after), times)

    def delay_next(self, operation: str, seconds: float, times: int = 1) -> None:
        """Sends the next replies late."""
        self._order(Misfortune(operation, late_by_seconds=seconds), times)

    def expire_leases(self) -> None:
        """Ends all leases as expired, without moving the clock."""
        with self.state.changed:
            for event in self.state.events.values():
                if event.lease is not None:
                    event.lease.expires_at = self.state.now()
            reap(self.state)

    def remove_engine(self, engine_id: str) -> None:
        """Removes an engine as an orchestrator would; what it holds is lost."""
        with self.state.changed:
            engines.remove(self.state, self.state.engines[engine_id], is_silent=True)

    def go_away(self) -> None:
        """Refuses connections, and cuts those that wait, until `come_back`: as a server that was killed."""
        self._is_away = True
        self.wake()

    def come_back(self) -> None:
        """Ends `go_away`; everything is as it was."""
        self._is_away = False

    def stop(self) -> None:
        """Answers all that waits, with the notice `server_stopping`."""
        with self.state.changed:
            self.state.is_stopping = True
            self.state.changed.notify_all()

    def wake(self) -> None:
        """Lets all that waits look again."""
        with self.state.changed:
            self.state.changed.notify_all()

    def event(self, event_id: str) -> dict[str, Any]:
        """An event as `GET /events/{event_id}` shows it."""
        reply = self.handle(Request("GET", f"/events/{event_id}", self._reader_headers()))
        shown: dict[str, Any] = json.loads(reply.body)
        return shown

    # What answers

    def handle(self, request: Request, is_hung_up: Callable[[], bool] = lambda: False) -> Reply:
        """Answers a request. Raises Cut where the reply is lost, NotSent while the server is away."""
        if self._is_away:
            raise NotSent("the fake server is away")
        asked = {name.lower(): value for name, value in request.headers.items()}
        headers = {"x-request-id": asked.get("x-request-id") or str(uuid.uuid4()), "cache-control": "no-store"}
        with self.state.changed:
            try:
                status, body = self._answer(request, asked, headers, lambda: self._is_away or is_hung_up())
            except Refused as refused:
                status, body = refused.status, refused.problem()
                headers.update(refused.headers)
                headers["content-type"] = "application/problem+json"
        if body is None:
            return Reply(status, headers, b"")
        headers.setdefault("content-type", "application/json")
        return Reply(status, headers, json.dumps(body, separators=(",", ":")).encode())

    def _answer(
        self, request: Request, asked: dict[str, str], headers: dict[str, str], is_hung_up: Callable[[], bool]
    ) -> tuple[int, Any]:
        path, _, query = request.path.partition("?")
        route, params = routes.find(request.method, path)
        ordered = (each for each in self._misfortunes if each.operation == route.operation)
        misfortune = next(ordered, Misfortune(route.operation))
        if misfortune in self._misfortunes:
            self._misfortunes.remove(misfortune)
        body = _read_body(request)
        self.requests.append((route.operation, body))
        if misfortune.code is not None:
            refused = Refused(misfortune.code, "as the test ordered")
            if misfortune.retry_after is not None:
                refused.headers["retry-after"] = str(misfortune.retry_after)
            raise refused
        params = {name: unquote(value) for name, value in params.items()}
        call = Call(self.state, params, dict(parse_qsl(query)), asked, body, is_hung_up)
        reap(self.state)
        call.admit(route.roles)
        reply = route.handler(call)
        if call.location is not None:
            headers["location"] = call.location
        call.wait(misfortune.late_by_seconds, lambda: None)
        if misfortune.is_reply_lost:
            raise Cut("the reply was lost, as ordered", reused=True, any_byte=False)
        return reply

    def _order(self, misfortune: Misfortune, times: int) -> None:
        if misfortune.operation not in routes.OPERATIONS:
            raise ValueError(f"{misfortune.operation!r} is not one of {', '.join(sorted(routes.OPERATIONS))}")
        self._misfortunes += [misfortune] * times

    def _reader_headers(self) -> dict[str, str]:
        if not self.state.needs_tokens:
            return {}
        self.state.tokens.setdefault("of the test", Token("reader", "the test", self.state.now()))
        return {"authorization": "Bearer of the test"}


class FakeTransport:
    """A `Transport` that hands requests to a fake server within the process."""

    def __init__(self, server: FakeServer) -> None:
        self._server = server
        self._is_closed = False

    def send(self, request: Request, seconds: float) -> Reply:
        """See `Transport.send`."""
        if self._is_closed:
            raise NotSent("this transport is closed")
        began = time.monotonic()
        reply = self._server.handle(request, lambda: self._is_closed)
        if time.monotonic() - began > seconds:
            raise TimedOut(f"no reply within {seconds:g} s")
        return reply

    def close(self) -> None:
        """See `Transport.close`."""
        self._is_closed = True
        self._server.wake()


def _read_body(request: Request) -> Any:
    if not request.body:
        if request.method in ("GET", "DELETE") or (request.method == "POST" and _may_be_empty(request.path)):
            return None
        raise Refused("malformed_json", "the body is empty; a JSON object is expected")
    try:
        return json.loads(request.body)
    except ValueError as error:
        raise Refused("malformed_json", f"the body is not JSON: {error}") from None


def _may_be_empty(path: str) -> bool:
    return path.startswith("/engines/") or path.endswith(("/cancel", "/reopen", "/lease"))
