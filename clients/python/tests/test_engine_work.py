"""Handlers, their outcomes, and what the server is told of them."""

import asyncio
import json
import logging
import threading
from collections.abc import AsyncGenerator, AsyncIterator, Generator, Iterator
from contextlib import asynccontextmanager, contextmanager, nullcontext
from decimal import Decimal
from queue import SimpleQueue
from typing import Any

import pytest
from working import Between, Desk, got, nothing, until

from eventlease import (
    Client,
    Completed,
    ConfigurationError,
    Engine,
    Event,
    Hold,
    LeaseUncertain,
    NotRetryable,
    Release,
    RetryAfter,
    current_event,
)
from eventlease.testing import FakeServer
from eventlease.transport import Reply, Request


def test_a_result_is_reported(server: FakeServer) -> None:
    desk = Desk(server)

    @desk.engine.on("x")
    def handle(event: Event) -> dict[str, Any]:
        return {"line": f"Hello, {event.payload['npc']}!"}

    event_id = desk.put(payload={"npc": "Mira"})
    with desk.working():
        assert desk.answer()["outcome"] == "completed"
    assert server.event(event_id)["result"] == {"line": "Hello, Mira!"}


def test_an_event_says_how_much_is_left_to_it(server: FakeServer) -> None:
    desk = Desk(server)
    seen: list[tuple[str, bool, float | None]] = []

    def handle(event: Event) -> None:
        seen.append((event.payload_text, event.is_last_attempt, event.seconds_left()))

    desk.engine.on("x")(handle)
    desk.engine.on("limited", timeout_seconds=600)(handle)
    with desk.working():
        for event_type, retries in (("x", 1), ("limited", 0)):
            desk.put(event_type, {"npc": "Mira"}, retry_policy={"max_retries": retries})
            desk.answer()
    assert seen[0] == ('{"npc":"Mira"}', False, None)
    text, is_last, left = seen[1]
    assert (text, is_last) == ('{"npc":"Mira"}', True)
    assert left is not None
    assert 0 < left <= 600


def test_coroutines_work_beside_threads(server: FakeServer) -> None:
    desk = Desk(server, concurrency=2)
    both = threading.Barrier(2)

    @desk.engine.on("thread")
    def in_thread(_: Event) -> str:
        both.wait(30)
        return "thread"

    @desk.engine.on("task")
    async def in_task(_: Event) -> str:
        await asyncio.to_thread(both.wait, 30)
        return "task"

    ids = {name: desk.put(name) for name in ("thread", "task")}
    with desk.working():
        desk.answer()
        desk.answer()
    assert {name: server.event(event_id)["result"] for name, event_id in ids.items()} == {
        "thread": "thread",
        "task": "task",
    }


@pytest.mark.parametrize(
    ("error", "outcome"),
    [
        (ValueError("broken"), "retry_scheduled"),
        (RetryAfter(60, "later"), "retry_scheduled"),
        (NotRetryable("hopeless"), "dead_lettered"),
        (KeyError("listed"), "dead_lettered"),
        (Release(60), "released"),
        (Hold(0.01, "busy"), "released"),
        (LeaseUncertain(), "released"),
        (SystemExit(1), "retry_scheduled"),
    ],
)
@pytest.mark.parametrize("is_async", [False, True])
def test_what_a_handler_raises_decides(server: FakeServer, error: BaseException, outcome: str, is_async: bool) -> None:
    desk = Desk(server)

    def handle(_: Event) -> None:
        raise error

    async def handle_on_loop(_: Event) -> None:
        raise error

    desk.engine.on("x", not_retryable=[KeyError])(handle_on_loop if is_async else handle)
    desk.put()
    with desk.working():
        assert desk.answer()["outcome"] == outcome


def test_a_failure_says_what_and_where(server: FakeServer) -> None:
    desk = Desk(server)

    @desk.engine.on("x")
    def handle(_: Event) -> None:
        raise NotRetryable("outer", details={"hint": 1}, fingerprint="same cause") from KeyError("inner")

    event_id = desk.put()
    with desk.working():
        desk.answer()
    error = desk.attempt(event_id)["error"]
    assert (error["type"], error["message"], error["fingerprint"]) == ("NotRetryable", "outer", "same cause")
    assert error["details"]["details"] == {"hint": 1}
    assert error["details"]["cause"] == [{"type": "KeyError", "message": "'inner'"}]
    assert "in handle" in error["details"]["traceback"]
    assert "/runners/" not in error["details"]["traceback"]


