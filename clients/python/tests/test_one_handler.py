"""`testing.run`: one handler with one event."""

import asyncio
import contextlib
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import pytest

from eventlease import (
    Completed,
    Engine,
    Event,
    Failed,
    Hold,
    InvalidInput,
    NotRetryable,
    Release,
    Released,
    RetryAfter,
)
from eventlease.testing import run, run_async


@dataclass
class Scene:
    npc: str
    lines: int = 1


engine = Engine("dialogue", url="http://127.0.0.1:1")


@engine.on("scene.requested")
def write(event: Event[Scene]) -> Any:
    done = event.previous.progress["lines"] if event.previous else 0
    return {"npc": event.payload.npc, "lines": done + event.payload.lines, "attempt": event.attempt}


@engine.on("scene.failed", not_retryable=(KeyError,))
def fail(event: Event) -> None:
    raise {
        "hopeless": NotRetryable("never", details=[1]), "later": RetryAfter(9, "later"), "back": Release(3, "back"),
        "busy": Hold(60, "busy"), "key": KeyError("a"), "other": ValueError("b"),
    }[event.payload]  # fmt: skip


@engine.on("scene.waited", timeout_seconds=30)
def wait(event: Event) -> str:
    event.wait_cancelled(20)
    event.check()
    return "waited"


@engine.on("scene.awaited")
async def wait_async(event: Event) -> str:
    await asyncio.sleep(event.payload)
    return "awaited"


@engine.on("scene.limited", timeout_seconds=0.05)
def exceed(event: Event) -> None:
    event.wait_cancelled(20)
    event.check()


@engine.on("scene.chained")
def chain(event: Event) -> Completed:
    return Completed(event.state, enqueue=[{"engine_type": "dialogue", "event_type": "scene.requested", "payload": 1}])


def test_the_payload_is_decoded_and_the_result_is_reported() -> None:
    expected = {"npc": "Mira", "lines": 1, "attempt": 1}
    assert run(engine, "scene.requested", {"npc": "Mira"}) == Completed(expected)


def test_a_later_attempt_sees_what_was_before() -> None:
    previous = {"outcome": "failed", "progress": {"lines": 2}}
    report = run(engine, "scene.requested", {"npc": "Mira"}, attempt=2, previous=previous)
    assert report == Completed({"npc": "Mira", "lines": 3, "attempt": 2})


def test_the_payload_goes_through_json_as_that_of_an_event_does() -> None:
    def handle(event: Event) -> str:
        return repr(event.payload)

    echo = Engine("dialogue")
    echo.on("x")(handle)
    assert run(echo, "x", {"id": UUID(int=1), 1: (2,)}) == Completed(f"{{'id': '{UUID(int=1)}', '1': [2]}}")
    with pytest.raises(InvalidInput):
        run(echo, "x", object())


def test_a_payload_that_does_not_fit_is_not_retried() -> None:
    report = run(engine, "scene.requested", {"lines": "x"})
    assert isinstance(report, Failed)
    assert not report.retryable
    assert report.error["type"] == "PayloadInvalid"


@pytest.mark.parametrize(
    ("payload", "retryable", "delay"),
    [("hopeless", False, None), ("later", True, 9), ("key", False, None), ("other", True, None)],
)
def test_what_a_handler_raises_is_a_failure(payload: str, retryable: bool, delay: int | None) -> None:
    report = run(engine, "scene.failed", payload)
    assert isinstance(report, Failed)
    assert (report.retryable, report.delay_seconds) == (retryable, delay)


def test_releases_and_holds_say_why() -> None:
    assert run(engine, "scene.failed", "back") == Released(3, None, "back")
    assert run(engine, "scene.failed", "busy") == Released(0, "hold", "busy", 60)


def test_a_handler_can_be_cancelled_and_lose_its_lease() -> None:
    assert isinstance(run(engine, "scene.waited", cancel_after=0.01), Released)
    assert run(engine, "scene.waited", lose_lease_after=0.01) is None
    assert isinstance(run(engine, "scene.awaited", 20, cancel_after=0.01), Released)
    assert run(engine, "scene.awaited", 20, lose_lease_after=0.01) is None
    assert run(engine, "scene.awaited", 0) == Completed("awaited")


