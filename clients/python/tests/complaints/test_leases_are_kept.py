"""Leases are kept whatever handlers do, while the engine drains, and until the last report is answered."""

import asyncio
import threading
import time
from collections.abc import Callable, Generator
from contextlib import ExitStack, contextmanager
from typing import Any

import pytest
from working import PATIENCE_SECONDS, Between, Desk, got, until

from eventlease import Event, LeaseUncertain
from eventlease.testing import FakeServer
from eventlease.transport import Cut, Reply, Request

KINDS = ["def", "async def"]
REASONS = ["lease_lost", "cancel_requested", "timeout", "stopping"]


def heartbeats_with(desk: Desk, event_id: str) -> int:
    """How many heartbeats have listed the event."""
    return sum(event_id in str(body["leases"]) for body in desk.bodies("heartbeat"))


@pytest.mark.parametrize("kind", KINDS)
def test_handlers_that_compute_lose_no_lease(server: FakeServer, kind: str) -> None:
    """They hold the interpreter for all but a few milliseconds, for longer than the heartbeat timeout."""
    desk = Desk(server, concurrency=2)
    deadline = time.monotonic() + PATIENCE_SECONDS

    def compute(event: Event) -> bool:
        first = heartbeats_with(desk, event.event_id)
        while heartbeats_with(desk, event.event_id) < first + 4:
            assert time.monotonic() < deadline, "no heartbeats came"
            sum(number * number for number in range(20_000))
        return event.lease_certain

    async def compute_on_loop(event: Event) -> bool:
        return compute(event)

    desk.engine.on("x")(compute if kind == "def" else compute_on_loop)
    ids = [desk.put() for _ in range(2 if kind == "def" else 1)]
    with desk.working():
        assert [desk.answer()["outcome"] for _ in ids] == ["completed"] * len(ids)
    for event_id in ids:
        assert (server.event(event_id)["attempt"], server.event(event_id)["result"]) == (1, True)


def test_heartbeats_that_fail_are_not_the_last() -> None:
    over, ids = threading.Event(), list[str]()

    def handle(event: Event) -> bool:
        got(over)
        return event.lease_certain

    with ExitStack() as stack:
        desks: list[Desk] = []
        for code in ("internal", "overloaded", "database_unavailable", "malformed_json", "forbidden", "lost"):
            server = stack.enter_context(FakeServer())
            if code == "lost":
                server.lose_next_reply("heartbeat", times=2)
            else:
                server.refuse_next("heartbeat", code, times=2)
            desks.append(Desk(server))
            desks[-1].engine.on("x")(handle)
            ids.append(desks[-1].put())
            stack.enter_context(desks[-1].working())
        until(lambda: all(heartbeats_with(desk, id_) >= 4 for desk, id_ in zip(desks, ids, strict=True)))
        over.set()
        for desk, event_id in zip(desks, ids, strict=True):
            desk.answer()
            assert desk.server.event(event_id)["result"] is True


@pytest.mark.parametrize("kind", KINDS)
def test_leases_are_renewed_and_cancels_are_told_while_the_engine_drains(server: FakeServer, kind: str) -> None:
    desk = Desk(server, drain_seconds=600)
    begun = threading.Event()

    def handle(event: Event) -> None:
        begun.set()
        event.wait_cancelled(PATIENCE_SECONDS)
        event.check()

    async def handle_on_loop(_: Event) -> None:
        begun.set()
        await asyncio.sleep(PATIENCE_SECONDS)

    desk.engine.on("x")(handle if kind == "def" else handle_on_loop)
    event_id = desk.put()
    desk.engine.start()
    got(begun)
    with stopping(desk):
        until(lambda: [name for name, _ in server.requests if name == "drain"])
        before = heartbeats_with(desk, event_id)
        until(lambda: heartbeats_with(desk, event_id) >= before + 4)  # for longer than the heartbeat timeout
        desk.client.cancel(event_id)
        assert desk.answer()["outcome"] == "cancelled"


@pytest.mark.parametrize("drains", [False, True])
def test_a_result_that_is_not_answered_yet_keeps_its_lease(server: FakeServer, drains: bool) -> None:
    refusal = Reply(503, {"content-type": "application/problem+json"}, b'{"code":"database_unavailable","status":503}')
    refuses, refused = threading.Event(), threading.Event()

    def answer(request: Request) -> Reply | None:
        if not refuses.is_set() or b'"completed"' not in (request.body or b""):
            return None
        refused.set()
        return refusal

    desk = Desk(server, transport=Between(server, answer), drain_seconds=600)
    begun, over = threading.Event(), threading.Event()

    @desk.engine.on("x")
    def handle(_: Event) -> str:
        begun.set()
        got(over)
        return "kept"

    event_id = desk.put()
    desk.engine.start()
    got(begun)
    refuses.set()
    over.set()
    got(refused)
    if drains:
        with stopping(desk):
            until_it_was_renewed_and_settled(desk, event_id, refuses)
    else:
        until_it_was_renewed_and_settled(desk, event_id, refuses)
        desk.engine.stop()
    shown = server.event(event_id)
    assert (shown["attempt"], shown["result"]) == (1, "kept")