@pytest.mark.parametrize(
    ("result", "kind"), [(float("nan"), "ResultNotJson"), (object(), "ResultNotJson"), ("x" * 300_000, "ResultRefused")]
)
def test_a_result_that_cannot_be_sent_fails_for_good(server: FakeServer, result: Any, kind: str) -> None:
    desk = Desk(server)

    @desk.engine.on("x")
    def handle(_: Event) -> Any:
        return result

    event_id = desk.put()
    with desk.working():
        assert desk.answer()["outcome"] == "dead_lettered"
    assert desk.attempt(event_id)["error"]["type"] == kind


def test_a_result_that_the_server_refuses_fails_for_good(server: FakeServer) -> None:
    desk = Desk(server)
    deep: list[Any] = []
    for _ in range(70):
        deep = [deep]

    @desk.engine.on("x")
    def handle(_: Event) -> Any:
        return deep

    event_id = desk.put()
    with desk.working():
        assert desk.answer()["outcome"] == "dead_lettered"
    error = desk.attempt(event_id)["error"]
    assert error["type"] == "ResultRefused"
    assert error["details"]["errors"]


def test_follow_ups_go_with_the_completion(server: FakeServer) -> None:
    desk = Desk(server)

    @desk.engine.on("x")
    def handle(event: Event) -> Completed:
        return Completed("done", enqueue=[{"engine_type": "speech", "event_type": "speak", "payload": event.payload}])

    event_id = desk.put(payload={"text": "hello"})
    with desk.working():
        answer = desk.answer()
    assert server.event(event_id)["result"] == "done"
    assert server.event(answer["enqueued"][0]["event_id"])["event_type"] == "speak"


@pytest.mark.parametrize("error", [RetryAfter(0), Release(), Hold(0.1), ValueError("broken")])
def test_progress_is_there_for_later_attempts_though_one_reports_none(server: FakeServer, error: Exception) -> None:
    desk = Desk(server)
    seen: list[Any] = []

    @desk.engine.on("x")
    def handle(event: Event) -> None:
        seen.append(event.previous.progress if event.previous else None)
        if len(seen) == 1:
            event.progress({"lines": [1, 2]})
        if len(seen) < 3:
            raise error

    desk.put(retry_policy={"retry_delay": {"initial": 0, "max": 0}})
    with desk.working():
        until(lambda: len(seen) == 3)
    assert seen == [None, {"lines": [1, 2]}, {"lines": [1, 2]}]


def test_progress_outlasts_an_attempt_that_is_lost(server: FakeServer) -> None:
    desk = Desk(server)
    seen: list[Any] = []

    @desk.engine.on("x")
    def handle(event: Event) -> None:
        seen.append(event.previous.progress if event.previous else None)
        if len(seen) == 1:
            event.progress(5)
            raise Release
        if len(seen) == 2:
            event.wait_cancelled(30)
            event.check()  # what it returned would count for the third attempt

    desk.put()
    with desk.working():
        until(lambda: [b for b in desk.bodies("heartbeat") if any(e.get("progress") == 5 for e in b["leases"])])
        server.expire_leases()
        until(lambda: len(seen) == 3)
    assert seen == [None, 5, 5]


def test_progress_that_cannot_wait_is_sent_while_the_handler_runs(server: FakeServer) -> None:
    desk = Desk(server, heartbeat_timeout_seconds=600)
    sent = threading.Event()

    @desk.engine.on("x")
    def handle(event: Event) -> None:
        event.progress({"half": True}, now=True)
        got(sent)

    desk.put()
    with desk.working():
        until(lambda: [entry for entry in desk.sent("processing") if entry["progress"] == {"half": True}])
        sent.set()
        desk.answer()


def test_hold_stops_the_asking(server: FakeServer) -> None:
    desk = Desk(server)

    @desk.engine.on("x")
    def handle(_: Event) -> None:
        raise Hold(3600, "the provider refuses calls")

    event_id = desk.put()
    with desk.working():
        assert desk.answer()["outcome"] == "released"
        until(lambda: [body for body in desk.bodies("heartbeat") if "holding_off" in body])
        assert desk.attempt(event_id)["code"] == "hold"
        until(lambda: desk.engine.stats().released >= 1)
        assert not desk.engine.stats().running


def test_an_event_type_without_a_handler_is_given_back(server: FakeServer) -> None:
    desk = Desk(server)
    desk.engine.on("x")(nothing)
    event_id = desk.put("other")
    with desk.working():
        assert desk.answer()["outcome"] == "released"
    assert desk.attempt(event_id)["code"] == "no_handler"


