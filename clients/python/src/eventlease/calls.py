"""Calls of one role: identity, repeats, and replies as values or errors."""

from __future__ import annotations

import json
import platform
import sys
from typing import TYPE_CHECKING, Any, Protocol, cast

from eventlease.encoding import STANDARD, Json, dump_request
from eventlease.errors import ConfigurationError, NotEventLease, Unauthenticated, problem_error, refused_here
from eventlease.rules.repeats import Failure, Repeat, failure_of_reply
from eventlease.transport import Cut, NotSent, Reply, Request, TimedOut, Transport, TransportError, Urllib3Transport
from eventlease.tries import Timing, Tries
from eventlease.version import VERSION

if TYPE_CHECKING:
    from collections.abc import Callable, Container, Mapping, Sequence

CLIENT = f"eventlease-python/{VERSION}"
USER_AGENT = f"{CLIENT} ({platform.python_implementation().lower()} {platform.python_version()}; {sys.platform})"
MAX_BODY_BYTES = 15 * 1024 * 1024


class Credentials(Protocol):
    """Who is calling."""

    def headers(self) -> Mapping[str, str]:
        """`Authorization` with a token, else `X-Engine-Id` for an engine."""
        ...

    def renew(self) -> bool:
        """After a 401: True if other headers are there now, and the call should be repeated with them."""
        ...


class Token:
    """A bearer token, or none; as a callable it is read again after a 401."""

    def __init__(self, token: str | Callable[[], str] | None) -> None:
        self._read = token if callable(token) else None
        self._token = _checked(token() if callable(token) else token)

    def headers(self) -> Mapping[str, str]:
        """See `Credentials.headers`."""
        return {"Authorization": f"Bearer {self._token}"} if self._token else {}

    def renew(self) -> bool:
        """See `Credentials.renew`."""
        if self._read is None:
            return False
        before, self._token = self._token, _checked(self._read())
        return self._token != before


def _checked(token: str | None) -> str | None:
    if token is None:
        return None
    token = token.strip()  # the file that it was read from may end with a line break
    if not token or not token.isascii() or not token.isprintable():
        raise ConfigurationError("token: visible ASCII characters, at least one")
    return token


class Calls:
    """Calls over one connection, one after the other; to the next of the base addresses where one fails."""

    def __init__(
        self,
        urls: Sequence[str],
        *,
        credentials: Credentials,
        transport: Callable[[str], Transport] = Urllib3Transport,
        encoding: Json = STANDARD,
        timing: Timing | None = None,
    ) -> None:
        self._urls = list(urls)
        self._credentials = credentials
        self._new_transport = transport
        self._transport = transport(self._urls[0])
        self._encoding = encoding
        self._timing = timing or Timing()
        self._is_closed = False
        self.sent_at = 0.0
        """When the last try was sent, by the clock of `timing`."""

    @property
    def url(self) -> str:
        """The base address that is used now."""
        return self._urls[0]

    def close(self) -> None:
        """Ends the connection, from any thread; a call under way raises Unavailable if nothing repeats it."""
        self._is_closed = True
        self._transport.close()

    def call(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        seconds: float,
        repeat: Repeat,
        headers: Mapping[str, str] | None = None,
        members: Sequence[str] = (),
    ) -> Any:
        """The decoded reply; None where it has no body. `seconds` limits one try.

        With `members` it is an object that has these, or NotEventLease.

        Raises ProblemError's family for what the server refuses, Unavailable without a definite answer, NotEventLease.
        """
        data = None if body is None else dump_request(body, self._encoding)
        reply = self.send(method, path, data, seconds=seconds, repeat=repeat, headers=headers)
        return self.decode_object(reply, *members) if members else self.decode(reply)

    def decode(self, reply: Reply) -> Any:
        """The value of a reply; None where it has no body."""
        if not reply.body:
            return None
        try:
            return self._encoding.loads(reply.body)
        except ValueError:
            raise _not_eventlease(reply) from None

    def decode_object(self, reply: Reply, *members: str) -> dict[str, Any]:
        """The object of a reply that has at least these members. Raises NotEventLease."""
        value = self.decode(reply)
        if not isinstance(value, dict) or not all(name in value for name in members):
            raise _not_eventlease(reply)
        return cast("dict[str, Any]", value)

    def send(
        self,
        method: str,
        path: str,
        body: bytes | None = None,
        *,
        seconds: float,
        repeat: Repeat,
        headers: Mapping[str, str] | None = None,
        accept: Container[int] = (),
    ) -> Reply:
        """As `call`, with bodies as JSON text.

        `accept` names statuses from 400 that are a reply as any other where no problem comes with them.
        """
        if body is not None and len(body) > MAX_BODY_BYTES:
            detail = f"a body of {len(body)} bytes is longer than the {MAX_BODY_BYTES} that are sent"
            raise refused_here(detail, 413)
        tries = Tries(f"{method} {path.partition('?')[0]}", repeat, self._timing)
        while True:
            request = Request(method, path, self._headers(body, headers), body)
            try:
                self.sent_at = self._timing.clock()
                reply = self._transport.send(request, seconds)
            except TransportError as error:
                if tries.failed(_failure(error), f"{self.url}: {error}"):
                    self._next_server()
                continue
            problem = _problem(reply)
            failure = failure_of_reply(reply.status, problem.get("code") if problem else None)
            if failure is not None:
                if tries.failed(failure, f"{self.url}: status {reply.status}", reply, problem):
                    self._next_server()
            elif reply.status < 300 or (problem is None and reply.status in accept):
                tries.answered()
                return reply
            elif problem is None:
                raise _not_eventlease(reply)
            else:
                refused = problem_error(problem, reply.status, reply.headers.get("x-request-id"))
                if not (isinstance(refused, Unauthenticated) and tries.may_renew() and self._has_others(request)):
                    raise refused

    def _headers(self, body: bytes | None, more: Mapping[str, str] | None) -> dict[str, str]:
        headers = {"User-Agent": USER_AGENT, "Accept": "application/json", **self._credentials.headers()}
        if body is not None:
            headers["Content-Type"] = "application/json"
        if more:
            headers.update(more)
        return headers

    def _has_others(self, refused: Request) -> bool:
        """True if there are other credentials now than those that were refused."""
        now = self._credentials.headers()
        return any(refused.headers.get(name) != value for name, value in now.items()) or self._credentials.renew()

    def _next_server(self) -> None:
        if len(self._urls) > 1:
            self._transport.close()
            self._urls.append(self._urls.pop(0))
            self._transport = self._new_transport(self._urls[0])
            if self._is_closed:  # by another thread meanwhile
                self._transport.close()


def _failure(error: TransportError) -> Failure:
    if isinstance(error, NotSent):
        return Failure.NOT_SENT
    if isinstance(error, TimedOut):
        return Failure.TIMED_OUT
    return Failure.STALE if isinstance(error, Cut) and error.reused and not error.any_byte else Failure.CUT


def _problem(reply: Reply) -> dict[str, Any] | None:
    if not reply.headers.get("content-type", "").startswith("application/problem+json"):
        return None
    try:
        problem = json.loads(reply.body)
    except ValueError:
        return None
    # Others answer with problems, too; those of EventLease have a code.
    return cast("dict[str, Any]", problem) if isinstance(problem, dict) and "code" in problem else None


def _not_eventlease(reply: Reply) -> NotEventLease:
    kind, start = reply.headers.get("content-type"), reply.body[:200].decode(errors="replace")
    return NotEventLease(f"the reply is not from an EventLease server: status {reply.status}, {kind}: {start}")
