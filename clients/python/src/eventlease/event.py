"""The event that a handler gets."""

from __future__ import annotations

import threading
from contextvars import ContextVar
from datetime import datetime
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from eventlease.encoding import read_time
from eventlease.outcomes import HandlerInterrupted, LeaseUncertain

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from typing_extensions import TypeVar as TypeVarWithDefault

    from eventlease.leases import Leases
    from eventlease.rules.leases import Row, Told

    P = TypeVarWithDefault("P", default=Any)  # so that a plain `Event` has any payload
    S = TypeVarWithDefault("S", default=object)  # handlers that use the state name its type
else:
    P = TypeVar("P")  # before Python 3.13 they have no defaults when they run
    S = TypeVar("S")

T = TypeVar("T")
_current: ContextVar[Event[Any, Any]] = ContextVar("eventlease_event")


def current_event() -> Event[Any, Any]:
    """The event whose handler runs in this context. Raises LookupError outside of handlers."""
    event = _current.get(None)
    if event is None:
        raise LookupError("no handler runs in this thread or task, or its context was not copied")
    return event


class _Member(Generic[T]):
    """Reads a member of the JSON object that the server has sent."""

    def __init__(self, name: str, read: Callable[[Any], T] = lambda value: value) -> None:
        self._name = name
        self._read = read

    def __get__(self, of: Any, _: Any = None) -> T:
        return self._read(of._body.get(self._name))


class Previous:
    """How the attempt before this one ended."""

    __slots__ = ("_body",)

    outcome = _Member[str]("outcome")
    """`failed`, `released`, or how the lease was lost: `expired`, `engine_unresponsive`, …"""
    error = _Member[Any]("error")
    """The error that was reported."""
    progress = _Member[Any]("progress")
    """The last progress that was reported."""
    code = _Member[str | None]("code")
    """Why it was released, for programs."""
    reason = _Member[str | None]("reason")
    """Why it was released, for people."""
    ended_at = _Member[datetime]("ended_at", read_time)
    """When it ended, by the server's clock."""

    def __init__(self, body: Mapping[str, Any]) -> None:
        self._body = body


class Event(Generic[P, S]):
    """A leased event. Its text form has no payload, so that it may be logged."""

    __slots__ = ("_body", "_leases", "_row", "_stopped", "payload", "state")

    if not TYPE_CHECKING:

        def __class_getitem__(cls, types: Any) -> Any:
            """`Event[Scene]` is an `Event[Scene, object]`: before Python 3.13 type parameters have no defaults."""
            return super().__class_getitem__(types if isinstance(types, tuple) else (types, object))

    payload: P
    """Decoded as the handler's annotation says."""
    state: S
    """What the engine's `lifespan` has yielded."""
    event_id = _Member[str]("event_id")
    """The same for every attempt: use it as the key of what must not be done twice."""
    event_type = _Member[str]("event_type")
    """The type by which its handler was chosen."""
    attempt = _Member[int]("attempt", int)
    """Counts leases of the event from 1; never reset."""
    max_attempts = _Member[int]("max_attempts", int)
    """This attempt and the retries that are left."""
    retries_left = _Member[int]("retries_left", int)
    """Failures that may still be reported before the one that makes a dead letter."""
    losses_left = _Member[int]("losses_left", int)
    """Silent losses until it becomes a dead letter, this attempt's included."""
    releases_in_row = _Member[int]("releases_in_row", int)
    """How often it was released in a row before this attempt."""
    previous = _Member["Previous | None"]("previous", lambda previous: Previous(previous) if previous else None)
    """The attempt before; None at the first."""
    priority = _Member[int]("priority", int)
    """0 to 9; 9 comes first."""
    scenario_run_id = _Member[str | None]("scenario_run_id")
    """The run it belongs to."""
    created_at = _Member[datetime]("created_at", read_time)
    """When it was enqueued, by the server's clock."""
    traceparent = _Member[str | None]("traceparent")
    """The trace context it was enqueued with."""
    tracestate = _Member[str | None]("tracestate")
    """What goes with `traceparent`."""

    def __init__(self, body: Mapping[str, Any], row: Row, leases: Leases) -> None:
        self._body = body
        self._row = row
        self._leases = leases
        self._stopped: threading.Event | None = None

    def __repr__(self) -> str:
        return f"<Event {self.event_id} {self.event_type} attempt={self.attempt}>"

    @property
    def payload_text(self) -> str:
        """The payload as JSON."""
        return self._leases.dumps(self._body["payload"]).decode()

    @property
    def is_last_attempt(self) -> bool:
        """True if a failure now makes a dead letter."""
        return self.attempt >= self.max_attempts

    def progress(self, value: Any, *, now: bool = False) -> None:
        """Says how far the work is, for people and for the next attempt. It is sent with the next heartbeat.

        With `now` it is sent at once, but at most once a second.
        """
        self._leases.set_progress(self._row, self._leases.dumps(value), now=now)

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
        """False if the lease may have ended, as far as this process can know."""
        return self._leases.is_certain(self._row)

    def check_certain(self) -> None:
        """Call it before a step that cannot be undone: raises LeaseUncertain, which releases the event, in doubt."""
        if not self.lease_certain:
            raise LeaseUncertain

    def seconds_left(self) -> float | None:
        """Seconds until the handler's time limit; None without one."""
        limit = self._row.time_limit_at
        return None if limit is None else max(limit - self._leases.now(), 0.0)


def body_of(event: Event[Any, Any]) -> Mapping[str, Any]:
    """The event as the server has sent it."""
    return event._body  # pyright: ignore[reportPrivateUsage]


def is_of(leases: Leases) -> bool:
    """True in handlers of the engine that holds these leases, and in other threads that have copied their context."""
    event = _current.get(None)
    return event is not None and event._leases is leases  # pyright: ignore[reportPrivateUsage]


def enter(event: Event[Any, Any]) -> None:
    """Makes it the current event of this context."""
    _current.set(event)
