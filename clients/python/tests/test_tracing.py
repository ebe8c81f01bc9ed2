"""Traces: what producers send of theirs, and the span of an attempt."""

import asyncio
import sys
from typing import Any

import pytest
from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from eventlease import AsyncClient, Client, tracing
from eventlease.testing import FakeServer

PARENT = f"00-{'1' * 32}-{'2' * 16}-01"
EVENT = {"event_id": "e1", "event_type": "asked", "attempt": 2, "traceparent": PARENT}
EXPORTER = InMemorySpanExporter()
PROVIDER = TracerProvider()
PROVIDER.add_span_processor(SimpleSpanProcessor(EXPORTER))


@pytest.fixture(autouse=True)
def _tracing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trace, "get_tracer", PROVIDER.get_tracer)
    EXPORTER.clear()


def enqueue(*events: dict[str, Any]) -> list[dict[str, Any]]:
    with FakeServer() as server, Client(transport=server.transport) as client:
        client.enqueue_many([{"engine_type": "q", "event_type": "t", "payload": 1, **event} for event in events])
        sent: list[dict[str, Any]] = server.requests[0][1]["events"]
        return sent


def test_an_event_belongs_to_the_trace_in_which_it_is_enqueued() -> None:
    with PROVIDER.get_tracer("test").start_as_current_span("outer") as span:
        (event,) = enqueue({})
    context = span.get_span_context()
    assert event["traceparent"].startswith(f"00-{context.trace_id:032x}-{context.span_id:016x}-")


def test_events_that_a_task_enqueues_belong_to_its_trace() -> None:
    async def main(server: FakeServer) -> None:
        async with AsyncClient(transport=server.transport) as client:
            with PROVIDER.get_tracer("test").start_as_current_span("outer") as span:
                await client.enqueue("q", "t", 1)
                await client.enqueue_many([{"engine_type": "q", "event_type": "t", "payload": 1}])
        of_trace = f"00-{span.get_span_context().trace_id:032x}-"
        assert all(event.body["traceparent"].startswith(of_trace) for event in server.state.events.values())

    with FakeServer() as server:
        asyncio.run(main(server))


def test_an_events_own_trace_is_left_to_it() -> None:
    with PROVIDER.get_tracer("test").start_as_current_span("outer"):
        own, current = enqueue({"traceparent": PARENT}, {})
    assert own["traceparent"] == PARENT != current["traceparent"]


def test_outside_of_a_trace_an_event_has_none() -> None:
    (event,) = enqueue({})
    assert "traceparent" not in event


def test_an_attempt_is_a_span_below_its_event() -> None:
    with tracing.processing(EVENT, "dialogue") as ended:
        inner = trace.get_current_span().get_span_context()
        ended("completed")
    (span,) = EXPORTER.get_finished_spans()
    assert (span.name, span.kind) == ("process asked", trace.SpanKind.CONSUMER)
    assert span.parent is not None
    assert f"00-{span.parent.trace_id:032x}-{span.parent.span_id:016x}-01" == PARENT
    assert [link.context.span_id for link in span.links] == [span.parent.span_id]
    assert span.context is not None
    assert span.context.span_id == inner.span_id
    assert span.attributes is not None
    assert span.attributes["messaging.destination.name"] == "dialogue"
    assert (span.attributes["eventlease.attempt"], span.attributes["eventlease.outcome"]) == (2, "completed")


def test_a_failure_is_in_the_span() -> None:
    with tracing.processing({**EVENT, "traceparent": None}, "dialogue") as ended:
        ended("failed", ValueError("no"))
    (span,) = EXPORTER.get_finished_spans()
    assert (span.status.status_code, span.parent, span.links) == (trace.StatusCode.ERROR, None, ())
    assert [event.name for event in span.events] == ["exception"]


def test_without_opentelemetry_nothing_is_traced(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in sys.modules if name.startswith("opentelemetry")]:
        monkeypatch.delitem(sys.modules, name)
    assert tracing.trace_context() == {}
    with tracing.processing(EVENT, "dialogue") as ended:
        ended("completed")
    assert "opentelemetry" not in sys.modules
