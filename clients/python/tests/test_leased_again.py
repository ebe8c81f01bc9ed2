"""Events that the same engine leases again: no handler runs twice for one piece of work."""

import threading
from collections.abc import Callable
from typing import Any

import pytest
from working import Between, Desk, got, until

from eventlease import Event, Hold, NotRetryable, Release, RetryAfter
from eventlease.testing import FakeServer
from eventlease.transport import Reply, Request

AT_ONCE = {"retry_delay": {"initial": 0, "max": 0}}


class Late:
    """Keeps reports and holds from the server until it is open; to be used as an engine's `transport`."""

    def __init__(self, server: FakeServer) -> None:
        self.is_open = False
        self.transport = Between(server, self._answer)

    def _answer(self, request: Request) -> Reply | None:
        is_report = request.path == "/events/status" or b"holding_off" in (request.body or b"")
        if self.is_open or not is_report:
            return None
        return Reply(503, {"content-type": "text/plain"}, b"the network is down")


class Working:
    """An engine whose handler waits for a word at the first attempt, and then ends as `end` does."""

    def __init__(
        self, desk: Desk, end: Callable[[Event], Any], members: dict[str, Any] | None = None, **options: Any
    ) -> None:
        self.begun: list[int] = []
        self.over = threading.Event()
        self._desk = desk
        self._began = threading.Event()

        @desk.engine.on("x", **options)
        def handle(event: Event) -> Any:
            self.begun.append(event.attempt)
            self._began.set()
            if event.attempt == 1:
                got(self.over)
            return end(event)

        self.event_id = desk.put(**(members or {}))

    def finish(self) -> None:
        """The handler ends while a poll waits, which does not carry its report."""
        got(self._began)
        until(lambda: len(self._desk.bodies("exchange")) > 1)
        self.over.set()
        until(lambda: not self._desk.engine.stats().running)

    def leased_again(self, attempt: int = 2) -> None:
        """The lease runs out, and the engine gets the event again."""
        got(self._began)
        self._desk.server.expire_leases()
        until(lambda: self._desk.server.state.events[self.event_id].attempt == attempt)


def keeping(_: Event) -> str:
    """How a handler ends that returns."""
    return "kept"


def raising(error: Exception) -> Callable[[Event], Any]:
    """How a handler ends that raises."""

    def end(_: Event) -> Any:
        raise error

    return end


