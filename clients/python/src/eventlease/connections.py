"""Connections of a client that many threads share: each call has one to itself."""

from __future__ import annotations

import os
import threading
from collections.abc import Collection, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, cast

from eventlease import forks
from eventlease.calls import Calls, Token
from eventlease.encoding import STANDARD, Json
from eventlease.errors import ConfigurationError, Unavailable
from eventlease.transport import Transport, Urllib3Transport, parts_of
from eventlease.tries import Timing

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Sequence

DEFAULT_URL = "http://127.0.0.1:8080"
MAX_IDLE = 10


def urls_of(url: str | Sequence[str] | None) -> list[str]:
    """The base addresses: as given, else of EVENTLEASE_URL (several with commas), else the server of this machine."""
    urls: Any = (os.environ.get("EVENTLEASE_URL") or DEFAULT_URL) if url is None else url
    if isinstance(urls, str):
        return [each.strip() for each in urls.split(",")]
    if is_list_of_texts(urls):
        return list(urls)
    raise ConfigurationError("url: a text, or a list of texts")


def is_list_of_texts(value: Any) -> bool:
    """True for a collection of texts, which a text itself is not."""
    is_listed = isinstance(value, Collection) and not isinstance(value, (str, bytes, Mapping))
    return is_listed and all(isinstance(each, str) for each in cast("Collection[Any]", value))


def check_urls(urls: Sequence[str], transport: Callable[[str], Transport]) -> None:
    """Raises ConfigurationError for addresses that cannot be one of a server."""
    if not urls or not all(urls):
        raise ConfigurationError("url: at least one address, and no empty one")
    if transport is Urllib3Transport:  # others have addresses of their own
        for url in urls:
            parts_of(url)


def token_of(token: str | Callable[[], str] | None) -> Token:
    """The token: as given, else of EVENTLEASE_TOKEN, else none."""
    return Token((os.environ.get("EVENTLEASE_TOKEN") or None) if token is None else token)


class Connections:
    """Hands out calls, and keeps a few of them for the next ones. Safe for threads and for forks."""

    def __init__(
        self,
        url: str | Sequence[str] | None,
        token: str | Callable[[], str] | None,
        transport: Callable[[str], Transport] = Urllib3Transport,
        encoding: Json = STANDARD,
    ) -> None:
        self._urls = urls_of(url)
        check_urls(self._urls, transport)
        self._token = token_of(token)
        self._transport = transport
        self.encoding = encoding
        self._begin()
        forks.watch(self)

    def _begin(self) -> None:
        self._lock = threading.Lock()
        self._idle: list[Calls] = []
        self._busy: set[Calls] = set()
        self.timing = Timing()
        self._events_changed = threading.Condition(threading.Lock())
        self._events = 0

    after_fork = _begin  # what is left over stays the parent's

    @contextmanager
    def one(self) -> Generator[Calls]:
        """Calls of its own for the caller."""
        with self._lock:
            if self.timing.stop.is_set():
                raise Unavailable("the client is closed")
            calls = self._idle.pop() if self._idle else self._new()
            self._busy.add(calls)
        try:
            yield calls
        finally:
            with self._lock:
                self._busy.discard(calls)
                is_kept = len(self._idle) < MAX_IDLE and not self.timing.stop.is_set()
                if is_kept:
                    self._idle.append(calls)
            if not is_kept:
                calls.close()

    @contextmanager
    def enqueuing(self, events: int) -> Generator[None]:
        """Counts events whose caller makes the request itself, until it is answered."""
        with self._events_changed:
            self._events += events
        try:
            yield
        finally:
            with self._events_changed:
                self._events -= events
                self._events_changed.notify_all()

    def unacknowledged(self, seconds: float) -> int:
        """How many of these events have no answer, after up to that long."""
        with self._events_changed:
            self._events_changed.wait_for(lambda: not self._events, seconds)
            return self._events

    def close(self) -> None:
        """Ends all connections; calls under way raise Unavailable."""
        self.timing.stop.set()
        with self._lock:
            all_calls = [*self._idle, *self._busy]
            self._idle.clear()
        for calls in all_calls:
            calls.close()

    def _new(self) -> Calls:
        token, transport, encoding, timing = self._token, self._transport, self.encoding, self.timing
        return Calls(self._urls, credentials=token, transport=transport, encoding=encoding, timing=timing)
