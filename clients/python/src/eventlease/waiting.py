"""How awaited events ended, and waiting for many of them at once."""

from __future__ import annotations

import logging
import math
import random
import threading
import time
from collections import deque
from typing import TYPE_CHECKING, Any
from urllib.parse import quote
from uuid import UUID

from eventlease import forks
from eventlease.errors import (
    EventCancelled,
    EventFailed,
    EventLeaseError,
    InvalidInput,
    ProblemError,
    Unavailable,
    refused_here,
)
from eventlease.futures import resolve
from eventlease.rules.backoff import pause_after_nothing
from eventlease.rules.repeats import Repeat
from eventlease.settings import is_number
from eventlease.tries import LEAST_TRY_SECONDS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from eventlease.calls import Calls
    from eventlease.connections import Connections
    from eventlease.futures import Future

log = logging.getLogger("eventlease.client")

MAX_AWAITED = 100
MAX_WAIT_SECONDS = 20
REPLY_SECONDS = 15.0
MAX_REQUESTS = 8
LAST_PAUSE_SECONDS = 0.2
EVENT = ("event_id", "status")
RUN = ("counts",)
_REPEAT = Repeat(is_safe=True, within_seconds=30, extra_seconds=MAX_WAIT_SECONDS + REPLY_SECONDS)


def checked_id(event_id: str | UUID) -> str:
    """The id as text. Raises InvalidInput if it is no UUID: the server would refuse all ids of the request."""
    try:
        return str(event_id if isinstance(event_id, UUID) else UUID(event_id))
    except (ValueError, AttributeError, TypeError):
        raise refused_here(f"an event's id must be a UUID, not {event_id!r}") from None


def id_or_error(event_id: str | UUID) -> str | InvalidInput:
    """As `checked_id`, for one id of many."""
    try:
        return checked_id(event_id)
    except InvalidInput as error:
        return error


def is_open(event: dict[str, Any]) -> bool:
    """True while it is queued or processing."""
    return event["status"] in ("queued", "processing")


def value_of(event: dict[str, Any]) -> Any:
    """The result of an event that has ended, or the error with which it ended."""
    if event["status"] == "completed":
        return event["result"]
    return EventCancelled(event) if event["status"] == "cancelled" else EventFailed(event)


def run_path(scenario_run_id: str | int) -> str:
    """Where a run can be read."""
    return f"/scenario-runs/{quote(str(scenario_run_id), safe='')}"


def is_run_open(run: dict[str, Any]) -> bool:
    """True while it has events that are open."""
    return bool(run["counts"]["queued"] + run["counts"]["processing"])


def checked_timeout(seconds: float) -> float:
    """The time limit of a wait; one below 0 is over. Raises InvalidInput for what is no number, as NaN."""
    if not is_number(seconds, -math.inf):
        raise refused_here(f"timeout must be a number of seconds or None, not {seconds!r}")
    return seconds


class TimeLimit:
    """How long a wait lasts, which may take several requests."""

    def __init__(self, seconds: float | None) -> None:
        """Raises InvalidInput for what is no number."""
        self._deadline = None if seconds is None else time.monotonic() + checked_timeout(seconds)

    def left(self) -> float | None:
        """Seconds; None without a limit."""
        return None if self._deadline is None else max(0.0, self._deadline - time.monotonic())

    def repeat(self) -> Repeat:
        """How the next request may be repeated."""
        return Repeat(is_safe=True, within_seconds=self.left(), extra_seconds=LEAST_TRY_SECONDS)

    def wait_seconds(self, most: int = MAX_WAIT_SECONDS) -> int:
        """How many whole seconds the server may wait before it answers the next request."""
        left, self._asked_at = self.left(), time.monotonic()
        self._wait_seconds = most if left is None else int(min(left, most))
        return self._wait_seconds

    def pause(self, stop: threading.Event) -> None:
        """Pauses after a request that brought nothing, if it was answered early or did not wait."""
        left, waited = self.left(), time.monotonic() - self._asked_at
        seconds = pause_after_nothing(waited, self._wait_seconds, None, random.random())
        if self._wait_seconds == 0:
            seconds = LAST_PAUSE_SECONDS
        stop.wait(seconds if left is None else min(left, seconds))


