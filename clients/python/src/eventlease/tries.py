"""The tries of one call: what became of them, and the pauses between them."""

from __future__ import annotations

import logging
import random
import threading
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from eventlease.errors import Unavailable
from eventlease.rules.backoff import pause_seconds
from eventlease.rules.repeats import Failure, Repeat, Step, changes_server, may_have_arrived, next_step

if TYPE_CHECKING:
    from collections.abc import Callable

    from eventlease.transport import Reply

log = logging.getLogger("eventlease.calls")

SAY_AGAIN_SECONDS = 30.0
LEAST_TRY_SECONDS = 2.0


@dataclass(frozen=True, slots=True)
class Timing:
    """The clock, the randomness, and what ends repeats: once `stop` is set, a failed try raises Unavailable."""

    stop: threading.Event = field(default_factory=threading.Event)
    clock: Callable[[], float] = time.monotonic
    random: Callable[[], float] = random.random


class Tries:
    """Decides after each failed try of a call."""

    def __init__(self, name: str, repeat: Repeat, timing: Timing) -> None:
        self._name, self._repeat, self._timing = name, repeat, timing
        self._started = timing.clock()
        self._said_at: float | None = None
        self._pauses = self._internal_errors = 0
        self._was_at_once = self._is_unknown = False

    def try_seconds(self, most: float) -> float:
        """How long the next try may take: what is left of the time limit, or two seconds, which a busy server needs."""
        within = self._repeat.within_seconds
        if within is None:
            return most
        left = self._started + within - self._timing.clock()
        return min(most, max(left + self._repeat.extra_seconds, LEAST_TRY_SECONDS))

    def answered(self) -> None:
        """Says that an outage is over."""
        if self._said_at is not None:
            fields = {"call": self._name, "after_seconds": round(self._timing.clock() - self._started, 1)}
            log.info("the server answers again: %s", self._name, extra={"eventlease": fields})

    def failed(
        self, failure: Failure, cause: str, reply: Reply | None = None, problem: dict[str, Any] | None = None
    ) -> bool:
        """Returns after a pause when the call should be repeated, True with another server; else raises Unavailable."""
        self._is_unknown |= may_have_arrived(failure)
        self._internal_errors += failure is Failure.INTERNAL
        step = next_step(failure, self._repeat, was_at_once=self._was_at_once, internal_errors=self._internal_errors)
        if step is Step.AT_ONCE and not self._timing.stop.is_set():
            self._was_at_once = True
            return False
        changes = changes_server(failure, reply.status if reply else None)
        retry_after = (reply.headers.get("retry-after") or "") if reply else ""
        least = float(retry_after) if retry_after.isdecimal() else None
        if step is Step.GIVE_UP or not self._pause(
            cause, spread=changes, retry_after=least, was_answered=reply is not None
        ):
            problem = problem or {}
            raise Unavailable(
                f"{self._name}: no definite answer: {cause}{': ' if problem else ''}{problem.get('detail', '')}",
                is_unknown=self._is_unknown,
                status=reply.status if reply else None,
                code=problem.get("code"),
                request_id=reply.headers.get("x-request-id") if reply else None,
            )
        return changes

    def _pause(self, cause: str, *, spread: bool, retry_after: float | None, was_answered: bool) -> bool:
        """False if the call should not be repeated after all."""
        now, within = self._timing.clock(), self._repeat.within_seconds
        pause = pause_seconds(self._pauses, self._timing.random(), spread=spread, retry_after=retry_after)
        self._pauses += 1
        if self._timing.stop.is_set() or (within is not None and now + pause > self._started + within):
            return False
        if self._said_at is None or now - self._said_at >= SAY_AGAIN_SECONDS:
            self._said_at = now
            fields = {"call": self._name, "cause": cause, "pause_seconds": round(pause, 1)}
            what = "could not serve the call" if was_answered else "does not answer"
            log.warning("the server %s, repeating %s: %s", what, self._name, cause, extra={"eventlease": fields})
        return not self._timing.stop.wait(pause)
