"""The fake server: an EventLease in memory, for tests without a process and without a database."""

from __future__ import annotations

import json
import uuid
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, unquote

from eventlease.testing.fake_server import callers, engines, routes
from eventlease.testing.fake_server.callers import Call
from eventlease.testing.fake_server.misfortunes import Misfortune, Misfortunes
from eventlease.testing.fake_server.over_http import serve
from eventlease.testing.fake_server.refusals import Refused
from eventlease.testing.fake_server.state import State, Token, real_seconds
from eventlease.testing.fake_server.verdicts import reap
from eventlease.transport import Cut, NotSent, Reply, Request, TimedOut

if TYPE_CHECKING:
    from collections.abc import Callable, Generator
    from types import TracebackType

_WITHOUT_BODY = ("GET", "DELETE")


class FakeServer:
    """Speaks as much of the interface as engines and producers use, with the same codes and outcomes.

    Give it to an `Engine` or `Client` as `transport=server.transport`, or reach it over HTTP with `over_http()`. Its
    time passes as real time does, and `advance` moves it. With `admin_token` callers need tokens.
    """

    def __init__(self, *, admin_token: str | None = None) -> None:
        self.state = State(admin_token)
        self.requests: list[tuple[str, Any]] = []
        """The operation and the body of each request, in the order of their coming."""
        self.misfortunes = Misfortunes()
        self._is_away = False

    def __enter__(self) -> FakeServer:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
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
            self.state.clock.advance(seconds)
            reap(self.state)
            self.state.changed.notify_all()

    def lose_next_reply(self, operation: str, times: int = 1) -> None:
        """Carries the next requests out, but cuts the connection in the place of their replies."""
        self.misfortunes.order(Misfortune(operation, is_reply_lost=True), times)

    def refuse_next(self, operation: str, code: str, *, retry_after: int | None = None, times: int = 1) -> None:
        """Answers the next requests with a problem, like `database_unavailable` or `overloaded`."""
        self.misfortunes.order(Misfortune(operation, code=code, retry_after=retry_after), times)

    def delay_next(self, operation: str, seconds: float, times: int = 1) -> None:
        """Sends the next replies late."""
        self.misfortunes.order(Misfortune(operation, late_by_seconds=seconds), times)

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
        reply = self.handle(Request("GET", f"/events/{event_id}", self._admin_headers()))
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
        operation, handler, params = routes.find(request.method, path)
        misfortune = self.misfortunes.take(operation)
        body = _read_body(request)
        self.requests.append((operation, body))
        params = {name: unquote(value) for name, value in params.items()}
        call = Call(self.state, operation, params, dict(parse_qsl(query)), asked, body, is_hung_up)
        if misfortune is None:
            return self._carry_out(call, handler, headers)
        if misfortune.code is not None:
            refused = Refused(misfortune.code, "as the test ordered")
            if misfortune.retry_after is not None:
                refused.headers["retry-after"] = str(misfortune.retry_after)
            raise refused
        reply = self._carry_out(call, handler, headers)
        call.wait(misfortune.late_by_seconds, lambda: None)
        if misfortune.is_reply_lost:
            raise Cut("the reply was lost, as ordered", reused=True, any_byte=False)
        return reply

    def _carry_out(self, call: Call, handler: routes.Handler, headers: dict[str, str]) -> tuple[int, Any]:
        reap(self.state)
        callers.admit(call)
        callers.mark_seen(call)
        reply = handler(call)
        if call.location is not None:
            headers["location"] = call.location
        return reply

    def _admin_headers(self) -> dict[str, str]:
        reader = next((secret for secret, t in self.state.tokens.items() if t.role in ("reader", "operator")), None)
        if self.state.needs_tokens and reader is None:
            reader = f"el_{uuid.uuid4().hex * 2}"
            self.state.tokens[reader] = Token("reader", "the test")
        return {"authorization": f"Bearer {reader}"} if reader else {}


class FakeTransport:
    """A `Transport` that hands requests to a fake server within the process."""

    def __init__(self, server: FakeServer) -> None:
        self._server = server
        self._is_closed = False

    def send(self, request: Request, seconds: float) -> Reply:
        """See `Transport.send`."""
        if self._is_closed:
            raise NotSent("this transport is closed")
        began = real_seconds()
        reply = self._server.handle(request, lambda: self._is_closed)
        if real_seconds() - began > seconds:
            raise TimedOut(f"no reply within {seconds:g} s")
        return reply

    def close(self) -> None:
        """See `Transport.close`."""
        self._is_closed = True
        self._server.wake()


def _read_body(request: Request) -> Any:
    if not request.body:
        if request.method in _WITHOUT_BODY or (request.method == "POST" and _may_be_empty(request.path)):
            return None
        raise Refused("malformed_json", "the body is empty; a JSON object is expected")
    try:
        return json.loads(request.body)
    except ValueError as error:
        raise Refused("malformed_json", f"the body is not JSON: {error}") from None


def _may_be_empty(path: str) -> bool:
    return path.startswith("/engines/") or path.endswith(("/cancel", "/reopen", "/lease"))
