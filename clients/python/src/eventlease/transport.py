"""One request and its reply, as bytes. Which requests may be repeated is decided by `calls`."""

from __future__ import annotations

import socket
import time
from contextlib import suppress
from dataclasses import dataclass, field
from http import client as http_client
from typing import TYPE_CHECKING, Protocol
from urllib.parse import urlsplit

from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import HTTPError

from eventlease.errors import ConfigurationError, refused_here
from eventlease.rules.repeats import Failure

if TYPE_CHECKING:
    import ssl
    from collections.abc import Mapping

BASE_PATH = "/api/v1"
CONNECT_SECONDS = 5.0
MAX_REPLY_BYTES = 64 * 1024 * 1024
_PIECE_BYTES = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Request:
    """A request; `path` has the query and stands below /api/v1. Tokens and payloads stand in no text form."""

    method: str
    path: str
    headers: dict[str, str] = field(repr=False)
    body: bytes | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Reply:
    """A reply; `headers` is read by names in lower case."""

    status: int
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)


class TransportError(Exception):
    """No complete reply arrived."""

    failure = Failure.CUT


class NotSent(TransportError):
    """The server did not get the request: no such host, connection refused, TLS refused."""

    failure = Failure.NOT_SENT


class Cut(TransportError):
    """The connection ended under way; the server may have carried the request out."""

    def __init__(self, message: str, *, reused: bool, any_byte: bool) -> None:
        super().__init__(message)
        self.reused, self.any_byte = reused, any_byte
        self.failure = Failure.STALE if reused and not any_byte else Failure.CUT


class TimedOut(TransportError):
    """No complete reply within the time limit; the server may have carried the request out."""

    failure = Failure.TIMED_OUT


class Transport(Protocol):
    """What carries requests to one server, one at a time."""

    def send(self, request: Request, seconds: float) -> Reply:
        """Waits for the reply at most that long. Raises NotSent, Cut or TimedOut."""
        ...

    def close(self) -> None:
        """Ends the connection, from any thread; a request under way raises Cut."""
        ...


class Urllib3Transport:
    """One connection to one server, kept open between requests and opened again where it was closed.

    urllib3 connects, also by TLS, and says whether the connection still holds. Requests and replies are those of
    `http.client`, which its connections inherit from: urllib3's own cost 0.1 ms more a request (ADR 0046).
    """

    def __init__(self, url: str, *, ssl_context: ssl.SSLContext | None = None) -> None:
        scheme, host, port, path = parts_of(url)
        self._prefix = path.rstrip("/").removesuffix(BASE_PATH) + BASE_PATH
        self._connection = HTTPConnection(host, port or 80)
        if scheme == "https":
            self._connection = HTTPSConnection(host, port or 443, ssl_context=ssl_context)
        self._is_busy = self._is_closed = False

    def send(self, request: Request, seconds: float) -> Reply:
        """See `Transport.send`."""
        if self._is_closed:
            raise NotSent("this transport is closed")
        self._is_busy = True
        try:
            return self._exchange(request, seconds)
        except BaseException:  # what is left of this exchange is no part of the next
            self._connection.close()
            raise
        finally:
            self._is_busy = False
            if self._is_closed:
                self._connection.close()

    def close(self) -> None:
        """See `Transport.close`."""
        self._is_closed = True
        sock = self._connection.sock
        if sock is not None:
            with suppress(OSError):  # where it is not connected any more
                sock.shutdown(socket.SHUT_RDWR)  # wakes the thread that reads from it
        if not self._is_busy:
            self._connection.close()

    def _exchange(self, request: Request, seconds: float) -> Reply:
        deadline = time.monotonic() + seconds
        reused = self._connect(seconds)
        connection, path = self._connection, self._prefix + request.path
        response: http_client.HTTPResponse | None = None
        try:
            connection.sock.settimeout(max(deadline - time.monotonic(), 0.1))  # until here it limited connecting
            try:
                http_client.HTTPConnection.request(connection, request.method, path, request.body, request.headers)
            except (http_client.InvalidURL, ValueError) as error:
                raise refused_here(f"a path or header cannot be sent: {error}") from error
            response = http_client.HTTPConnection.getresponse(connection)
            headers = {name.lower(): value for name, value in response.headers.items()}
            return Reply(response.status, headers, _read(response, headers, deadline))
        except TimeoutError as error:
            raise TimedOut(f"no reply within {seconds:g} s") from error
        except (OSError, http_client.HTTPException) as error:
            any_byte = response is not None or not isinstance(error, OSError)
            raise Cut(f"the connection ended: {error}", reused=reused, any_byte=any_byte) from error
        finally:
            if response is not None:
                response.close()  # it holds the socket until it is read to its end

    def _connect(self, seconds: float) -> bool:
        """True if the connection was there already."""
        if self._connection.is_connected:
            return True
        self._connection.close()
        self._connection.timeout = min(CONNECT_SECONDS, seconds)
        try:
            self._connection.connect()
        except (OSError, HTTPError) as error:
            raise NotSent(str(error)) from error
        return False


def parts_of(url: str) -> tuple[str, str, int | None, str]:
    """Scheme, host, port and path of a base address. Raises ConfigurationError."""
    try:
        parts = urlsplit(url)
        if parts.scheme in ("http", "https") and parts.hostname and not any(map(str.isspace, url)):
            return parts.scheme, parts.hostname, parts.port, parts.path
    except (ValueError, AttributeError, TypeError):  # brackets or a port that are none, or no text
        pass
    raise ConfigurationError(f"url: not an address like http://127.0.0.1:8080: {url!r}")


def _read(response: http_client.HTTPResponse, headers: Mapping[str, str], deadline: float) -> bytes:
    # `http.client` takes a connection that ends within the headers for a reply whose body is empty.
    is_framed = headers.get("content-length", "").isdecimal() or response.chunked
    if not is_framed and response.status != 204:
        raise Cut("the reply ended within its headers", reused=False, any_byte=True)
    pieces: list[bytes] = []
    while piece := response.read(_PIECE_BYTES):
        pieces.append(piece)
        if len(pieces) * _PIECE_BYTES > MAX_REPLY_BYTES:
            raise Cut(f"the reply is longer than {MAX_REPLY_BYTES} bytes", reused=False, any_byte=True)
        if time.monotonic() > deadline:
            raise TimedOut("the reply did not end in time")
    if response.length:  # `http.client` passes over this, too
        raise Cut("the reply ended within its body", reused=False, any_byte=True)
    return b"".join(pieces)
