"""Many events in one request, without a timer: while a request is under way, what arrives waits for the next one."""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from eventlease import forks
from eventlease.enqueuing import MAX_BATCH_BYTES, MAX_BATCH_EVENTS, Enqueued, NewBody
from eventlease.errors import EventLeaseError, Unavailable

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    Answers = Sequence[Enqueued | EventLeaseError]

log = logging.getLogger("eventlease.client")

MAX_WAITING_EVENTS = 10_000
MAX_WAITING_BYTES = 32 * 1024 * 1024


@dataclass(frozen=True, slots=True, eq=False)
class Waiting:
    """An event that was not sent yet; `future` is the caller's."""

    body: NewBody
    future: Any
    since: float = field(default_factory=time.monotonic)


class Coalescer:
    """A buffer and the thread that empties it.

    `deliver` is called in this thread with the events of a request and their answers.
    """

    def __init__(
        self,
        send: Callable[[list[NewBody]], Answers],
        deliver: Callable[[list[Waiting], Answers], None],
        timeout_seconds: float,
    ) -> None:
        self._send = send
        self._deliver = deliver
        self._timeout_seconds = timeout_seconds
        self._begin()
        forks.watch(self)

    def _begin(self) -> None:
        self._changed = threading.Condition(threading.Lock())
        self._waiting: deque[Waiting] = deque()
        self._waiting_bytes = 0
        self._under_way = 0
        self._room_wanted: deque[Callable[[], None]] = deque()
        self._is_closed = False
        self._thread: threading.Thread | None = None

    after_fork = _begin  # what waits is the parent's to send

    def offer(self, event: Waiting, when_room: Callable[[], None] | None = None) -> bool:
        """False if the buffer is full; `when_room` is called then, once, when it may have room again."""
        with self._changed:
            if self._is_closed:
                raise Unavailable("the client is closed")
            if self._is_full():
                if when_room is not None:
                    self._room_wanted.append(when_room)
                return False
            self._waiting.append(event)
            self._waiting_bytes += len(event.body.text)
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="eventlease-enqueue", daemon=True)
                self._thread.start()
            self._changed.notify_all()
            return True

    def close(self, seconds: float) -> int:
        """Sends what waits, for that long at most; says how many events were not acknowledged by then."""
        with self._changed:
            self._is_closed = True
            self._changed.notify_all()
            thread = self._thread
            room_wanted = list(self._room_wanted)
        for call in room_wanted:  # the next offer is refused
            call()
        if thread is None:
            return 0
        thread.join(seconds)
        with self._changed:
            left, self._waiting = list(self._waiting), deque()
            count = len(left) + self._under_way
        self._deliver(left, [Unavailable("the client was closed before the event was sent")] * len(left))
        return count

    def join(self) -> None:
        """Waits for the thread, once its request has been cut off."""
        if self._thread is not None:
            self._thread.join()

    def _is_full(self) -> bool:
        return len(self._waiting) >= MAX_WAITING_EVENTS or self._waiting_bytes >= MAX_WAITING_BYTES

    def _run(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._waiting or self._is_closed)
                if not self._waiting:
                    return
                batch, expired = self._take()
                room_wanted = self._take_room_wanted(len(batch) + len(expired))
            for call in room_wanted:
                call()
            self._deliver(expired, [Unavailable("the event was not sent in time")] * len(expired))
            if batch:
                self._deliver(batch, self._answers(batch))
            with self._changed:
                self._under_way = 0

    def _answers(self, batch: list[Waiting]) -> Answers:
        try:
            return self._send([event.body for event in batch])
        except EventLeaseError as error:
            return [error] * len(batch)
        except Exception as error:  # callers must not wait for ever for the answer of a thread that has died
            log.exception("enqueuing failed in an unexpected way")
            return [EventLeaseError(f"enqueuing failed: {type(error).__name__}: {error}")] * len(batch)

    def _take(self) -> tuple[list[Waiting], list[Waiting]]:
        """The events of the next request, and those that have waited for too long. All or none may be repeated."""
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
            if event.future.cancelled():
                continue
            if event.since < oldest:
                expired.append(event)
            else:
                batch.append(event)
                size += len(event.body.text)
        self._under_way = len(batch)
        return batch, expired

    def _take_room_wanted(self, count: int) -> list[Callable[[], None]]:
        """As many as there is room for now; all of them where nothing waits, lest none be called again."""
        count = max(count, 1) if self._waiting else len(self._room_wanted)
        return [self._room_wanted.popleft() for _ in range(min(count, len(self._room_wanted)))]
