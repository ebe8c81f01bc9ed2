"""The library beside the server's document: its limits, the calls it makes, and the bodies it sends."""

import json
import re
import threading
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import jsonschema
import pytest

from eventlease import (
    Client,
    Completed,
    Engine,
    EventLeaseError,
    Hold,
    NewEvent,
    NotRetryable,
    Release,
    RetryAfter,
    enqueuing,
    heart,
    poller,
    reports,
    settler,
    waiting,
)
from eventlease.errors import problem_error
from eventlease.testing import FakeServer
from eventlease.transport import Reply, Request, Transport

CLIENTS = Path(__file__).parents[2]
CONTRACT = json.loads((CLIENTS / "contract.json").read_text())
DOCUMENT = json.loads((CLIENTS.parent / "docs" / "openapi.json").read_text())
BOUNDS, LIMITS = CONTRACT["bounds"], CONTRACT["limits"]
PATTERNS = [
    (name, operation, re.compile(re.sub(r"\{\w+\}", "[^/]+", operation["path"])))
    for name, operation in CONTRACT["operations"].items()
]


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        (enqueuing.MAX_BATCH_EVENTS, LIMITS["max_batch_events"]),
        (enqueuing.MAX_BATCH_EVENTS, BOUNDS["NewEventBatch.events"]["maxItems"]),
        (waiting.MAX_AWAITED, BOUNDS["WaitForEvents.event_ids"]["maxItems"]),
        (waiting.MAX_WAIT_SECONDS, BOUNDS["WaitForEvents.wait_seconds"]["maximum"]),
        (heart.MAX_LEASES, BOUNDS["Heartbeat.leases"]["maxItems"]),
        (heart.MAX_WAIT_SECONDS, BOUNDS["Heartbeat.wait_seconds"]["maximum"]),
        (poller.MAX_EVENTS, BOUNDS["Exchange.limit"]["maximum"]),
        (poller.WAIT_SECONDS, BOUNDS["Exchange.wait_seconds"]["maximum"]),
        (settler.MAX_ENTRIES, BOUNDS["SettlementBatch.settlements"]["maxItems"]),
        (settler.MAX_ENTRIES, BOUNDS["Exchange.settlements"]["maxItems"]),
        (settler.MAX_BYTES, LIMITS["max_body_bytes"]),
        (reports.MAX_DELAY_SECONDS, BOUNDS["ReleasedSettlement.delay_seconds"]["maximum"]),
        (reports.MAX_DELAY_SECONDS, BOUNDS["FailedSettlement.delay_seconds"]["maximum"]),
        (reports.MAX_DETAIL_BYTES, LIMITS["max_detail_bytes"]),
        (reports.MAX_REASON_CHARS, BOUNDS["ReleasedSettlement.reason"]["maxLength"]),
    ],
)
def test_limits_are_within_those_of_the_server(ours: int, theirs: int) -> None:
    assert ours <= theirs


@pytest.mark.parametrize("code", CONTRACT["enumerations"]["ProblemCode"])
def test_every_code_is_an_error(code: str) -> None:
    assert isinstance(problem_error({"code": code, "status": 409, "detail": ""}), EventLeaseError)


class Checked:
    """A transport that compares every request with the document before it is answered."""

    def __init__(self, inner: Transport, seen: set[str]) -> None:
        self._inner, self._seen = inner, seen

    def send(self, request: Request, seconds: float) -> Reply:
        try:
            self._seen.add(check(request))
        except (AssertionError, KeyError, jsonschema.ValidationError) as error:
            self._seen.add(f"wrong: {request.method} {request.path}: {error}")
        return self._inner.send(request, seconds)

    def close(self) -> None:
        self._inner.close()


