"""What a handler may return or raise, and what is reported of an event."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from eventlease.errors import EventLeaseError, Portable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from eventlease.openapi import NewEvent
    from eventlease.rules.leases import Told


def _checked(name: str, seconds: Any) -> Any:
    if isinstance(seconds, bool) or not isinstance(seconds, (int, float)) or not 0 <= seconds < float("inf"):
        raise ValueError(f"{name} takes seconds, a number from 0 up, and not {seconds!r}")
    return seconds


class NotRetryable(Portable, Exception):
    """Trying again is pointless: the event becomes a dead letter."""

    def __init__(self, message: str = "", *, details: Any = None, fingerprint: str | None = None) -> None:
        super().__init__(message)
        self.details = details
        self.fingerprint = fingerprint


class RetryAfter(Portable, Exception):
    """A failure that is retried after the handler's own delay, a day at most, as long as retries are left."""

    def __init__(self, seconds: float, message: str = "", *, details: Any = None) -> None:
        super().__init__(message)
        self.seconds = _checked("RetryAfter", seconds)
        self.details = details


class Release(Portable, Exception):
    """Gives the event back, for a day at most; no retry is spent. `code` is for programs, `reason` for people."""

    def __init__(self, delay_seconds: float = 0, reason: object = None, *, code: str | None = None) -> None:
        super().__init__("released" if reason is None else reason)
        self.delay_seconds = _checked("Release", delay_seconds)
        self.reason = reason
        self.code = code


class Hold(Portable, Exception):
    """Gives the event back; this engine leases nothing for that time. Raise it when a provider refuses calls."""

    def __init__(self, seconds: float, reason: object = "held by its handler") -> None:
        super().__init__(reason)
        self.seconds = _checked("Hold", seconds)
        self.reason = reason


class LeaseUncertain(Release):
    """The lease may have ended: another engine may be working on the event."""

    def __init__(self) -> None:
        super().__init__(0, "the lease may have ended", code="lease_uncertain")


class HandlerInterrupted(Portable):
    """Raised by `event.check()` once the handler should stop. Like `CancelledError`, it should not be caught."""

    def __init__(self, reason: Told) -> None:
        super().__init__(reason)
        self.reason: Told = reason


class EngineRefused(EventLeaseError):
    """The engine has ended by itself, for example because the server refused it; the message is the reason."""


@dataclass(frozen=True, slots=True)
class Completed:
    """The event is done. A handler may return it in order to enqueue follow-up events in the same transaction.

    `enqueue` has events as for `Client.enqueue_many`: `engine_type`, `event_type`, `payload`, …
    """

    result: Any = None
    enqueue: Sequence[NewEvent] = ()


@dataclass(frozen=True, slots=True)
class Failed:
    """The handler failed. `error` has `type`, `message` and perhaps `details`."""

    error: dict[str, Any]
    retryable: bool = True
    delay_seconds: int | None = None


@dataclass(frozen=True, slots=True)
class Released:
    """The event goes back into its queue."""

    delay_seconds: int = 0
    code: str | None = None
    reason: str | None = None
    hold_seconds: float | None = None
    """For how long the engine holds off."""


Report = Completed | Failed | Released