@pytest.mark.parametrize(
    ("end", "outcome"),
    [
        (keeping, "completed"),
        (raising(ValueError("broken")), "retry_scheduled"),
        (raising(RetryAfter(60)), "retry_scheduled"),
        (raising(NotRetryable("hopeless")), "dead_lettered"),
        (raising(Release(60)), "released"),
    ],
)
def test_a_report_that_waits_goes_with_the_newer_lease(
    server: FakeServer, end: Callable[[Event], Any], outcome: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("eventlease.rules.backoff.MAX_SECONDS", 0.01)
    late = Late(server)
    desk = Desk(server, concurrency=2, transport=late.transport)
    work = Working(desk, end)
    with desk.working():
        work.finish()
        work.leased_again()
        late.is_open = True
        event, _, answer = desk.settled.get(timeout=30)
        assert (event.attempt, answer["outcome"]) == (2, outcome)
        stats = desk.engine.stats()
    assert work.begun == [1]
    assert stats.completed + stats.failed + stats.released == 1
    assert stats.results_lost == 0


def test_the_older_lease_is_not_forgotten_by_another_registration(
    server: FakeServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("eventlease.rules.backoff.MAX_SECONDS", 0.01)
    monkeypatch.setattr("eventlease.identity.REGISTRATION_PAUSE_SECONDS", 0.0)
    late = Late(server)
    desk = Desk(server, concurrency=2, transport=late.transport)
    work = Working(desk, keeping)
    with desk.working():
        work.finish()
        assert desk.engine.engine_id is not None
        server.remove_engine(desk.engine.engine_id)
        until(lambda: server.state.events[work.event_id].attempt == 2)
        late.is_open = True
        assert desk.answer()["outcome"] == "completed"
    assert work.begun == [1]


def test_a_report_may_be_refused_before_the_newer_lease_arrives(
    server: FakeServer, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The poll that brings the event again is answered after the report that came too late."""
    monkeypatch.setattr("eventlease.rules.backoff.MAX_SECONDS", 0.01)
    caplog.set_level("INFO")
    late = Late(server)

    def answer(request: Request) -> Reply | None:
        if not request.path.endswith("/lease"):
            return late.transport._answer(request)  # pyright: ignore[reportPrivateUsage]
        reply = server.handle(request)
        if b'"attempt":2' in reply.body:
            late.is_open = True
            until(lambda: "the report of" in caplog.text)
        return reply

    desk = Desk(server, concurrency=2, transport=Between(server, answer))
    work = Working(desk, keeping)
    with desk.working():
        work.finish()
        work.leased_again()
        assert desk.answer()["outcome"] == "completed"
    assert work.begun == [1]


@pytest.mark.parametrize("concurrency", [1, 2])
def test_a_report_that_nobody_takes_is_told_once_no_poll_can_bring_its_event(
    server: FakeServer, monkeypatch: pytest.MonkeyPatch, concurrency: int
) -> None:
    """With a second slot, a poll waits meanwhile."""
    monkeypatch.setattr("eventlease.poller.WAIT_SECONDS", 1)
    desk = Desk(server, concurrency=concurrency)
    begun, over = threading.Event(), threading.Event()

    @desk.engine.on("x")
    def handle(_: Event) -> None:
        begun.set()
        got(over)

    event_id = desk.put()
    with desk.working():
        got(begun)
        assert desk.take_elsewhere() == event_id
        over.set()
        assert desk.lost.get(timeout=30).event_id == event_id
        until(lambda: desk.engine.stats().results_lost == 1)


def test_a_report_that_nobody_takes_is_told_while_a_poll_waits(
    server: FakeServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("eventlease.leases.LATE_SECONDS", 0.0)
    desk = Desk(server, concurrency=2)
    work = Working(desk, keeping)
    with desk.working():
        until(lambda: len(desk.bodies("exchange")) > 1)
        assert desk.take_elsewhere() == work.event_id
        polls = desk.engine.stats().polls
        work.over.set()
        assert desk.lost.get(timeout=30).event_id == work.event_id
        assert desk.engine.stats().polls == polls


def test_what_an_older_handler_returns_counts_for_the_newer_lease(server: FakeServer) -> None:
    desk = Desk(server, concurrency=2)
    work = Working(desk, lambda event: event.cancelled)
    with desk.working():
        work.leased_again()
        work.over.set()
        assert desk.answer()["outcome"] == "completed"
    assert work.begun == [1]
    assert server.event(work.event_id)["result"] == "lease_lost"
    assert server.event(work.event_id)["attempt"] == 2


def test_an_older_handler_that_stops_makes_room_for_the_newer_lease(server: FakeServer) -> None:
    desk = Desk(server, concurrency=2)

    def end(event: Event) -> str:
        event.check()
        return "done"

    work = Working(desk, end)
    with desk.working():
        work.leased_again()
        work.over.set()
        assert desk.answer()["outcome"] == "completed"
    assert work.begun == [1, 2]


def test_a_third_lease_does_not_overtake_the_older_handler(server: FakeServer) -> None:
    desk = Desk(server, concurrency=3)
    work = Working(desk, keeping, {"retry_policy": {**AT_ONCE, "dead_letter_threshold": 9}})
    with desk.working():
        work.leased_again()
        work.leased_again(3)
        lease = server.state.events[work.event_id].lease
        assert lease is not None
        until(lambda: lease.token in str(desk.bodies("heartbeat")[-1]["leases"]))
        work.over.set()
        assert desk.answer()["outcome"] == "completed"
    assert work.begun == [1]


def test_a_result_is_reported_under_the_newer_lease_while_the_engine_drains(server: FakeServer) -> None:
    desk = Desk(server, concurrency=2, drain_seconds=30)
    work = Working(desk, keeping)
    desk.engine.start()
    work.leased_again()
    stopping = threading.Thread(target=desk.engine.stop)
    stopping.start()
    until(lambda: "drain" in [operation for operation, _ in server.requests])
    work.over.set()
    stopping.join()
    assert work.begun == [1]
    assert server.event(work.event_id)["result"] == "kept"


def test_an_older_handler_that_is_cut_off_takes_the_newer_lease_with_it(server: FakeServer) -> None:
    desk = Desk(server, concurrency=2)
    work = Working(desk, keeping)
    with desk.working():
        work.leased_again()
    assert work.begun == [1]
    assert desk.attempt(work.event_id)["outcome"] == "released"
    work.over.set()


def test_a_handler_that_hangs_does_not_hold_up_the_newer_lease(server: FakeServer) -> None:
    desk = Desk(server, concurrency=3)
    work = Working(desk, keeping, {"retry_policy": {"retry_delay": {"initial": 0, "max": 0}}}, timeout_seconds=1)
    with desk.working():
        work.leased_again()
        until(lambda: server.event(work.event_id)["status"] == "completed")
        assert work.begun == [1, 2]
        work.over.set()


def test_hold_is_kept_although_its_report_waits(server: FakeServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("eventlease.rules.backoff.MAX_SECONDS", 0.01)
    late = Late(server)
    desk = Desk(server, concurrency=2, transport=late.transport)
    work = Working(desk, raising(Hold(3600, "the provider refuses calls")))
    with desk.working():
        work.finish()
        work.leased_again()
        late.is_open = True
        assert desk.answer()["outcome"] == "released"
    assert work.begun == [1]
    assert desk.attempt(work.event_id)["code"] == "hold"
