"""Asks for events, and carries settlements with the question."""

from __future__ import annotations

import logging
import random
import threading
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from eventlease.errors import NotEventLease, ProblemError, Unavailable, problem_error
from eventlease.rules.repeats import ENGINE
from eventlease.settler import CALL_SECONDS, Settlements, send

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from eventlease.calls import Calls
    from eventlease.event import Event
    from eventlease.identity import Identity
    from eventlease.leases import Leases, Settlement

log = logging.getLogger("eventlease.poller")

WAIT_SECONDS = 20
MAX_EVENTS = 100
ROUND_TRIP_WINDOW_SECONDS = 60.0
PAUSE_SECONDS = 1.0


class Poller:
    """One request at a time: with settlements it does not wait, without any it waits for events."""

    def __init__(
        self,
        leases: Leases,
        settlements: Settlements,
        calls: Calls,
        identity: Identity,
        engine_type: str,
        visibility_timeout_seconds: int | None,
        take_in: Callable[[list[Event[Any, Any]]], None],
    ) -> None:
        """`take_in` gets the events that may begin."""
        self._leases = leases
        self._settlements = settlements
        self._calls = calls
        self._identity = identity
        self._path = f"/events/queue/{engine_type}/lease"
        visibility = visibility_timeout_seconds
        self._more = b"" if visibility is None else b',"visibility_timeout_seconds":%d' % visibility
        self._take_in = take_in
        self._is_parked = False
        """Waits for events, or pauses: it takes no settlements meanwhile."""
        self._round_trips: list[tuple[float, float]] = []
        self.stopped = threading.Event()
        self._may_pause = False
        self.is_paused = False
        """No events are wanted: the engine drains, or its loop has stalled."""

    def takes_settlements(self) -> bool:
        """True if settlements go with the next poll. The lock of the leases is held."""
        return not self._is_parked and self._may_poll()

    def takes_renewals(self) -> bool:
        """True if a poll follows though nothing is to be settled. The lock of the leases is held."""
        return self.takes_settlements() and self._free(()) > 0

    def pause(self, is_paused: bool) -> None:
        """Asks for no more events, or again at once. The lock of the leases is held."""
        self.is_paused, self._may_pause = is_paused, is_paused
        self._leases.wake()

    def run(self) -> None:
        """Until stopped."""
        leases = self._leases
        while True:
            with leases.lock:
                self._is_parked = False
                while not self.stopped.is_set() and not self._has_work():
                    leases.wait(max(leases.hold_until - leases.now(), 0.0) or None)
                if self.stopped.is_set():
                    self._is_parked = True
                    return
                settlements = self._settlements.take()
                free = self._free(settlements)
                self._is_parked = not settlements
                leases.is_polling = free > 0
                if self._is_parked:
                    leases.wake()
            try:
                with self._settlements.kept(settlements):
                    if free > 0:
                        pause = self._poll(settlements, min(free, MAX_EVENTS))
                    else:
                        is_done = send(self._calls, self._identity, leases, self._settlements, settlements)
                        pause = 0.0 if is_done else PAUSE_SECONDS
            finally:
                self._settlements.polled()
            if pause:
                self._pause(pause)

    def _may_poll(self) -> bool:
        return not self.is_paused and not self.stopped.is_set() and self._leases.now() >= self._leases.hold_until

    def _has_work(self) -> bool:
        return self._may_poll() and (bool(self._leases.outbox) or self._free(()) > 0)

    def _free(self, settlements: Sequence[Settlement]) -> int:
        settling = sum(each.report is not None for each in settlements)
        return self._leases.capacity - len(self._leases.table) + settling

    def _poll(self, settlements: list[Settlement], limit: int) -> float:
        """How long to pause before the next."""
        leases, wait = self._leases, 0 if settlements else WAIT_SECONDS
        generation = self._identity.generation
        body = b'{"poll_id":"%s","limit":%d,"wait_seconds":%d' % (str(uuid4()).encode(), limit, wait) + self._more
        if settlements:
            body += b',"settlements":[' + b",".join([each.body for each in settlements]) + b"]"
        seconds = wait + 15.0 if wait else CALL_SECONDS
        try:
            reply = self._calls.send("POST", self._path, body + b"}", seconds=seconds, repeat=ENGINE)
            exchanged = self._calls.decode_object(reply, "results", "events")
        except (ProblemError, Unavailable) as error:
            if settlements:
                self._settlements.refused_whole(settlements, error)
            if isinstance(error, ProblemError):
                self._identity.recover(error, generation)
            return PAUSE_SECONDS
        except NotEventLease as error:
            leases.put_back(settlements)
            log.error("%s", error)  # noqa: TRY400
            return PAUSE_SECONDS
        sent, arrived = self._calls.sent_at, leases.now()
        leases.stats.polls += 1
        is_settled = not settlements or self._settlements.apply(settlements, exchanged["results"], sent)
        if events := exchanged["events"]:
            self._take_in(leases.place(events, self._counted_from(sent, arrived, bool(wait))))
        if (problem := exchanged.get("lease_error")) is not None:
            refused = problem_error(problem)
            if refused.status not in (429, 503, 504):
                self._identity.recover(refused, generation)
            return max(float(problem.get("retry_after_seconds") or 0), PAUSE_SECONDS)
        if events:
            return 0.0
        if not is_settled:
            return PAUSE_SECONDS
        return pause_after_nothing(arrived - sent, wait, exchanged.get("notice"), random.random())

    def _counted_from(self, sent: float, arrived: float, has_waited: bool) -> float:
        """The latest moment at which the server can have counted what is left of the leases, as we know it."""
        trips = self._round_trips
        if not has_waited:
            self._round_trips = [trip for trip in trips if trip[0] > arrived - ROUND_TRIP_WINDOW_SECONDS][-100:]
            self._round_trips.append((arrived, arrived - sent))
            return sent
        longest = max((seconds for _, seconds in trips), default=0.5)
        return max(sent, arrived - longest)

    def _pause(self, seconds: float) -> None:
        leases, until = self._leases, self._leases.now() + seconds
        with leases.lock:
            self._is_parked, self._may_pause = True, True
            leases.wake()
            while self._may_pause and not self.stopped.is_set() and (left := until - leases.now()) > 0:
                leases.wait(left)


def pause_after_nothing(
    waited_seconds: float, asked_seconds: float, notice: dict[str, Any] | None, random: float
) -> float:
    """A reply without events that came before its time is followed by a pause, so that nothing spins."""
    code = notice["code"] if notice else None
    if asked_seconds == 0 and code not in ("engine_draining", "server_stopping"):
        return 0.0
    if asked_seconds and waited_seconds >= asked_seconds - 1:
        return 0.0
    least = float(notice["retry_after_seconds"]) if notice else 0.0
    return max(least, 0.5) * (1 + random)