def test_the_tenth_release_in_a_row_for_want_of_a_handler_is_a_failure(server: FakeServer) -> None:
    desk = Desk(server, heartbeat_timeout_seconds=86_400)
    desk.engine.on("x")(nothing)
    event_id = desk.put("other")
    with desk.working():
        for _ in range(9):
            assert desk.answer()["outcome"] == "released"
            server.advance(301)
        assert desk.answer()["outcome"] == "dead_lettered"
    assert desk.attempt(event_id)["error"]["type"] == "NoHandler"


def test_an_engine_may_refuse_unknown_types_and_take_all(server: FakeServer) -> None:
    strict, all_types = Desk(server, on_unknown_type="fail"), Desk(server)
    strict.engine.on("x")(nothing)

    @all_types.engine.on("*")
    def handle(event: Event) -> Any:
        return event.event_type

    strict.put("other")
    with strict.working():
        assert strict.answer()["outcome"] == "dead_lettered"
    event_id = all_types.put("other")
    with all_types.working():
        all_types.answer()
    assert server.event(event_id)["result"] == "other"


def test_a_layer_that_forgets_to_return_makes_the_event_fail(server: FakeServer) -> None:
    desk = Desk(server)

    @desk.engine.around
    def forgetful(event: Event, call: Any) -> None:
        call(event)

    @desk.engine.around
    async def forgetful_on_loop(event: Event, call: Any) -> None:
        await call(event)

    @desk.engine.on("thread")
    def in_thread(_: Event) -> str:
        return "paid for"

    @desk.engine.on("task")
    async def on_task(_: Event) -> str:
        return "paid for"

    @desk.engine.on("nothing")
    def returns_nothing(_: Event) -> None:
        pass

    with desk.working():
        for event_type in ("thread", "task"):
            event_id = desk.put(event_type)
            assert desk.answer()["outcome"] == "retry_scheduled"
            assert "must return what `call` returns" in desk.attempt(event_id)["error"]["message"]
        desk.put("nothing")
        assert desk.answer()["outcome"] == "completed"


def test_a_failure_with_a_delay_on_the_last_attempt_is_a_warning(
    server: FakeServer, caplog: pytest.LogCaptureFixture
) -> None:
    desk = Desk(server)

    @desk.engine.on("x")
    def busy(_: Event) -> None:
        raise RetryAfter(9, "busy")

    with caplog.at_level(logging.INFO, "eventlease.handler"), desk.working():
        desk.put(retry_policy={"max_retries": 0})
        assert desk.answer()["outcome"] == "dead_lettered"
    texts = [record.message for record in caplog.records if record.levelno == logging.WARNING]
    assert any("becomes a dead letter, because no retries are left: RetryAfter: busy" in text for text in texts)


def test_layers_are_around_handlers_of_their_kind(server: FakeServer) -> None:
    desk = Desk(server)
    seen: list[str] = []

    @desk.engine.around
    def outer(event: Event, call: Any) -> Any:
        seen.append("outer")
        return call(event)

    @desk.engine.around
    def inner(event: Event, call: Any) -> Any:
        seen.append("inner")
        return call(event)

    @desk.engine.around
    async def on_loop(event: Event, call: Any) -> Any:
        seen.append("loop")
        return await call(event)

    @desk.engine.on("thread")
    def in_thread(_: Event) -> None:
        seen.append("thread")

    @desk.engine.on("task")
    async def in_task(_: Event) -> None:
        seen.append("task")

    with desk.working():
        desk.put("thread")
        desk.answer()
        desk.put("task")
        desk.answer()
    assert seen == ["outer", "inner", "thread", "loop", "task"]


@pytest.mark.parametrize("is_async", [False, True])
def test_what_the_lifespan_yields_is_there_for_handlers(server: FakeServer, is_async: bool) -> None:
    seen: list[Any] = []

    @contextmanager
    def plain() -> Generator[str]:
        seen.append("entered")
        yield "pool"
        seen.append("left")

    @asynccontextmanager
    async def on_loop() -> AsyncGenerator[str]:
        seen.append("entered")
        yield "pool"
        seen.append("left")

    desk = Desk(server, lifespan=on_loop if is_async else plain)

    @desk.engine.on("x")
    def handle(event: Event) -> Any:
        return seen.append(event.state)

    desk.put()
    with desk.working():
        desk.answer()
    assert seen == ["entered", "pool", "left"]


def test_the_current_event_follows_into_what_a_handler_calls(server: FakeServer) -> None:
    desk = Desk(server)

    @desk.engine.on("x")
    def handle(event: Event) -> Any:
        return current_event() is event

    event_id = desk.put()
    with desk.working():
        desk.answer()
    assert server.event(event_id)["result"] is True
    with pytest.raises(LookupError, match="no handler runs"):
        current_event()


