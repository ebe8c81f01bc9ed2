"""What this engine holds, and what waits to be reported. Shared by all threads under one lock."""

from __future__ import annotations

import threading
import time
from collections import deque
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from eventlease.encoding import STANDARD, Json, depth
from eventlease.event import Event
from eventlease.outcomes import Completed, Failed, Released, Report
from eventlease.reports import MAX_DETAIL_BYTES, MAX_JSON_DEPTH, encode, settlement
from eventlease.rules.leases import RUNNING, WAITING, Row, Table, Told
from eventlease.stats import Stats

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

RENEWAL_PAUSE_SECONDS = 1.0


class Settlement:
    """A report on its way. `event` is None for a renewal."""

    __slots__ = ("body", "event", "internal_errors", "is_fallback", "progress", "report", "row")

    def __init__(self, row: Row, body: bytes, event: Event[Any, Any] | None, report: Report | None) -> None:
        self.row = row
        self.body = body
        self.event = event
        self.report = report
        self.internal_errors = 0
        self.is_fallback = False
        self.progress = row.progress if report is None and row.progress_is_unsent else None


class Leases:
    """The table of leases, and the settlements in the order in which handlers ended."""

    def __init__(
        self,
        capacity: int,
        heartbeat_timeout_seconds: float,
        encoding: Json = STANDARD,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.capacity = capacity
        self.heartbeat_timeout_seconds = heartbeat_timeout_seconds
        self.encoding = encoding
        self.now = clock
        self.max_detail_bytes = MAX_DETAIL_BYTES
        self.max_json_depth = MAX_JSON_DEPTH
        self.table = Table()
        self.stats = Stats()
        self.lock = threading.Lock()
        self.changed = threading.Condition(self.lock)
        """Something can be sent, or leased."""
        self.waiters = 0
        self.outbox: deque[Settlement] = deque()
        self.hold_until = 0.0
        self.hold_reason = ""
        self.is_polling = False
        """A poll is under way, whose reply may bring events."""
        self.take_in: Callable[[list[Event[Any, Any]]], None] = lambda _: None
        """Gets events that may begin now, because older leases of them are over. The lock is not held."""
        self._late: list[Settlement] = []
        self._behind: dict[str, Event[Any, Any]] = {}
        self._renewals: dict[str, tuple[float, Row]] = {}
        """Leases to renew, and not before when."""

    def is_certain(self, row: Row) -> bool:
        """See `Holder.is_certain`."""
        return self.table.is_certain(row, self.now())

    def dumps(self, value: Any) -> bytes:
        """See `Holder.dumps`."""
        return encode(value, self.encoding)

    def set_progress(self, row: Row, progress: bytes, *, now: bool) -> None:
        """See `Holder.set_progress`."""
        if len(progress) > self.max_detail_bytes:
            raise ValueError(f"a progress of {len(progress)} bytes is longer than {self.max_detail_bytes}")
        if (levels := depth(progress)) > self.max_json_depth:
            raise ValueError(f"a progress is nested {levels} deep; at most {self.max_json_depth} are taken")
        with self.lock:
            row.progress, row.progress_is_unsent = progress, True
            if now and row.state == RUNNING:
                self._renewals[row.lease_token] = (row.renewed_at + RENEWAL_PAUSE_SECONDS, row)
                self.wake()

    def held(self) -> int:
        """Events whose settlement has no answer yet."""
        with self.lock:
            return len(self.table)

    def place(self, bodies: Iterable[Mapping[str, Any]], arrived: float) -> list[Event[Any, Any]]:
        """Takes in leased events; those that may begin. `arrived` is when their lease is counted from."""
        begin: list[Event[Any, Any]] = []
        with self.lock:
            for body in bodies:
                lease = body["lease"]
                row = Row(
                    body["event_id"], lease["lease_token"], body["attempt"], lease["visibility_timeout_seconds"],
                    body["event_type"],
                )  # fmt: skip
                row.progress = self._handed_on(body)
                row.progress_is_unsent = row.progress is not None
                event: Event[Any, Any] = Event(body, row, self)
                placed = self.table.place(row, arrived + lease["expires_in_seconds"], arrived)
                if placed == "begin":
                    begin.append(event)
                elif placed == "behind":
                    self._behind[row.event_id] = event
        for row in list(self.table.older.values()):
            if row.wake is not None:
                row.wake()
        return begin

    def _handed_on(self, body: Mapping[str, Any]) -> bytes | None:
        """The progress of the attempt before: the server shows an attempt no other, so each has to report it anew."""
        progress = body["previous"]["progress"] if body["previous"] else None
        if progress is not None:
            with suppress(TypeError, ValueError):  # as for a number that is no JSON once it is decoded
                text = self.dumps(progress)
                return text if len(text) <= self.max_detail_bytes else None
        return None

    def begin(self, row: Row, timeout_seconds: float | None) -> bool:
        """False if the handler must not begin."""
        now = self.now()
        with self.lock:
            if not self.table.begin(row, now):
                return False
            row.time_limit_at = now + timeout_seconds if timeout_seconds is not None else None
            return True

    def decline(self, event: Event[Any, Any], row: Row) -> None:
        """What `begin` has refused is given back, where there is still something to give back."""
        with self.lock:
            if row.state == WAITING and row.ended is not None:
                self.remove(row)
                return
        self.finish(event, row, Released(0, row.told or "not_begun", "it was not begun"), state=WAITING)

    def finish(
        self,
        event: Event[Any, Any],
        row: Row,
        report: Report | None,
        *,
        state: str = RUNNING,
        given_up: bool = False,
    ) -> None:
        """The event is over for its handler."""
        body = None if report is None else settlement(row, report, self.encoding, self.max_detail_bytes)
        free: list[Event[Any, Any]] = []
        with self.lock:
            if row.state != state or row.given_up is not given_up:
                return  # it was reported before
            self.table.finish(row)
            row.wake = None
            if body is None:
                free = self.remove(row)
            else:
                self.outbox.append(Settlement(row, body, event, report))
            self._count(report)
            self._renewals.pop(row.lease_token, None)
            self.wake()
        if free:
            self.take_in(free)

    def remove(self, row: Row) -> list[Event[Any, Any]]:
        """The report of a row has its answer: the event, if any, that may begin now. The lock is held."""
        newer = self.table.remove(row)
        return [self._behind.pop(newer.event_id)] if newer is not None else []

    def inherit(self, late: Settlement, event_status: str | None) -> bool:
        """A report came too late. True if it will be, or may be, that of a newer lease which this engine has."""
        with self.lock:
            newer = self.table.inherit(late.row)
            if newer is not None:
                event = self._behind.pop(newer.event_id)
                body = late.body.replace(late.row.lease_token.encode(), newer.lease_token.encode(), 1)
                self.outbox.append(Settlement(newer, body, event, late.report))
                self.wake()
                return True
            if self.is_polling and late.row.began_at and event_status == "processing":
                self._late.append(late)  # it may be this engine that has leased the event again
                return True
            return False

    def polled(self) -> list[Settlement]:
        """The reply of a poll is placed: reports that came too late meanwhile."""
        with self.lock:
            late, self._late, self.is_polling = self._late, [], False
            return late

    def hold(self, seconds: float, reason: str) -> None:
        """Asks for no events for that long. The lock is held."""
        until = self.now() + seconds
        if until > self.hold_until:
            self.hold_until, self.hold_reason = until, reason

    def heard(self, sent: float) -> None:
        """The server has answered a call of that time. The lock is held."""
        self.table.alive_until = max(self.table.alive_until, sent + self.heartbeat_timeout_seconds)

    def give_up(self, row: Row) -> bool:
        """What its handler returns will not count. False if it has ended."""
        with self.lock:
            row.given_up = row.state == RUNNING
            return row.given_up

    def _count(self, report: Report | None) -> None:
        if isinstance(report, Completed):
            self.stats.completed += 1
        elif isinstance(report, Failed):
            self.stats.failed += 1
        elif report is not None:
            self.stats.released += 1
            if report.hold_seconds:
                self.hold(report.hold_seconds, report.reason or "held")

    def wake(self) -> None:
        """Wakes the threads that wait for `changed`. The lock is held."""
        if self.waiters:
            self.changed.notify_all()

    def wait(self, seconds: float | None) -> None:
        """Waits for `changed`. The lock is held."""
        self.waiters += 1
        try:
            self.changed.wait(seconds)
        finally:
            self.waiters -= 1

    def tell(self, rows: Iterable[Row], reason: Told) -> list[Row]:
        """Tells handlers to stop; the rows of those that were not told before."""
        now = self.now()
        with self.lock:
            told = [row for row in rows if row.tell(reason, now)]
        self.interrupt(told)
        return told

    def interrupt(self, rows: Iterable[Row]) -> None:
        """Wakes the handlers of rows that were told to stop."""
        for row in rows:
            if (wake := row.wake) is not None:
                wake()

    def renew_now(self, rows: Iterable[Row]) -> None:
        """Renews leases that cannot wait for the next heartbeat."""
        with self.lock:
            self._renewals.update((row.lease_token, (0.0, row)) for row in rows)
            self.wake()

    def renewals_in_seconds(self) -> float | None:
        """When a renewal may be sent; None without any. The lock is held."""
        due = min((due for due, _ in self._renewals.values()), default=None)
        return None if due is None else max(due - self.now(), 0.0)

    def take(self, entries: int, most_bytes: int) -> list[Settlement]:
        """The next settlements and renewals to send, at least one where there are any. The lock is held."""
        taken: list[Settlement] = []
        size, now = 0, self.now()
        while self.outbox and len(taken) < entries and (not taken or size + len(self.outbox[0].body) <= most_bytes):
            taken.append(self.outbox.popleft())
            size += len(taken[-1].body)
        for token, (due, row) in list(self._renewals.items()):
            if len(taken) >= entries or size > most_bytes:
                break
            if now >= due:
                del self._renewals[token]
                row.renewed_at = now
                taken.append(Settlement(row, _renewal(row), None, None))
                size += len(taken[-1].body)
        return taken

    def put_back(self, settlements: Sequence[Settlement]) -> None:
        """They were not answered, and are sent again before all others."""
        with self.lock:
            self.outbox.extendleft(each for each in reversed(settlements) if each.report is not None)
            self.wake()

    def replace(self, refused: Settlement, report: Report) -> None:
        """Reports otherwise of an event whose report was refused."""
        body = settlement(refused.row, report, self.encoding, self.max_detail_bytes)
        fallback = Settlement(refused.row, body, refused.event, report)
        fallback.is_fallback = True
        with self.lock:
            self.outbox.append(fallback)
            self.wake()

    def renewed(self, row: Row, progress: bytes | None, lease_end: float) -> None:
        """The server has renewed a lease, and has its progress. The lock is held."""
        self.table.renew(row.event_id, row.lease_token, lease_end)
        if progress is not None and row.progress is progress:
            row.progress_is_unsent = False

    def overdue_behind(self) -> list[tuple[Event[Any, Any], Row]]:
        """Events that have waited too long for an older handler of theirs."""
        with self.lock:
            rows = self.table.overdue_behind(self.now())
            return [(self._behind.pop(row.event_id), row) for row in rows if row.event_id in self._behind]


def _renewal(row: Row) -> bytes:
    body = f'{{"event_id":"{row.event_id}","lease_token":"{row.lease_token}","status":"processing"'.encode()
    if row.progress is not None and row.progress_is_unsent:
        body += b',"progress":' + row.progress
    return body + b"}"
