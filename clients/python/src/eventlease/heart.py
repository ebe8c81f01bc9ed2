"""Heartbeats. They renew the leases; their replies bring cancellations, drains and lost leases."""

from __future__ import annotations

import datetime
import logging
import random
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from eventlease.errors import EventLeaseError, InvalidInput, NotEventLease, ProblemError, Unavailable
from eventlease.rules.repeats import Repeat

if TYPE_CHECKING:
    from collections.abc import Sequence

    from eventlease.calls import Calls
    from eventlease.life import Life
    from eventlease.rules.leases import Row

log = logging.getLogger("eventlease.heart")

MAX_LEASES = 1000
MAX_BYTES = 4 * 1024 * 1024
MAX_CALL_SECONDS = 10.0
MAX_WAIT_SECONDS = 60
FIRST_PAUSE_SECONDS = 0.5
NEWS_PAUSE_SECONDS = 0.1
ONCE = Repeat(is_safe=True, within_seconds=0.0, extra_seconds=MAX_WAIT_SECONDS + MAX_CALL_SECONDS)


class Heart:
    """Beats until the engine stops. Each beat waits at the server until there is news, or until the next is due."""

    def __init__(self, life: Life) -> None:
        self._life = life
        self._leases = life.leases
        self._identity = life.identity
        self._calls = life.new_calls(life.identity)
        self._told = ("continue", 0)
        self._shown: list[tuple[Row, bytes | None]] = []
        """The progress that the last heartbeat carried."""
        self._is_overtaken = False
        """Another heartbeat was sent; it ends the one that waits at the server."""
        self._processor = (time.process_time(), time.monotonic())
        self.answered_at: float | None = None
        """When the last answered heartbeat was sent."""
        self.was_refused = False
        """The server answers, but refuses the heartbeats of this engine."""

    def run(self) -> None:
        """Until the engine stops."""
        failures, stopped = 0, self._life.stopped
        while not stopped.is_set():
            sent = self._leases.now()
            interval = self._identity.interval_seconds * random.uniform(0.9, 1.0)
            pause = self._pause(sent, interval)
            try:
                pause = self._beat(sent, interval)
                failures, self.was_refused = 0, False
            except ProblemError as error:
                self.was_refused = True
                self._identity.recover(error)
                if isinstance(error, InvalidInput) and self._drop_progress():
                    pause = FIRST_PAUSE_SECONDS
            except (Unavailable, NotEventLease) as error:
                if not failures and not stopped.is_set():
                    log.warning("a heartbeat was not answered: %s", error)
                pause = min(FIRST_PAUSE_SECONDS * 2.0**failures, pause)
                failures = min(failures + 1, 10)
            stopped.wait(pause)

    def _pause(self, sent: float, interval: float) -> float:
        return max(sent + interval - self._leases.now(), NEWS_PAUSE_SECONDS)

    def _beat(self, sent: float, interval: float) -> float:
        """How long to pause before the next."""
        leases = self._leases
        with leases.lock:
            listed = leases.table.listed(sent, sent + 2 * interval, is_stalled=self._life.watch.is_stalled)
        batches = _batches(listed)
        for batch in batches[:-1]:
            self._send(batch, 0)
        wait = min(max(int(interval), 1), MAX_WAIT_SECONDS)
        has_news = self._send(batches[-1], wait) or self._is_overtaken
        self._is_overtaken = False
        if has_news or leases.now() - sent >= wait - 0.5:
            return NEWS_PAUSE_SECONDS
        return self._pause(sent, interval)

    def say_hold(self, calls: Calls) -> None:
        """Tells the server at once. Otherwise a waiting poll would lease the event again that is released now."""
        self._is_overtaken = True
        with suppress(EventLeaseError):  # the next heartbeat says it
            path = f"{self._identity.path}/heartbeat"
            calls.send("POST", path, self._facts(0), seconds=MAX_CALL_SECONDS, repeat=ONCE)

    def _send(self, listed: Sequence[tuple[Row, bool]], wait: int) -> bool:
        """True if the reply says something new."""
        leases, sent = self._leases, self._leases.now()
        progress = [row.progress if renew and row.progress_is_unsent else None for row, renew in listed]
        entries = [_entry(row, renew, shown) for (row, renew), shown in zip(listed, progress, strict=True)]
        self._shown = [(row, shown) for (row, _), shown in zip(listed, progress, strict=True)]
        body = self._facts(wait)[:-1] + b',"leases":[' + b",".join(entries) + b"]}"
        seconds = wait + min(MAX_CALL_SECONDS, max(self._identity.interval_seconds, 1.0))
        reply = self._calls.send("POST", f"{self._identity.path}/heartbeat", body, seconds=seconds, repeat=ONCE)
        answer = self._calls.decode_object(reply, "leases", "events_to_cancel", "command", "max_concurrent_events")
        self.answered_at = sent
        lost: list[Row] = []
        now = leases.now()
        with leases.lock:
            leases.heard(sent)
            leases.stats.heartbeats += 1
            for (row, _), shown, entry in zip(listed, progress, answer["leases"], strict=False):
                if entry["outcome"] == "lost":
                    lost += [row] if leases.table.lose(row, entry.get("reason"), now) else []
                elif "expires_in_seconds" in entry:
                    leases.renewed(row, shown, sent + float(entry["expires_in_seconds"]))
            leases.stats.lost += len(lost)
            rows = leases.table.rows
            cancels = [rows[event_id] for event_id in answer["events_to_cancel"] if event_id in rows]
            leases.changed.notify_all()
        for row in lost:
            log.warning("the lease of %s was lost: %s", row, row.ended, extra=row.fields(reason=row.ended))
        leases.interrupt(lost)
        is_cancelled = leases.tell(cancels, "cancel_requested")
        if is_cancelled or lost:
            self._life.stop_waiting()
        drain: dict[str, str] = answer.get("drain") or {}
        self._obey(answer["command"], drain.get("then", "exit"))
        before, self._told = self._told, (answer["command"], answer["max_concurrent_events"] or 0)
        return bool(lost) or is_cancelled or before != self._told

    def _obey(self, command: str, after_drain: str) -> None:
        """The command is `continue`, `drain` or `stop`; `after_drain` is `exit` or `stay`."""
        life = self._life
        if (command, after_drain) != (life.command, life.after_drain):
            life.command, life.after_drain = command, after_drain
            life.inbox.put(("command", 0, command))

    def _drop_progress(self) -> bool:
        """After a refusal, renews the leases without their progress. False if there was none."""
        with self._leases.lock:
            refused = [row for row, shown in self._shown if shown is not None and row.progress is shown]
            for row in refused:
                row.progress_is_unsent = False
        return bool(refused)

    def _facts(self, wait: int) -> bytes:
        leases, running = self._leases, self._life.slots.running
        with leases.lock:
            held, hold_until, reason = len(leases.table), leases.hold_until, leases.hold_reason
        facts: dict[str, Any] = {
            "current_workload": held,
            "dynamic_state": {"running": running, "waiting": max(held - running, 0)},
            "resource_utilization": {"cpu_percent": self._cpu_percent(), "memory_usage_mb": _memory_mb()},
        }
        if wait:
            facts["wait_seconds"] = wait
        if (left := hold_until - leases.now()) > 0:
            until = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(seconds=min(left, 86_000))
            facts["holding_off"] = {"until": until.isoformat().replace("+00:00", "Z"), "reason": reason}
        return leases.dumps(facts)

    def _cpu_percent(self) -> float:
        (used, at), self._processor = self._processor, (time.process_time(), time.monotonic())
        seconds = max(self._processor[1] - at, 0.001)
        return round(100 * (self._processor[0] - used) / seconds, 1)


def _entry(row: Row, renew: bool, progress: bytes | None) -> bytes:
    start = f'{{"event_id":"{row.event_id}","lease_token":"{row.lease_token}"'
    if not renew:
        start += ',"renew":false'
    return start.encode() + (b"" if progress is None else b',"progress":' + progress) + b"}"


def _batches(listed: Sequence[tuple[Row, bool]]) -> list[list[tuple[Row, bool]]]:
    """Divides the list into what fits into one heartbeat each; at least one, which may be empty."""
    batches: list[list[tuple[Row, bool]]] = [[]]
    size = 0
    for row, renew in listed:
        size += len(row.progress or b"") if row.progress_is_unsent else 0
        if len(batches[-1]) >= MAX_LEASES or size > MAX_BYTES:
            batches.append([])
            size = len(row.progress or b"")
        batches[-1].append((row, renew))
    return batches


def _memory_mb() -> float | None:
    """The memory of the process; None where the system has no `/proc`."""
    try:
        with open("/proc/self/statm", encoding="ascii") as file:  # noqa: PTH123
            pages = int(file.read().split()[1])
    except (OSError, ValueError, IndexError):
        return None
    return round(pages * 4096 / 1_048_576, 1)