def test_a_callback_that_fails_changes_nothing(server: FakeServer) -> None:
    desk = Desk(server)
    desk.engine.on("x")(nothing)

    @desk.engine.on_settled
    def broken(*_: Any) -> None:
        raise ValueError("broken")

    with desk.working():
        for _ in range(3):
            desk.put()
            desk.answer()


def test_an_engine_is_set_up_wrongly() -> None:
    with FakeServer() as server:
        desk = Desk(server)
        with pytest.raises(ConfigurationError, match="no handler"):
            desk.engine.start()
        desk.engine.on("x")(nothing)
        with pytest.raises(ConfigurationError, match="already"):
            desk.engine.on("x")(nothing)


def passing(event: Event, call: Any) -> Any:
    """A layer that adds nothing."""
    return call(event)


def unfinished() -> Iterator[int]:
    """Lacks `contextmanager`."""
    yield 1


async def unfinished_async() -> AsyncIterator[int]:
    """Lacks `asynccontextmanager`."""
    yield 1


@pytest.mark.parametrize(
    "settings",
    [
        *({"concurrency": 0}, {"concurrency": "3"}, {"concurrency": 1.5}, {"prefetch": -1}, {"prefetch": 10**6}),
        *({"timeout_seconds": -1}, {"timeout_seconds": "1"}, {"drain_seconds": float("nan")}, {"drain_seconds": None}),
        *({"stall_seconds": 0}, {"heartbeat_timeout_seconds": 2}, {"visibility_timeout_seconds": 0}),
        *({"url": ""}, {"url": []}, {"token": ""}, {"token": "a\nb"}, {"engine_id": "me"}, {"health_port": 70_000}),
        *({"on_unknown_type": "x"}, {"may_enqueue": "voice"}, {"capabilities": "talk"}, {"scenario_run_id": 3}),
        *({"url": 3}, {"url": b"http://a"}, {"token": 3}, {"token": ["a"]}, {"heartbeat_timeout_seconds": 86_401}),
        *({"capabilities": {"talk": 1}}, {"metadata": []}, {"metadata": {"a": object()}}, {"json": None}),
        *({"lifespan": lifespan} for lifespan in (3, nullcontext(), dict, unfinished, unfinished_async)),
        *({"url": "localhost:18115"}, {"url": "http://x:99999"}, {"url": "http://[x"}, {"url": ["http://a", "b"]}),
    ],
)
def test_wrong_settings_end_a_program_with_status_two(settings: Any, caplog: pytest.LogCaptureFixture) -> None:
    engine = Engine("x", **settings)
    engine.on("x")(nothing)
    with pytest.raises(ConfigurationError, match=next(iter(settings))):
        engine.start()
    with pytest.raises(SystemExit) as ended:
        engine.run()
    assert ended.value.code == 2
    assert [record.message for record in caplog.records if next(iter(settings)) in record.message]


def test_handlers_and_layers_are_added_before_the_start(server: FakeServer) -> None:
    desk = Desk(server)
    desk.engine.on("x")(nothing)
    with desk.working():
        with pytest.raises(RuntimeError, match="add handlers before"):
            desk.engine.on("y")
        with pytest.raises(RuntimeError, match="add layers before"):
            desk.engine.around(passing)
    desk.engine.on("y")(nothing)


def test_grace_is_within_the_drain() -> None:
    engine = Engine("x", drain_seconds=2, grace_seconds=3)
    engine.on("x")(nothing)
    with pytest.raises(ConfigurationError, match="grace_seconds"):
        engine.start()
    with FakeServer() as server:
        desk = Desk(server, drain_seconds=2, grace_seconds=None)
        desk.engine.on("x")(nothing)
        with desk.working():
            pass


@pytest.mark.parametrize("url", ["", "localhost:18115", "ftp://x", ["http://a", "b"]])
def test_a_client_refuses_a_wrong_address(url: Any) -> None:
    with pytest.raises(ConfigurationError, match="url"):
        Client(url)


def test_no_payload_and_no_token_stands_in_a_text_form(server: FakeServer) -> None:
    desk = Desk(server)
    texts: list[str] = []

    @desk.engine.on("x")
    def handle(event: Event) -> Any:
        return texts.append(f"{event} {event!r}")

    desk.put(payload={"secret": "hush"})
    with desk.working():
        desk.answer()
    assert "hush" not in texts[0]
    assert "token" not in texts[0]


