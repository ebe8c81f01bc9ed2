"""Engines and producers for EventLease."""

from eventlease.async_client import AsyncClient
from eventlease.client import Client
from eventlease.engine import Engine
from eventlease.enqueuing import Enqueued, EventOptions
from eventlease.errors import (
    AlreadySettled,
    BufferFull,
    ConfigurationError,
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
from eventlease.event import Event, Previous, current_event
from eventlease.openapi import NewEvent
from eventlease.outcomes import (
    Completed,
    EngineRefused,
    Failed,
    HandlerInterrupted,
    Hold,
    LeaseUncertain,
    NotRetryable,
    Release,
    Released,
    Report,
    RetryAfter,
)
from eventlease.program import run
from eventlease.stats import Stats
from eventlease.version import VERSION as __version__

__all__ = [
    "AlreadySettled", "AsyncClient", "BufferFull", "Client", "Completed", "ConfigurationError", "Conflict", "Engine",
    "EngineRefused", "Enqueued", "Event", "EventCancelled", "EventFailed", "EventLeaseError", "EventOptions",
    "Failed", "Forbidden", "HandlerInterrupted", "Hold", "InvalidInput", "LeaseLost", "LeaseUncertain", "NewEvent",
    "NotEventLease", "NotFound", "NotRetryable", "Previous", "ProblemError", "Release", "Released", "Report",
    "RetryAfter", "Stats", "Unauthenticated", "Unavailable", "__version__", "current_event", "run",
]  # fmt: skip
