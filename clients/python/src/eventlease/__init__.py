"""Engines and producers for EventLease."""

from eventlease.async_client import AsyncClient
from eventlease.client import Client
from eventlease.enqueuing import Enqueued, EventOptions
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
    "AsyncClient",
    "BufferFull",
    "Client",
    "Conflict",
    "Enqueued",
    "EventCancelled",
    "EventFailed",
    "EventLeaseError",
    "EventOptions",
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