class Awkward:
    """Raises wherever it is looked at."""

    def __repr__(self) -> str:
        raise RuntimeError("no text")

    def model_dump(self, **_: Any) -> Any:
        raise RuntimeError("no JSON")


class AwkwardError(Exception):
    """Cannot be made a text, and has details that cannot be encoded."""

    details = Awkward()

    def __str__(self) -> str:
        raise RuntimeError("no text")


@pytest.mark.parametrize("is_async", [False, True])
def test_values_that_cannot_be_looked_at_stop_nothing(server: FakeServer, is_async: bool) -> None:
    desk = Desk(server, concurrency=1)

    def handle(event: Event) -> Any:
        if event.payload == "raise":
            raise AwkwardError
        return Awkward()

    async def handle_on_loop(event: Event) -> Any:
        return handle(event)

    desk.engine.on("x")(handle_on_loop if is_async else handle)
    desk.engine.on("y")(nothing)
    with desk.working():
        desk.put(payload="raise")
        assert desk.answer()["outcome"] == "retry_scheduled"
        desk.put(payload="return")
        assert desk.answer()["outcome"] == "dead_lettered"
        desk.put("y")
        assert desk.answer()["outcome"] == "completed"


@pytest.mark.parametrize("is_async", [False, True])
def test_traces_that_break_stop_nothing(server: FakeServer, is_async: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    broken = iter([True])

    @contextmanager
    def processing(*_: Any) -> Generator[Any]:
        if next(broken, False):
            raise RuntimeError("traces are broken")
        yield print

    monkeypatch.setattr("eventlease.tracing.processing", processing)
    desk = Desk(server, concurrency=1)

    async def handle_on_loop(_: Event) -> None:
        return

    desk.engine.on("x")(handle_on_loop if is_async else nothing)
    first = desk.put()
    with desk.working():
        assert desk.answer()["outcome"] == "retry_scheduled"
        desk.put()
        assert desk.answer()["outcome"] == "completed"
    assert desk.attempt(first)["error"]["type"] == "ClientBug"


@pytest.mark.parametrize(("status", "code"), [(413, "payload_too_large"), (400, "malformed_json"), (500, "internal")])
def test_a_settlement_that_spoils_its_batch_is_found(
    server: FakeServer, status: int, code: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All of a batch are refused until the one that is to blame travels alone."""
    for pause in ("rules.backoff.MAX_SECONDS", "settler.PAUSE_SECONDS", "poller.PAUSE_SECONDS"):
        monkeypatch.setattr(f"eventlease.{pause}", 0.01)
    problem = json.dumps({"type": f"urn:eventlease:problem:{code}", "code": code, "status": status, "detail": "no"})

    def answer(request: Request) -> Reply | None:
        is_spoiled = request.body is not None and b'"result":"spoiled"' in request.body
        return Reply(status, {"content-type": "application/problem+json"}, problem.encode()) if is_spoiled else None

    desk = Desk(server, concurrency=8, transport=Between(server, answer))
    everything = threading.Barrier(8)

    @desk.engine.on("x")
    def handle(event: Event) -> Any:
        everything.wait(30)
        return event.payload

    ids = {name: desk.put(payload=name) for name in ["spoiled", *"abcdefg"]}
    with desk.working():
        until(lambda: all(server.event(ids[name])["status"] == "completed" for name in "abcdefg"))
        if status < 500:
            until(lambda: server.event(ids["spoiled"])["status"] == "failed")


class _Decimals:
    """A JSON library that keeps decimals as they were written."""

    dumps = staticmethod(json.dumps)

    @staticmethod
    def loads(text: str | bytes) -> Any:
        return json.loads(text, parse_float=Decimal, parse_int=Decimal)


def test_a_json_library_may_read_all_numbers_as_decimals(server: FakeServer, caplog: pytest.LogCaptureFixture) -> None:
    desk = Desk(server, json=_Decimals)
    seen: SimpleQueue[Any] = SimpleQueue()
    renewed = threading.Event()

    @desk.engine.on("x")
    def handle(event: Event) -> None:
        event.progress("half", now=True)
        seen.put(event.payload)
        renewed.wait(30)

    with desk.engine:
        event_id = desk.put(payload=1.10)
        assert seen.get(timeout=30) == Decimal("1.1")
        until(lambda: desk.engine.stats().heartbeats >= 3)
        renewed.set()
        assert desk.answer()["outcome"] == "completed"
        assert desk.attempt(event_id)["progress"] == "half"
    assert not [record for record in caplog.records if record.levelno >= logging.ERROR]
