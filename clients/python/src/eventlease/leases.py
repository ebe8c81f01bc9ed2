"""The leases that this engine holds, and the reports to be sent. All threads share them under one lock."""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from eventlease.encoding import depth
from eventlease.event import Event
from eventlease.outcomes import Completed, Failed, Released, Report
from eventlease.reports import MAX_DETAIL_BYTES, MAX_JSON_DEPTH, encode, settlement
from eventlease.rules.leases import RUNNING, SETTLING, WAITING, Row, Table, Told
from eventlease.stats import Stats

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from eventlease.settings import Settings

log = logging.getLogger("eventlease.handler")

RENEWAL_PAUSE_SECONDS = 1.0
LATE_SECONDS = 5.0
"""How long a report that came too late waits for the poll that may bring its event again."""


@dataclass(slots=True, eq=False, repr=False)  # tokens and results stand in no text form
class Settlement:
    """A report to be sent, or a renewal, which has no report. `body` is its entry in the list of settlements."""

    row: Row
    body: bytes
    report: Report | None = None
    event: Event[Any, Any] | None = None
    progress: bytes | None = None
    """The progress that a renewal carries."""
    internal_errors: int = 0
    is_fallback: bool = False
    late_at: float | None = None
    """When it was refused because its lease had ended, and began to wait for a newer lease of its event."""


