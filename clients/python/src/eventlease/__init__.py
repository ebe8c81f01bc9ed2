"""Engines and producers for EventLease."""

from eventlease.errors import (
    AlreadySettled,
    BufferFull,
    Conflict,
    EventCancelled,
    EventFailed,
    EventLeaseError,
    Forbidden,
    InvalidInput,
    LeaseLost,
    NotEventLease,
    NotFound,
    ProblemError,
    Unauthenticated,
    Unavailable,
)
from eventlease.version import VERSION as __version__

__all__ = [
    "AlreadySettled",
    "BufferFull",
    "Conflict",
    "EventCancelled",
    "EventFailed",
    "EventLeaseError",
    "Forbidden",
    "InvalidInput",
    "LeaseLost",
    "NotEventLease",
    "NotFound",
    "ProblemError",
    "Unauthenticated",
    "Unavailable",
    "__version__",
]
