"""Asks for events, and carries settlements with the question."""

from __future__ import annotations

import random
from collections import deque
from typing import TYPE_CHECKING
from uuid import uuid4

from eventlease.errors import problem_error
from eventlease.rules.backoff import pause_after_nothing, pause_asked_for
from eventlease.rules.leases import WAITING_SECONDS
from eventlease.settler import CALL_SECONDS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from eventlease.leases import Settlement
    from eventlease.life import Life

WAIT_SECONDS = 20
MAX_EVENTS = 100
ROUND_TRIP_WINDOW_SECONDS = 60.0
PAUSE_SECONDS = 1.0


class Poller:
    """One request at a time: with settlements it does not wait, without any it waits for events."""

    def __init__(self, life: Life) -> None:
        self._life = life
        self._leases = life.leases
        self._calls = life.new_calls(life.identity)
        self._path = f"/events/queue/{life.settings.engine_type}/lease"
        visibility = life.settings.visibility_timeout_seconds
        self._more = b"" if visibility is None else b',"visibility_timeout_seconds":%d' % visibility
        self._is_parked = False
        """Waits for events, or pauses: it takes no settlements meanwhile."""
        self._paused_until = 0.0
        self._round_trips: deque[tuple[float, float]] = deque(maxlen=100)

    def takes_settlements(self) -> bool:
        """True if settlements go with the next poll. The lock of the leases is held."""
        return not self._is_parked and self._may_poll()

    def takes_renewals(self) -> bool:
        """True if a poll follows though nothing is to be settled. The lock of the leases is held."""
        return self.takes_settlements() and self._free(()) > 0

    def may_poll_again(self) -> None:
        """Ends a pause, as far as events are wanted. The lock of the leases is held."""
        self._paused_until = 0.0
        self._leases.changed.notify_all()

    def run(self) -> None:
        """Until the engine stops."""
        leases, settlements, stopped = self._leases, self._life.settlements, self._life.stopped
        while True:
            with leases.lock:
                self._is_parked = False
                while not stopped.is_set() and not self._has_work():
                    leases.changed.wait(max(leases.hold_until - leases.now(), 0.0) or None)
                if stopped.is_set():
                    self._is_parked = True
                    return
                sent = settlements.take()
                free = self._free(sent)
                self._is_parked = not sent
                leases.is_polling = free > 0
                if self._is_parked:
                    leases.changed.notify_all()
            try:
                if free > 0:
                    pause = self._poll(sent, min(free, MAX_EVENTS))
                else:
                    _, is_settled = settlements.send(self._calls, sent) or ({}, False)
                    pause = 0.0 if is_settled else PAUSE_SECONDS
            finally:
                settlements.polled()
            if pause:
                self._pause(pause)

    def _may_poll(self) -> bool:
        life = self._life
        is_wanted = not life.is_draining and not life.watch.is_stalled and not life.stopped.is_set()
        return is_wanted and self._leases.now() >= self._leases.hold_until

    def _has_work(self) -> bool:
        return self._may_poll() and (bool(self._leases.outbox) or self._free(()) > 0)

    def _free(self, sent: Sequence[Settlement]) -> int:
        leases, life = self._leases, self._life
        capacity, concurrency = leases.capacity, life.settings.concurrency
        # What would wait for long is not leased beforehand: others may have a handler for it.
        if life.slots.running >= concurrency and leases.now() - leases.began_at > WAITING_SECONDS:
            capacity = concurrency
        return capacity - len(leases.table) + sum(each.report is not None for each in sent)

    def _poll(self, sent: list[Settlement], limit: int) -> float:
        """How long to pause before the next."""
        leases, life, wait = self._leases, self._life, 0 if sent else WAIT_SECONDS
        poll = b'"poll_id":"%s","limit":%d,"wait_seconds":%d' % (str(uuid4()).encode(), limit, wait) + self._more
        seconds = wait + 15.0 if wait else CALL_SECONDS
        answered = life.settlements.send(self._calls, sent, poll, self._path, seconds)
        if answered is None:
            return PAUSE_SECONDS
        exchanged, is_settled = answered
        sent_at, arrived = self._calls.sent_at, leases.now()
        leases.stats.polls += 1
        if events := exchanged["events"]:
            life.take_in(leases.place(events, self._counted_from(sent_at, arrived, bool(wait))))
        if (problem := exchanged.get("lease_error")) is not None:
            refused = problem_error(problem)
            if refused.status not in (429, 503, 504):
                life.identity.recover(refused)
            return pause_asked_for(float(problem.get("retry_after_seconds") or 0), PAUSE_SECONDS, random.random())
        if events:
            return 0.0
        if not is_settled:
            return PAUSE_SECONDS
        return pause_after_nothing(arrived - sent_at, wait, exchanged.get("notice"), random.random())

    def _counted_from(self, sent: float, arrived: float, has_waited: bool) -> float:
        """The latest moment at which the server can have counted what is left of the leases, as we know it."""
        trips = self._round_trips
        if not has_waited:
            trips.append((arrived, arrived - sent))
            return sent
        oldest = trips[-1][0] - ROUND_TRIP_WINDOW_SECONDS if trips else 0.0
        longest = max((seconds for at, seconds in trips if at > oldest), default=0.5)
        return max(sent, arrived - longest)

    def _pause(self, seconds: float) -> None:
        leases = self._leases
        with leases.lock:
            self._is_parked, self._paused_until = True, leases.now() + seconds
            leases.changed.notify_all()
            while not self._life.stopped.is_set() and (left := self._paused_until - leases.now()) > 0:
                leases.changed.wait(left)