class Leases:
    """The table of leases, and the settlements in the order in which handlers ended."""

    def __init__(self, settings: Settings) -> None:
        self.capacity = settings.capacity
        self.encoding = settings.encoding
        self.now = time.monotonic
        self.max_detail_bytes = MAX_DETAIL_BYTES
        self.max_json_depth = MAX_JSON_DEPTH
        self.table = Table()
        self.stats = Stats()
        self.lock = threading.Lock()
        self.changed = threading.Condition(self.lock)
        """Something can be sent, or leased."""
        self.outbox: deque[Settlement] = deque()
        self.hold_until = 0.0
        self.hold_reason = ""
        self.began_at = 0.0
        """When a handler last began."""
        self.is_polling = False
        """A poll is under way, which may bring events."""
        self.take_in: Callable[[list[Row]], None] = lambda _: None
        """Gets the leases that may begin, without the lock."""
        self._heartbeat_timeout_seconds = settings.heartbeat_timeout_seconds
        self._late: list[Settlement] = []
        self._renewals: dict[str, tuple[float, Row]] = {}
        """Leases to renew, by token, each with the earliest time for it."""

    def is_certain(self, row: Row) -> bool:
        """True while the lease holds for certain."""
        return self.table.is_certain(row, self.now())

    def dumps(self, value: Any) -> bytes:
        """JSON text. Raises ValueError or TypeError for values that it cannot hold."""
        return encode(value, self.encoding)

    def set_progress(self, row: Row, progress: bytes, *, now: bool) -> None:
        """Keeps the progress for the next heartbeat. With `now`, it is sent at once, but at most once a second."""
        if len(progress) > self.max_detail_bytes:
            raise ValueError(f"progress must have at most {self.max_detail_bytes} bytes, not {len(progress)}")
        if (levels := depth(progress)) > self.max_json_depth:
            raise ValueError(f"progress must be nested at most {self.max_json_depth} levels deep, not {levels}")
        with self.lock:
            if row.state == SETTLING:
                log.warning("%s has progress after its end, which is lost: await what reports it", row)
                return
            row.progress, row.progress_is_unsent = progress, True
            if now and row.state == RUNNING:
                self._renewals[row.lease_token] = (row.renewed_at + RENEWAL_PAUSE_SECONDS, row)
                self.changed.notify_all()

    def held(self) -> int:
        """Events whose settlement has no answer yet."""
        with self.lock:
            return len(self.table)

    def rows(self, wanted: Callable[[Row], Any]) -> list[Row]:
        """The rows that are wanted."""
        with self.lock:
            return [row for row in self.table if wanted(row)]

    def place(self, bodies: Iterable[Mapping[str, Any]], arrived: float) -> list[Row]:
        """Takes in leased events and returns those that may begin. Their leases are counted from `arrived`."""
        begin: list[Row] = []
        with self.lock:
            for body in bodies:
                lease = body["lease"]
                row = Row(
                    body["event_id"], lease["lease_token"], int(body["attempt"]),
                    int(lease["visibility_timeout_seconds"]), body["event_type"],
                )  # fmt: skip
                row.event = Event(body, row, self)
                row.progress = self._handed_on(body)
                row.progress_is_unsent = row.progress is not None
                if self.table.place(row, arrived + float(lease["expires_in_seconds"]), arrived) == "begin":
                    begin.append(row)
            older = list(self.table.older.values())
        self.interrupt(older)
        return begin

    def _handed_on(self, body: Mapping[str, Any]) -> bytes | None:
        """The progress of the attempt before. The next attempt sees only this attempt's, so it is sent again."""
        progress = body["previous"]["progress"] if body["previous"] else None
        if progress is not None:
            with suppress(TypeError, ValueError):  # such as a number too large for a float, decoded as infinity
                text = self.dumps(progress)
                return text if len(text) <= self.max_detail_bytes else None
        return None

    def begin(self, row: Row) -> bool:
        """Returns False, and gives the event back, if the handler must not begin."""
        now, limit = self.now(), row.handler.timeout_seconds
        with self.lock:
            if self.table.begin(row, now):
                self.began_at = now
                row.time_limit_at = now + limit if limit is not None else None
                return True
        self.decline(row)
        return False

    def decline(self, row: Row, report: Report | None = None) -> None:
        """Gives back an event that was not begun."""
        if row.state == WAITING:
            self.finish(row, report or Released(0, row.told or "not_begun", "it was not begun"))

    def finish(self, row: Row, report: Report | None) -> None:
        """The handler has ended, or its event is given back. Does nothing if that was so before."""
        body = b""
        if report is not None:
            body, sent = settlement(row, report, self.encoding, self.max_detail_bytes)
            if isinstance(sent, Failed) and sent is not report:
                log.warning("%s failed: %s", row, sent.error["message"], extra=row.fields())
            report = sent
        free: list[Row] = []
        with self.lock:
            if row.state == SETTLING:
                return
            self.table.finish(row)
            row.wake = None
            self._renewals.pop(row.lease_token, None)
            if report is None or row.event is None:  # its lease was lost before it began
                free = self.remove(row)
            else:
                self.outbox.append(Settlement(row, body, report, row.event))
                self._count(report)
            self.changed.notify_all()
        if free:
            self.take_in(free)

    def _count(self, report: Report | None) -> None:
        if isinstance(report, Completed):
            self.stats.completed += 1
        elif isinstance(report, Failed):
            self.stats.failed += 1
        elif report is not None:
            self.stats.released += 1
            until = self.now() + (report.hold_seconds or 0)
            if report.hold_seconds and until > self.hold_until:
                self.hold_until, self.hold_reason = until, report.reason or "held"

    def remove(self, row: Row) -> list[Row]:
        """The report of a row was answered. Returns the newer lease that may begin now, if any. The lock is held."""
        newer = self.table.remove(row)
        return [] if newer is None else [newer]

    def inherit(self, late: Settlement, event_status: str | None) -> bool:
        """A report came too late. True if it goes, or may go, with a newer lease of the event that this engine has."""
        with self.lock:
            newer = self.table.inherit(late.row)
            if newer is not None:
                body = late.body.replace(late.row.lease_token.encode(), newer.lease_token.encode(), 1)
                self.outbox.append(Settlement(newer, body, late.report, newer.event, is_fallback=late.is_fallback))
                self.changed.notify_all()
            elif self.is_polling and late.row.began_at and event_status == "processing" and late.late_at is None:
                late.late_at = self.now()
                self._late.append(late)  # it may be this engine that has leased the event again
            else:
                return False
            return True

    def polled(self) -> list[Settlement]:
        """A poll is over. Returns the reports that came too late during it."""
        with self.lock:
            late, self._late, self.is_polling = self._late, [], False
            return late

    def send_late_again(self) -> None:
        """Sends late reports again that have waited for long: the poll under way seems not to bring their events."""
        latest = self.now() - LATE_SECONDS
        with self.lock:
            again = [late for late in self._late if late.late_at is not None and late.late_at <= latest]
            self._late = [late for late in self._late if late not in again]
        if again:
            self.put_back(again)

    def heard(self, sent: float) -> None:
        """The server has answered a call that was sent at that time. The lock is held."""
        self.table.alive_until = max(self.table.alive_until, sent + self._heartbeat_timeout_seconds)

    def tell(self, rows: Iterable[Row], reason: Told) -> bool:
        """Tells handlers to stop; false if all were told before."""
        now = self.now()
        with self.lock:
            told = [row for row in rows if row.tell(reason, now)]
        self.interrupt(told)
        return bool(told)

    def interrupt(self, rows: Iterable[Row]) -> None:
        """Wakes the handlers of rows that were told to stop."""
        for row in rows:
            if (wake := row.wake) is not None:
                wake()

    def renew_now(self, rows: Iterable[Row]) -> None:
        """Renews leases that cannot wait for the next heartbeat."""
        with self.lock:
            self._renewals.update((row.lease_token, (0.0, row)) for row in rows)
            self.changed.notify_all()

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
                taken.append(_renewal(row))
                size += len(taken[-1].body)
        return taken

    def put_back(self, settlements: Sequence[Settlement]) -> None:
        """Settlements that were not answered; they are sent again before all others."""
        with self.lock:
            self.outbox.extendleft(each for each in reversed(settlements) if each.report is not None)
            self.changed.notify_all()

    def replace(self, refused: Settlement, report: Report) -> None:
        """Sends another report in the place of one that was refused."""
        body, report = settlement(refused.row, report, self.encoding, self.max_detail_bytes)
        with self.lock:
            self.outbox.append(Settlement(refused.row, body, report, refused.event, is_fallback=True))
            self.changed.notify_all()

    def renewed(self, row: Row, progress: bytes | None, lease_end: float) -> None:
        """The server has renewed a lease, and has taken this progress. The lock is held."""
        row.renew(lease_end)
        if progress is not None and row.progress is progress:
            row.progress_is_unsent = False


def _renewal(row: Row) -> Settlement:
    body = f'{{"event_id":"{row.event_id}","lease_token":"{row.lease_token}","status":"processing"'.encode()
    progress = row.progress if row.progress_is_unsent else None
    if progress is not None:
        body += b',"progress":' + progress
    return Settlement(row, body + b"}", progress=progress)