def wait_once(calls: Calls, event_ids: list[str], wait_seconds: int, repeat: Repeat) -> dict[str, Any]:
    """Waits until one has ended or the time is over. Returns values by id; an error for an unknown id."""
    body = {"event_ids": event_ids, "wait_seconds": wait_seconds, "until": "any"}
    seconds, members = wait_seconds + REPLY_SECONDS, ("unknown", "events")
    reply = calls.call("POST", "/events/wait", body, seconds=seconds, repeat=repeat, members=members)
    ended: dict[str, Any] = {}
    for event_id in [*reply["unknown"], *(event["event_id"] for event in reply["events"])]:
        try:  # an unknown one is read too, for the server's own error
            event = calls.call("GET", f"/events/{event_id}", seconds=REPLY_SECONDS, repeat=repeat, members=EVENT)
            if not is_open(event):  # it is open again if it was redriven meanwhile
                ended[event_id] = value_of(event)
        except ProblemError as error:
            ended[event_id] = error
    return ended


def wait_for_run_once(calls: Calls, paths: list[str], wait_seconds: int, repeat: Repeat) -> dict[str, Any]:
    """As `wait_once`, for the one run at a path."""
    (path,) = paths
    asked, seconds = f"{path}?wait_seconds={wait_seconds}", wait_seconds + REPLY_SECONDS
    run = calls.call("GET", asked, seconds=seconds, repeat=repeat, members=RUN)
    return {} if is_run_open(run) else {path: run}


class Watcher:
    """Waits for the ends of any number of events or runs, in a few threads that end when nothing is awaited."""

    def __init__(
        self,
        connections: Connections,
        wait: Callable[[Calls, list[str], int, Repeat], dict[str, Any]] = wait_once,
        most: int = MAX_AWAITED,
    ) -> None:
        """`wait` waits for some of them in one request, `most` at a time."""
        self._connections, self._wait, self._most = connections, wait, most
        self._begin()
        forks.watch(self)

    def _begin(self) -> None:
        self._lock = threading.Lock()
        self._futures: dict[str, list[Future]] = {}
        self._unwatched: deque[str] = deque()
        self._threads: set[threading.Thread] = set()

    after_fork = _begin

    def watch(self, event_id: str, future: Future) -> None:
        """The future gets the result or the error when the event has ended, unless it is cancelled before."""
        with self._lock:
            is_new = event_id not in self._futures
            before = self._futures.get(event_id, [])
            self._futures[event_id] = [*(other for other in before if not other.cancelled()), future]
            if is_new:
                self._unwatched.append(event_id)
                if len(self._threads) < MAX_REQUESTS:
                    thread = threading.Thread(target=self._run, name="eventlease-wait", daemon=True)
                    self._threads.add(thread)
                    thread.start()

    def join(self) -> None:
        """Waits for the threads, once the connections are closed."""
        for thread in list(self._threads):
            thread.join()

    def _run(self) -> None:
        event_ids: list[str] = []
        while event_ids := self._next(event_ids):
            # Where all threads wait, one of them comes back soon for events that nobody watches yet.
            is_brief = bool(self._unwatched) or len(self._threads) == MAX_REQUESTS
            limit, ended = TimeLimit(None), dict[str, Any]()
            wait_seconds = limit.wait_seconds(1 if is_brief else MAX_WAIT_SECONDS)
            try:
                with self._connections.one() as calls:
                    ended = self._wait(calls, event_ids, wait_seconds, _REPEAT)
            except EventLeaseError as error:
                if not isinstance(error, Unavailable) or self._connections.timing.stop.is_set():
                    ended = dict.fromkeys(event_ids, error)  # otherwise asked again, until the callers' time limits
            except Exception as error:  # callers must not wait for a thread that has died
                log.exception("waiting for events failed in an unexpected way")
                ended = dict.fromkeys(event_ids, EventLeaseError(f"waiting failed: {type(error).__name__}: {error}"))
            with self._lock:
                futures = {event_id: self._futures.pop(event_id, []) for event_id in ended}
            resolve((future, ended[event_id]) for event_id in ended for future in futures[event_id])
            if not ended:
                limit.pause(self._connections.timing.stop)

    def _next(self, watched: Iterable[str]) -> list[str]:
        """The events of the next request, unwatched ones first. If there are none, the thread ends."""
        with self._lock:
            self._unwatched.extend(watched)
            found: list[str] = []
            while self._unwatched and len(found) < self._most:
                event_id = self._unwatched.popleft()
                if all(future.cancelled() for future in self._futures.get(event_id, ())):
                    self._futures.pop(event_id, None)
                else:
                    found.append(event_id)
            if not found:
                self._threads.discard(threading.current_thread())
            return found
