"""The event that a handler gets."""

from __future__ import annotations

import re
import threading
from contextvars import ContextVar
from datetime import datetime
from typing import TYPE_CHECKING, Any, Generic, Protocol

from eventlease.outcomes import HandlerInterrupted, LeaseUncertain

if TYPE_CHECKING:
    from collections.abc import Mapping

    from typing_extensions import TypeVar

    from eventlease.rules.leases import Row, Told

    P = TypeVar("P", default=Any)  # so that a plain `Event` has any payload
    S = TypeVar("S", default=object)  # whoever uses the state names its type
else:
    from typing import TypeVar

    P = TypeVar("P")  # before Python 3.13 they have no defaults when they run
    S = TypeVar("S")

_current: ContextVar[Event[Any, Any]] = ContextVar("eventlease_event")
_FRACTION = re.compile(r"\.(\d+)")


def current_event() -> Event[Any, Any]:
    """The event whose handler runs in this context. LookupError outside of handlers."""
    return _current.get()


class Holder(Protocol):
    """What holds the leases of events."""

    def now(self) -> float:
        """Monotonic seconds."""
        ...

    def is_certain(self, row: Row) -> bool:
        """True while the lease holds for certain."""
        ...

    def dumps(self, value: Any) -> bytes:
        """JSON text. ValueError or TypeError for what it cannot hold."""
        ...

    def set_progress(self, row: Row, progress: bytes, *, now: bool) -> None:
        """Keeps the progress for the next renewal; with `now` that is at once, though once a second at most."""
        ...


class Previous:
    """How the attempt before this one ended."""

    __slots__ = ("_body",)

    def __init__(self, body: Mapping[str, Any]) -> None:
        self._body = body

    @property
    def outcome(self) -> str:
        """`failed`, `released`, or how the lease was lost: `expired`, `engine_unresponsive`, …"""
        outcome: str = self._body["outcome"]
        return outcome

    @property
    def error(self) -> Any:
        """What was reported of a failure."""
        return self._body["error"]

    @property
    def progress(self) -> Any:
        """The last progress that was reported."""
        return self._body["progress"]

    @property
    def code(self) -> str | None:
        """Why it was released, for programs."""
        return self._body.get("code")

    @property
    def reason(self) -> str | None:
        """Why it was released, for people."""
        return self._body.get("reason")

    @property
    def ended_at(self) -> datetime:
        """When it ended, by the server's clock."""
        return _time(self._body["ended_at"])


class Event(Generic[P, S]):
    """A leased event. Its text form has no payload, so that it may be logged."""

    __slots__ = ("_body", "_holder", "_row", "_stopped", "payload", "state")

    if not TYPE_CHECKING:

        def __class_getitem__(cls, types: Any) -> Any:
            """`Event[Scene]` is an `Event[Scene, object]`: before Python 3.13 type parameters have no defaults."""
            return super().__class_getitem__(types if isinstance(types, tuple) else (types, object))

    payload: P
    """Decoded as the handler's annotation says."""
    state: S
    """What the engine's `lifespan` has yielded."""

    def __init__(self, body: Mapping[str, Any], row: Row, holder: Holder) -> None:
        self._body = body
        self._row = row
        self._holder = holder
        self._stopped: threading.Event | None = None

    def __repr__(self) -> str:
        return f"<Event {self.event_id} {self.event_type} attempt={self.attempt}>"

    @property
    def event_id(self) -> str:
        """The same for every attempt: use it as the key of what must not be done twice."""
        return self._row.event_id

    @property
    def event_type(self) -> str:
        """By which its handler was chosen."""
        return self._row.event_type

    @property
    def payload_text(self) -> str:
        """The payload as JSON."""
        return self._holder.dumps(self._body["payload"]).decode()

    @property
    def attempt(self) -> int:
        """From 1, never reset."""
        return self._row.attempt

    @property
    def max_attempts(self) -> int:
        """This attempt and the retries that are left."""
        return int(self._body["max_attempts"])

    @property
    def is_last_attempt(self) -> bool:
        """True if a failure now makes a dead letter."""
        return self.attempt >= self.max_attempts

    @property
    def retries_left(self) -> int:
        """Failures that may still be reported before the one that makes a dead letter."""
        return int(self._body["retries_left"])

    @property
    def losses_left(self) -> int:
        """Silent losses until it becomes a dead letter, this attempt's included."""
        return int(self._body["losses_left"])

    @property
    def releases_in_row(self) -> int:
        """How often it was released in a row before this attempt."""
        return int(self._body["releases_in_row"])

    @property
    def previous(self) -> Previous | None:
        """The attempt before; None at the first."""
        previous = self._body["previous"]
        return Previous(previous) if previous else None

    @property
    def priority(self) -> int:
        """0 to 9; 9 comes first."""
        return int(self._body["priority"])

    @property
    def scenario_run_id(self) -> str | None:
        """The run it belongs to."""
        run_id: str | None = self._body["scenario_run_id"]
        return run_id

    @property
    def created_at(self) -> datetime:
        """When it was enqueued, by the server's clock."""
        return _time(self._body["created_at"])

    @property
    def traceparent(self) -> str | None:
        """The trace context it was enqueued with."""
        traceparent: str | None = self._body["traceparent"]
        return traceparent

    @property
    def tracestate(self) -> str | None:
        """What goes with `traceparent`."""
        return self._body.get("tracestate")

    def progress(self, value: Any, *, now: bool = False) -> None:
        """Keeps how far the work is, for people and for the next attempt; it goes with the next heartbeat.

        With `now` it is sent at once, but at most once a second.
        """
        self._holder.set_progress(self._row, self._holder.dumps(value), now=now)

    @property
    def cancelled(self) -> Told | None:
        """Why the handler should stop, or None."""
        return self._row.told

    def check(self) -> None:
        """Raises HandlerInterrupted once the handler should stop."""
        if self._row.told is not None:
            raise HandlerInterrupted(self._row.told)

    def wait_cancelled(self, seconds: float | None = None) -> bool:
        """Sleeps in a thread; returns early, and True, once the handler should stop."""
        stopped = self._stopped
        if stopped is None:
            self._stopped = stopped = threading.Event()
            if self._row.wake is None:
                self._row.wake = stopped.set
        return self._row.told is not None or stopped.wait(seconds)

    @property
    def lease_certain(self) -> bool:
        """False where the lease may have ended, as far as this process can know."""
        return self._holder.is_certain(self._row)

    def check_certain(self) -> None:
        """Raises LeaseUncertain, which releases the event: to be called before what cannot be undone."""
        if not self.lease_certain:
            raise LeaseUncertain

    def seconds_left(self) -> float | None:
        """Until the handler's time limit; None without one."""
        limit = self._row.time_limit_at
        return None if limit is None else max(limit - self._holder.now(), 0.0)


def row_of(event: Event[Any, Any]) -> Row:
    """Its row in the table of leases."""
    return event._row  # pyright: ignore[reportPrivateUsage]


def body_of(event: Event[Any, Any]) -> Mapping[str, Any]:
    """As the server has sent it."""
    return event._body  # pyright: ignore[reportPrivateUsage]


def enter(event: Event[Any, Any]) -> None:
    """Makes it the current event of this context."""
    _current.set(event)


def _time(text: str) -> datetime:
    text = _FRACTION.sub(lambda found: f".{found[1][:6]:0<6}", text.replace("Z", "+00:00"))
    return datetime.fromisoformat(text)
