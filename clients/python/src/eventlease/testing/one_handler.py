"""Calls one handler with one event, decoding and reporting as in production, without threads or network."""

from __future__ import annotations

import asyncio
import functools
import threading
import uuid
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar

from eventlease.encoding import dump_request
from eventlease.leases import Leases
from eventlease.outcomes import Completed, Failed, Released, Report
from eventlease.reports import settlement
from eventlease.rules.outcome import no_handler
from eventlease.runners.attempt import Attempt
from eventlease.runners.slots import Slots

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Generator, Mapping

    from eventlease.engine import Engine
    from eventlease.rules.leases import Row, Told

LEASE_SECONDS = 300
NO_STATE: Any = object()
P = ParamSpec("P")
T = TypeVar("T")


def blocking(call: Callable[P, Coroutine[Any, Any, T]]) -> Callable[P, T]:
    """The same on an event loop of its own."""

    @functools.wraps(call)
    def run(*args: P.args, **options: P.kwargs) -> T:
        return asyncio.run(call(*args, **options))

    return run


async def run_async(
    engine: Engine,
    event_type: str,
    payload: Any = None,
    *,
    state: Any = NO_STATE,
    cancel_after: float | None = None,
    lose_lease_after: float | None = None,
    **members: Any,
) -> Report | None:
    """Calls the handler of `event_type` and returns what would be reported: Completed, Failed or Released.

    None is returned where nothing would be reported, as after a lost lease. `Hold` is a Released with `hold_seconds`.
    `members` are those of a leased event: `attempt=2`, `previous={"outcome": "failed", "progress": …}`,
    `releases_in_row=9`, `priority=9`, … `state` is what the engine's `lifespan` would yield. After `cancel_after`
    seconds the handler is told that the event is to be cancelled, after `lose_lease_after` that the lease is lost.
    A handler that is `def` runs on the calling thread.
    """
    settings, handlers = engine._settings, engine._handlers.layered()  # pyright: ignore[reportPrivateUsage]
    if state is NO_STATE and engine._lifespan is not None:  # pyright: ignore[reportPrivateUsage]
        raise TypeError("the engine has a lifespan: give state=, which is what it would yield")
    settings = replace(settings, log_failures=False)
    slots = Slots(settings, Leases(settings))
    slots.state = None if state is NO_STATE else state
    as_received = settings.encoding.loads(dump_request(payload, settings.encoding))
    body = leased_event(settings.engine_type, event_type, as_received, **members)
    (row,) = slots.leases.place([body], slots.leases.now())
    handler = row.handler = handlers.find(event_type)
    if handler is None:
        delay = no_handler(body["releases_in_row"], fails_at_once=settings.unknown_types_fail)
        missing = {"type": "NoHandler", "message": f"no handler for {event_type}"}
        return Failed(missing, retryable=False) if delay is None else Released(delay, "no_handler")
    slots.begin(row)
    told: dict[Told, float | None]
    told = {"cancel_requested": cancel_after, "lease_lost": lose_lease_after, "timeout": handler.timeout_seconds}
    with _telling(slots.leases, row, told):
        report = await _perform(slots, row)
    return None if report is None else _as_sent(slots.leases, row, report)


run = blocking(run_async)
"""As `run_async`, where no event loop runs."""


def leased_event(engine_type: str, event_type: str, payload: Any, **members: Any) -> dict[str, Any]:
    """A leased event as the server sends it."""
    attempt, retries_left = members.get("attempt", 1), members.get("retries_left", 3)
    previous: Mapping[str, Any] | None = members.pop("previous", None)
    lease = {"lease_token": uuid.uuid4().hex, "expires_in_seconds": LEASE_SECONDS}
    nothing = {"error": None, "progress": None, "code": None, "reason": None, "ended_at": "2030-01-31T12:00:00Z"}
    event = {
        "event_id": str(uuid.uuid4()), "engine_type": engine_type, "event_type": event_type, "payload": payload,
        "priority": 5, "scenario_run_id": None, "created_at": "2030-01-31T12:00:00Z", "attempt": attempt,
        "max_attempts": attempt + retries_left, "retries_left": retries_left, "losses_left": 3,
        "releases_in_row": 0, "traceparent": None, "tracestate": None,
        "previous": _with("previous", {"outcome": "failed", **nothing}, previous) if previous else None,
        "lease": {**lease, "visibility_timeout_seconds": LEASE_SECONDS},
    }  # fmt: skip
    return _with("an event", event, members)


def _with(name: str, all_members: dict[str, Any], given: Mapping[str, Any]) -> dict[str, Any]:
    if unknown := given.keys() - all_members.keys():
        raise TypeError(f"{name} has no {', '.join(sorted(unknown))}; it has {', '.join(sorted(all_members))}")
    return {**all_members, **given}


async def _perform(slots: Slots, row: Row) -> Report | None:
    attempt = Attempt(slots, row)
    with attempt:
        called = row.handler.call(attempt.event())
        if row.is_task:
            loop, task = asyncio.get_running_loop(), asyncio.ensure_future(called)
            row.wake = lambda: loop.call_soon_threadsafe(task.cancel)
            if row.told is not None:
                task.cancel()
            called = await task
        attempt.returned(called)
    return attempt.report


@contextmanager
def _telling(leases: Leases, row: Row, told: Mapping[Told, float | None]) -> Generator[None]:
    """Tells the handler to stop, after the seconds that are given."""
    timers = [
        threading.Timer(seconds, leases.tell, ([row], reason))
        for reason, seconds in told.items()
        if seconds is not None
    ]
    for timer in timers:
        timer.start()
    try:
        yield
    finally:
        for timer in timers:
            timer.cancel()
            timer.join()


def _as_sent(leases: Leases, row: Row, report: Report) -> Report:
    """The report as the server would read it: its result has gone through JSON, or is a failure if it cannot."""
    sent = leases.encoding.loads(settlement(row, report, leases.encoding)[0])
    if sent["status"] == "completed":
        return Completed(sent.get("result"), enqueue=sent.get("enqueue", ()))
    if sent["status"] == "failed":
        return Failed(sent["error"], sent.get("retryable", True), sent.get("delay_seconds"))
    hold_seconds = report.hold_seconds if isinstance(report, Released) else None
    return Released(sent.get("delay_seconds", 0), sent.get("code"), sent.get("reason"), hold_seconds)
