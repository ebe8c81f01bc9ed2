"""Many events in one request, without a timer: events that arrive while a request is under way go with the next."""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from eventlease import forks
from eventlease.enqueuing import MAX_BATCH_BYTES, MAX_BATCH_EVENTS, Enqueued, NewBody
from eventlease.errors import BufferFull, EventLeaseError, Unavailable
from eventlease.futures import resolve
from eventlease.tries import LEAST_TRY_SECONDS

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from eventlease.futures import Future

    Answers = Sequence[Enqueued | EventLeaseError]

log = logging.getLogger("eventlease.client")

MAX_WAITING_EVENTS = 10_000
MAX_WAITING_BYTES = 32 * 1024 * 1024


@dataclass(slots=True, eq=False)
class Waiting:
    """An event that a caller enqueues, who waits for `future`: it gets the stored event or the error."""

    body: NewBody
    future: Future
    since: float = field(default_factory=time.monotonic)
    is_sent: bool = False
    is_given_up: bool = False


class Coalescer:
    """A buffer and the thread that empties it."""

    def __init__(
        self, send: Callable[[list[NewBody], float], Answers], timeout_seconds: float, *, raises_when_full: bool = False
    ) -> None:
        """`send` sends events within so many seconds."""
        self._send, self._timeout_seconds, self._raises_when_full = send, timeout_seconds, raises_when_full
        self._begin()
        forks.watch(self)

    def _begin(self) -> None:
        self._changed = threading.Condition(threading.Lock())
        self._waiting: deque[Waiting] = deque()
        self._waiting_bytes = self._under_way = 0
        self._is_closed = False
        self._thread: threading.Thread | None = None

    after_fork = _begin  # what waits is the parent's to send

    def add(self, event: Waiting) -> None:
        """Sends the event soon. Raises Unavailable once closed, and BufferFull if callers do not want to wait."""
        with self._changed:
            if self._is_closed:
                raise Unavailable("the client is closed")
            is_full = len(self._waiting) >= MAX_WAITING_EVENTS or self._waiting_bytes >= MAX_WAITING_BYTES
            if is_full and self._raises_when_full:
                raise BufferFull("too many events wait to be enqueued")
            self._waiting.append(event)
            self._waiting_bytes += len(event.body.text)
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="eventlease-enqueue", daemon=True)
                self._thread.start()
            self._changed.notify_all()

    def left(self, event: Waiting) -> float:
        """How long its caller waits: for its own time limit, and the moment longer that the last try may take."""
        until = event.since + self._timeout_seconds + LEAST_TRY_SECONDS
        return min(max(until - time.monotonic(), 0.0), threading.TIMEOUT_MAX)

    def give_up(self, event: Waiting) -> Unavailable:
        """The error for a caller whose time is over. If the event was not sent yet, it will not be."""
        with self._changed:
            event.is_given_up = True
            what = "acknowledged" if event.is_sent else "sent"
            return Unavailable(f"the event was not {what} in time", is_unknown=event.is_sent)

    def close(self, seconds: float) -> int:
        """Sends waiting events for up to that long. Returns how many events were not acknowledged by then."""
        with self._changed:
            self._is_closed = True
            self._changed.notify_all()
            thread = self._thread
        if thread is None:
            return 0
        thread.join(seconds)
        with self._changed:
            left, self._waiting = list(self._waiting), deque()
            count = len(left) + self._under_way
        self._refuse(left, "the client was closed before the event was sent")
        return count

    def join(self) -> None:
        """Waits for the thread, once its request has been cut off."""
        if self._thread is not None:
            self._thread.join()

    def _run(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._waiting or self._is_closed)
                if not self._waiting:
                    return
                batch, expired = self._take()
            self._refuse(expired, "the event was not sent in time")
            if batch:
                answers = self._answers(batch)
                resolve((event.future, answer) for event, answer in zip(batch, answers, strict=True))
            with self._changed:
                self._under_way = 0

    def _refuse(self, events: list[Waiting], why: str) -> None:
        resolve((event.future, Unavailable(why)) for event in events)

    def _answers(self, batch: list[Waiting]) -> Answers:
        bodies = [event.body for event in batch]
        # What is left for the newest event; a server that does not answer has a moment for each request nevertheless.
        left = max(event.since for event in batch) + self._timeout_seconds - time.monotonic()
        try:
            return self._send(bodies, min(max(left, LEAST_TRY_SECONDS), self._timeout_seconds))
        except EventLeaseError as error:
            return [error] * len(bodies)
        except Exception as error:  # callers must not wait forever for a thread that has died
            log.exception("enqueuing failed in an unexpected way")
            return [EventLeaseError(f"enqueuing failed: {type(error).__name__}: {error}")] * len(bodies)

    def _take(self) -> tuple[list[Waiting], list[Waiting]]:
        """The events of the next request, and those that have waited too long. All of a request have keys, or none."""
        batch: list[Waiting] = []
        expired: list[Waiting] = []
        size, oldest = 0, time.monotonic() - self._timeout_seconds
        while self._waiting and len(batch) < MAX_BATCH_EVENTS:
            event = self._waiting[0]
            is_other = bool(batch) and event.body.has_key != batch[0].body.has_key
            if is_other or (batch and size + len(event.body.text) > MAX_BATCH_BYTES):
                break
            self._waiting.popleft()
            self._waiting_bytes -= len(event.body.text)
            if event.is_given_up or event.future.cancelled():
                continue
            if event.since < oldest:
                expired.append(event)
            else:
                event.is_sent = True
                batch.append(event)
                size += len(event.body.text)
        self._under_way = len(batch)
        return batch, expired