def check(request: Request) -> str:
    """The operation of a request that is as the document has it."""
    path, _, query = request.path.partition("?")
    found = [
        (name, operation)
        for name, operation, pattern in PATTERNS
        if operation["method"] == request.method and pattern.fullmatch(f"/api/v1{path}")
    ]
    assert found, f"there is no {request.method} {path}"
    # /events/batch is also of the form /events/{event_id}
    name, operation = min(found, key=lambda each: each[1]["path"].count("{"))
    for parameter in parse_qs(query):
        assert operation["parameters"][parameter]["in"] == "query"
    if request.body:
        validator(operation["body"]).validate(json.loads(request.body))
    else:
        assert operation["body"] is None or name in ("resume_engine", "cancel_event", "drain_engine")
    return str(name)


def validator(schema: str) -> Any:
    root = {"$ref": f"#/components/schemas/{schema}", "components": DOCUMENT["components"]}
    return jsonschema.Draft202012Validator(root)


@pytest.fixture
def seen() -> set[str]:
    return set()


def test_what_a_producer_sends_is_as_the_document_has_it(server: FakeServer, seen: set[str]) -> None:
    with Client(transport=lambda url: Checked(server.transport(url), seen)) as client:
        event = client.enqueue(
            "dialogue",
            "asked",
            {"npc": "Mira"},
            priority=9,
            delay_seconds=3,
            scenario_run_id=7,
            visibility_timeout_seconds=60,
            retry_policy={"max_retries": 1},
            idempotency_key="k",
            unique_key="u",
            discard_after_seconds=60,
            traceparent=f"00-{'1' * 32}-{'2' * 16}-01",
            tracestate="a=b",
        )
        client.enqueue_many([{"engine_type": "dialogue", "event_type": "asked", "payload": 1}] * 3)
        client.cancel(event.event_id)
        client.read(event.event_id)
        client.wait_many([event.event_id])
        client.read_run(7)
        client.wait_for_run("unknown")
        client.cancel_run(7)
        client.reopen_run(7)
        client.call("GET", "/server")
    assert seen == {
        "enqueue_event", "enqueue_batch", "cancel_event", "read_event", "wait_for_events", "read_scenario_run",
        "cancel_scenario_run", "reopen_scenario_run", "read_server",
    }  # fmt: skip


def test_what_an_engine_sends_is_as_the_document_has_it(server: FakeServer, seen: set[str]) -> None:
    engine = Engine(
        "dialogue",
        concurrency=3,
        software_version="1.0",
        capabilities=["speech"],
        scenario_run_id="r",
        may_enqueue=["other"],
        visibility_timeout_seconds=60,
        metadata={"region": "eu"},
        transport=lambda url: Checked(server.transport(url), seen),
    )
    follow_up: NewEvent = {"engine_type": "other", "event_type": "next", "payload": 1, "unique_key": "u"}
    ends: dict[str, Any] = {
        "returns": {"line": "Hello!"},
        "returns nothing": None,
        "follows up": Completed(1, enqueue=[follow_up]),
        "fails": ValueError("x" * 10_000),
        "is hopeless": NotRetryable("no", details={"a": 1}, fingerprint="f"),
        "retries later": RetryAfter(99_999_999, "later"),
        "releases": Release(5, "not now", code="busy"),
        "holds": Hold(30, "y" * 1000),
    }
    left, is_done = set(ends), threading.Event()

    @engine.on("asked")
    def handle(event: Any) -> Any:
        event.progress({"half": True})
        end = ends[event.payload]
        if isinstance(end, Exception):
            raise end
        return end

    @engine.on_settled
    def settled(event: Any, _report: Any, _answer: Any) -> None:
        left.discard(event.payload)
        if not left:
            is_done.set()

    with Client(transport=server.transport) as client:
        # The last one, since the engine asks for nothing from then on.
        for name in ends:
            client.enqueue("dialogue", "asked", name, priority=0 if name == "holds" else 5)
        client.enqueue("dialogue", "of-no-handler", 1, priority=9)
    engine.start()
    try:
        assert is_done.wait(30), left
    finally:
        engine.stop()
    assert seen - {"settle_batch", "drain_engine"} == {
        "register_engine", "exchange_leases", "send_heartbeat", "deregister_engine",
    }  # fmt: skip
