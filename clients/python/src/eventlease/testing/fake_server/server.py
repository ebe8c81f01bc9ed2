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
    from collections.abc import Generator
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
        with self.state.changed:
            self._is_away = True
            self.state.changed.notify_all()

    def come_back(self) -> None:
        """Ends `go_away`; everything is as it was."""
        self._is_away = False

    def stop(self) -> None:
        """Answers all that waits, with the notice `server_stopping`."""
        with self.state.changed:
            self.state.is_stopping = True
            self.state.changed.notify_all()

    def event(self, event_id: str) -> dict[str, Any]:
        """An event as `GET /events/{event_id}` shows it."""
        reply = self.handle(Request("GET", f"/events/{event_id}", self._admin_headers()))
        shown: dict[str, Any] = json.loads(reply.body)
        return shown

    # What answers

    def handle(self, request: Request) -> Reply:
        """Answers a request. Raises Cut where the reply is ordered to be lost, NotSent while the server is away."""
        if self._is_away:
            raise NotSent("the fake server is away")
        path, _, query = request.path.partition("?")
        headers = {name.lower(): value for name, value in request.headers.items()}
        try:
            operation, handler, params = routes.find(request.method, path)
        except Refused as refused:
            return _reply(*_refusal(refused), headers, refused=refused)
        misfortune = self.misfortunes.take(operation)
        with self.state.changed:
            try:
                body = _read_body(request)
                self.requests.append((operation, body))
                params = {name: unquote(value) for name, value in params.items()}
                call = Call(self.state, request.method, operation, params, dict(parse_qsl(query)), headers, body)
                reply = self._answer(call, handler, misfortune)
            except Refused as refused:
                reply = _reply(*_refusal(refused), headers, refused=refused)
            if misfortune is not None:
                if misfortune.late_by_seconds:
                    self.state.pause(misfortune.late_by_seconds)
                if misfortune.is_reply_lost:
                    raise Cut("the reply was lost, as ordered", reused=True, any_byte=False)
        if self._is_away:
            raise Cut("the fake server went away", reused=True, any_byte=False)
        return reply

    def _answer(self, call: Call, handler: routes.Handler, misfortune: Misfortune | None) -> Reply:
        if misfortune is not None and misfortune.code is not None:
            refused = Refused(misfortune.code, "as the test ordered")
            after = {} if misfortune.retry_after is None else {"retry-after": str(misfortune.retry_after)}
            return _reply(*_refusal(refused), call.headers, after)
        reap(self.state)
        callers.admit(call)
        callers.mark_seen(call)
        status, body = handler(call)
        location = {} if call.location is None else {"location": call.location}
        return _reply(status, body, call.headers, location)

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
        reply = self._server.handle(request)
        if real_seconds() - began > seconds:
            raise TimedOut(f"no reply within {seconds:g} s")
        if self._is_closed:
            raise Cut("this transport was closed", reused=False, any_byte=False)
        return reply

    def close(self) -> None:
        """See `Transport.close`."""
        self._is_closed = True


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


def _refusal(refused: Refused) -> tuple[int, Any]:
    return refused.status, refused.problem()


def _reply(
    status: int,
    body: Any,
    asked: dict[str, str],
    more: dict[str, str] | None = None,
    refused: Refused | None = None,
) -> Reply:
    headers = {"x-request-id": asked.get("x-request-id") or str(uuid.uuid4()), "cache-control": "no-store"}
    headers.update(more or {})
    if isinstance(refused, routes.MethodNotAllowed):
        headers["allow"] = ", ".join(refused.methods)
    if status == 401:
        headers["www-authenticate"] = "Bearer"
    if status in (429, 503):
        headers.setdefault("retry-after", "1")
    if body is None:
        return Reply(status, headers, b"")
    is_problem = "urn:eventlease:problem" in str(body.get("type", "")) if isinstance(body, dict) else False  # pyright: ignore
    headers["content-type"] = "application/problem+json" if is_problem else "application/json"
    return Reply(status, headers, json.dumps(body, separators=(",", ":")).encode())
