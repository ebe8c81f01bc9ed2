"""Calls of one role: identity, repeats, and replies as values or errors."""

from __future__ import annotations

import json
import logging
import platform
import sys
from typing import TYPE_CHECKING, Any, Protocol, cast

from eventlease.encoding import STANDARD, Json, dump_request
from eventlease.errors import ConfigurationError, NotEventLease, Unauthenticated, problem_error, refused_here
from eventlease.rules.repeats import Repeat, failure_of_reply
from eventlease.transport import Reply, Request, Transport, TransportError, Urllib3Transport
from eventlease.tries import Timing, Tries
from eventlease.version import VERSION

if TYPE_CHECKING:
    from collections.abc import Callable, Container, Mapping, Sequence

log = logging.getLogger("eventlease.calls")

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
        before = self._token
        try:
            self._token = _checked(self._read())
        except (Exception, SystemExit):
            log.exception("the token could not be read, and stays as it was")
        return self._token != before


def _checked(token: object) -> str | None:
    if token is None:
        return None
    if not isinstance(token, str):
        raise ConfigurationError("token: a text, or a function that returns one")
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
        self._urls, self._credentials, self._encoding = list(urls), credentials, encoding
        self._new_transport, self._transport = transport, transport(urls[0])
        self._timing = timing or Timing()
        self._is_closed = False
        self.sent_at = 0.0
        """When the last try was sent, by the clock of `timing`."""

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
        """The decoded reply; None where it has no body. `seconds` limits one try, and so does `repeat`.

        With `members` it is an object that has these, or NotEventLease.

        Raises ProblemError's family for what the server refuses, Unavailable without a definite answer, NotEventLease.
        """
        data = None if body is None else dump_request(body, self._encoding)
        reply = self.send(method, path, data, seconds=seconds, repeat=repeat, headers=headers)
        if members:
            return self.decode_object(reply, *members)
        return self._decode(reply) if reply.body else None

    def decode_object(self, reply: Reply, *members: str) -> dict[str, Any]:
        """The object of a reply that has at least these members. Raises NotEventLease."""
        value = self._decode(reply)
        if not isinstance(value, dict) or not all(name in value for name in members):
            raise _not_eventlease(reply)
        return cast("dict[str, Any]", value)

    def _decode(self, reply: Reply) -> Any:
        try:
            return self._encoding.loads(reply.body)
        except ValueError:
            raise _not_eventlease(reply) from None

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
        fixed = {"User-Agent": USER_AGENT, "Accept": "application/json"}
        content = {} if body is None else {"Content-Type": "application/json"}
        was_renewed = False
        while True:
            shown = self._credentials.headers()
            request = Request(method, path, {**fixed, **shown, **content, **(headers or {})}, body)
            try:
                self.sent_at = self._timing.clock()
                reply = self._transport.send(request, tries.try_seconds(seconds))
            except TransportError as error:
                if tries.failed(error.failure, f"{self._urls[0]}: {error}"):
                    self._next_server()
                continue
            problem = _problem(reply)
            failure = failure_of_reply(reply.status, problem.get("code") if problem else None)
            if failure is not None:
                if tries.failed(failure, f"{self._urls[0]}: status {reply.status}", reply, problem):
                    self._next_server()
            elif reply.status < 300 or (problem is None and reply.status in accept):
                tries.answered()
                return reply
            elif problem is None:
                raise _not_eventlease(reply)
            else:
                refused = problem_error(problem, reply.status, reply.headers.get("x-request-id"))
                if was_renewed or not isinstance(refused, Unauthenticated) or not self._has_others(shown):
                    raise refused
                was_renewed = True

    def _has_others(self, refused: Mapping[str, str]) -> bool:
        """True if there are other credentials now than those that were refused."""
        return self._credentials.headers() != refused or self._credentials.renew()

    def _next_server(self) -> None:
        if len(self._urls) > 1:
            self._transport.close()
            self._urls.append(self._urls.pop(0))
            self._transport = self._new_transport(self._urls[0])
            if self._is_closed:  # by another thread meanwhile
                self._transport.close()


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