def until_it_was_renewed_and_settled(desk: Desk, event_id: str, refuses: threading.Event) -> None:
    before = heartbeats_with(desk, event_id)
    until(lambda: heartbeats_with(desk, event_id) >= before + 4)
    refuses.clear()
    assert desk.answer()["outcome"] == "completed"


@contextmanager
def stopping(desk: Desk) -> Generator[None]:
    """`stop` in another thread, which has to return after the block."""
    thread = threading.Thread(target=desk.engine.stop)
    thread.start()
    try:
        yield
    finally:
        thread.join(PATIENCE_SECONDS)
    assert not thread.is_alive()


@pytest.mark.parametrize("reason", REASONS)
@pytest.mark.parametrize("kind", KINDS)
def test_every_reason_to_stop_reaches_the_handler(server: FakeServer, kind: str, reason: str) -> None:
    settings: dict[str, Any] = {"drain_seconds": 600, "grace_seconds": 600} if reason == "stopping" else {}
    desk = Desk(server, concurrency=1, **settings)
    begun, told = threading.Event(), list[Any]()

    def handle(event: Event) -> None:
        begun.set()
        if not told:  # the event may be leased again
            assert event.wait_cancelled(PATIENCE_SECONDS)
            told.append(event.cancelled)
            event.check()

    async def handle_on_loop(event: Event) -> None:
        begun.set()
        if not told:
            try:
                await asyncio.sleep(PATIENCE_SECONDS)
            except asyncio.CancelledError:
                told.append(event.cancelled)
                raise

    limit = 0.01 if reason == "timeout" else None
    desk.engine.on("x", timeout_seconds=limit)(handle if kind == "def" else handle_on_loop)
    event_id = desk.put()
    causes: dict[str, Callable[[], Any]] = {
        "lease_lost": server.expire_leases,
        "cancel_requested": lambda: desk.client.cancel(event_id),
        "timeout": lambda: None,
        "stopping": lambda: None,  # comes with the end of the block
    }
    with desk.working():
        got(begun)
        causes[reason]()
        if reason != "stopping":
            until(lambda: told)
    assert told == [reason]


def test_a_lease_that_the_server_did_not_confirm_for_long_is_uncertain(server: FakeServer) -> None:
    desk = Desk(server)
    begun = threading.Event()

    @desk.engine.on("x")
    def handle(event: Event) -> None:
        begun.set()
        until(lambda: not event.lease_certain)
        with pytest.raises(LeaseUncertain):
            event.check_certain()
        server.come_back()
        event.check_certain()

    event_id = desk.put()
    with desk.working():
        got(begun)
        server.go_away()
        desk.answer()
    assert desk.attempt(event_id)["code"] == "lease_uncertain"


@pytest.mark.parametrize("is_draining", [False, True])
def test_the_reply_to_a_poll_is_asked_for_again(server: FakeServer, is_draining: bool) -> None:
    """What it brought is given back where the engine has begun to drain meanwhile; it is never left to run out."""
    cut, drained = threading.Event(), threading.Event()

    def answer(request: Request) -> Reply | None:
        if not request.path.endswith("/lease") or cut.is_set():
            return None
        reply = server.transport("").send(request, PATIENCE_SECONDS)
        if b'"lease_token"' not in reply.body:
            return reply
        cut.set()
        if is_draining:
            got(drained)
        raise Cut("the connection ended", reused=True, any_byte=False)

    desk = Desk(server, transport=Between(server, answer), drain_seconds=600)

    @desk.engine.on("x")
    def handle(_: Event) -> None:
        """Ends at once."""

    desk.engine.start()
    event_id = desk.put()
    got(cut)
    if is_draining:
        with stopping(desk):
            until(lambda: [name for name, _ in server.requests if name == "drain"])
            drained.set()
        assert desk.attempt(event_id)["outcome"] in ("released", "deregistered")  # neither counts as a loss
    else:
        assert desk.answer()["outcome"] == "completed"
        desk.engine.stop()
    assert server.event(event_id)["attempt"] == 1