def test_a_time_limit_is_kept() -> None:
    report = run(engine, "scene.limited")
    assert isinstance(report, Failed)
    assert report.error["type"] == "HandlerTimeout"


def test_follow_ups_and_state() -> None:
    report = run(engine, "scene.chained", state={"db": 1})
    assert isinstance(report, Completed)
    assert report.result == {"db": 1}
    assert report.enqueue[0]["event_type"] == "scene.requested"


def test_a_type_without_a_handler_is_released_and_in_the_end_failed() -> None:
    assert run(engine, "scene.unknown") == Released(30, "no_handler")
    last = run(engine, "scene.unknown", releases_in_row=9)
    assert isinstance(last, Failed)
    assert (last.error["type"], last.retryable) == ("NoHandler", False)


def test_members_that_no_event_has_are_refused() -> None:
    with pytest.raises(TypeError, match="attemptt"):
        run(engine, "scene.requested", {"npc": "Mira"}, attemptt=3)
    with pytest.raises(TypeError, match="progres"):
        run(engine, "scene.requested", {"npc": "Mira"}, previous={"progres": 1})


def test_an_engine_with_a_lifespan_is_given_its_state() -> None:
    living = Engine("dialogue", lifespan=contextlib.nullcontext)

    @living.on("x")
    def handle(event: Event) -> Any:
        return event.state

    with pytest.raises(TypeError, match="state="):
        run(living, "x")
    assert run(living, "x", state=None) == Completed(None)


def test_within_a_loop() -> None:
    async def check() -> None:
        assert await run_async(engine, "scene.awaited", 0.01) == Completed("awaited")

    asyncio.run(check())


@engine.on("scene.odd")
def raise_odd(event: Event) -> None:
    raise {
        "long code": Release(code="x" * 100), "line": Release(code="a\nb", reason="c\x00d"),
        "for long": Release(1e9), "later": RetryAfter(1e9), "hold": Hold(1e9, ValueError("busy")),
    }[event.payload]  # fmt: skip


@pytest.mark.parametrize(
    ("payload", "expected"),
    [
        ("long code", Released(0, "x" * 64)),
        ("line", Released(0, "ab", "cd")),
        ("for long", Released(86_400)),
        ("hold", Released(0, "hold", "busy", 86_400)),
    ],
)
def test_what_the_server_would_refuse_is_cut(payload: str, expected: Released) -> None:
    report = run(engine, "scene.odd", payload)
    assert isinstance(report, Released)
    assert (report.delay_seconds, report.code, report.hold_seconds) == (
        expected.delay_seconds,
        expected.code,
        expected.hold_seconds,
    )
    assert expected.reason in (None, report.reason)


@pytest.mark.parametrize("seconds", ["soon", None, float("inf"), float("nan"), -1, True])
@pytest.mark.parametrize("kind", [RetryAfter, Release, Hold])
def test_a_wrong_delay_is_the_mistake_of_the_handler(kind: Any, seconds: Any) -> None:
    mistaken = Engine("dialogue")

    @mistaken.on("x")
    def handle(_: Event) -> None:
        raise kind(seconds)

    report = run(mistaken, "x")
    assert isinstance(report, Failed)
    assert report.retryable
    assert report.error["type"] == "ValueError"
    assert kind.__name__ in report.error["message"]


def test_a_retry_for_long_waits_a_day() -> None:
    report = run(engine, "scene.odd", "later")
    assert isinstance(report, Failed)
    assert report.delay_seconds == 86_400


@engine.on("scene.deep")
def report_deep(event: Event) -> str:
    value: object = 0
    for _ in range(event.payload):
        value = [{"a]": value}]
    event.progress(value)
    return "reported"


def test_progress_that_is_nested_too_deep_fails_its_handler_alone() -> None:
    assert run(engine, "scene.deep", 32) == Completed("reported")
    report = run(engine, "scene.deep", 33)
    assert isinstance(report, Failed)
    assert "nested" in report.error["message"]
