"""Traces, if the program uses OpenTelemetry. It is never imported here: such a program has imported it."""

from __future__ import annotations

import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Generator, Mapping


class Ended(Protocol):
    """Says how an attempt ended."""

    def __call__(self, outcome: str, error: BaseException | None = None) -> None:
        """`outcome` is what is reported: `completed`, `failed`, `released`, …"""
        ...


def trace_context() -> dict[str, str]:
    """The members `traceparent` and `tracestate` of an event that is enqueued now; none outside of a trace."""
    carrier: dict[str, str] = {}
    propagation = _propagation()
    if propagation is not None:
        propagation.inject(carrier)
    return carrier


@contextmanager
def processing(event: Mapping[str, Any], engine_type: str) -> Generator[Ended]:
    """The span of one attempt, a child of the event's context. It is the current one of the calling thread or task."""
    trace: Any = sys.modules.get("opentelemetry.trace")
    propagation = _propagation()
    if trace is None or propagation is None:
        yield _nothing
        return
    parent = propagation.extract({name: event[name] for name in ("traceparent", "tracestate") if event.get(name)})
    context = trace.get_current_span(parent).get_span_context()
    span = trace.get_tracer("eventlease").start_as_current_span(
        f"process {event['event_type']}",
        context=parent,
        kind=trace.SpanKind.CONSUMER,
        links=[trace.Link(context)] if context.is_valid else [],
        attributes={
            "messaging.system": "eventlease",
            "messaging.operation.name": "process",
            "messaging.operation.type": "process",
            "messaging.destination.name": engine_type,
            "messaging.message.id": event["event_id"],
            "eventlease.event_type": event["event_type"],
            "eventlease.attempt": event["attempt"],
        },
    )
    with span as current:

        def ended(outcome: str, error: BaseException | None = None) -> None:
            current.set_attribute("eventlease.outcome", outcome)
            if error is not None:
                current.record_exception(error)
                current.set_status(trace.Status(trace.StatusCode.ERROR, type(error).__name__))

        yield ended


def _nothing(outcome: str, error: BaseException | None = None) -> None:
    """Without OpenTelemetry there is no span to end."""


def _propagation() -> Any:
    module: Any = sys.modules.get("opentelemetry.trace.propagation.tracecontext")
    if module is None and "opentelemetry.trace" in sys.modules:
        from opentelemetry.trace.propagation import tracecontext

        module = tracecontext
    return module.TraceContextTextMapPropagator() if module else None
