"""What happens to an engine when the server, the network or a handler does not do as it should."""

import asyncio
import json
import threading
import time
import uuid
from collections.abc import Callable
from contextlib import suppress
from typing import Any, cast

import pytest
from scripted import reply
from working import QUEUE, Between, Desk, got, nothing, until

from eventlease import ConfigurationError, Engine, EngineRefused, Event, run
from eventlease.runners.threads import Threads
from eventlease.settler import Settlements
from eventlease.testing import FakeServer
from eventlease.transport import Reply, Request


@pytest.mark.parametrize("operation", ["register", "exchange", "settle_many", "heartbeat"])
@pytest.mark.parametrize("trouble", ["lost", "unavailable", "internal"])
def test_every_event_is_settled_once_whatever_reply_is_lost(server: FakeServer, operation: str, trouble: str) -> None:
    desk = Desk(server, concurrency=3)
    begun: list[str] = []

    @desk.engine.on("x")
    def handle(event: Event) -> Any:
        return begun.append(event.event_id)

    if trouble == "lost":
        server.lose_next_reply(operation, times=3)
    else:
        server.refuse_next(operation, "database_unavailable" if trouble == "unavailable" else "internal", times=3)
    ids = [desk.put() for _ in range(10)]
    with desk.working():
        assert [desk.answer()["outcome"] for _ in ids] == ["completed"] * 10
    assert sorted(begun) == sorted(ids)


def test_results_outlast_a_server_that_is_away(server: FakeServer) -> None:
    desk = Desk(server)
    begun, back = threading.Event(), threading.Event()

    @desk.engine.on("x")
    def handle(_: Event) -> str:
        begun.set()
        got(back)
        return "kept"

    event_id = desk.put()
    with desk.working():
        got(begun)
        server.go_away()
        back.set()
        until(lambda: not desk.engine.stats().running)
        server.come_back()
        desk.answer()
    assert server.event(event_id)["result"] == "kept"


def test_a_lost_lease_is_told_and_its_result_is_tried(server: FakeServer) -> None:
    desk = Desk(server, concurrency=1)  # so that it is not leased again
    begun = threading.Event()

    @desk.engine.on("x")
    def handle(event: Event) -> str | None:
        begun.set()
        assert event.wait_cancelled(30)
        return event.cancelled

    event_id = desk.put()
    with desk.working():
        got(begun)
        server.expire_leases()
        desk.answer()
    assert server.event(event_id)["result"] == "lease_lost"


def test_an_event_leased_again_waits_for_its_older_handler(server: FakeServer) -> None:
    desk = Desk(server, concurrency=2)
    begun, over = threading.Event(), threading.Event()
    at_once: list[int] = []
    running: set[int] = set()

    @desk.engine.on("x")
    def handle(event: Event) -> int:
        running.add(event.attempt)
        at_once.append(len(running))
        if event.attempt == 1:
            begun.set()
            got(over)
        running.discard(event.attempt)
        return event.attempt

    event_id = desk.put()
    with desk.working():
        got(begun)
        server.expire_leases()
        until(lambda: server.state.events[event_id].attempt == 2)
        over.set()
        until(lambda: server.event(event_id)["status"] == "completed")
    assert at_once in ([1, 1], [1])


@pytest.mark.parametrize("is_async", [False, True])
def test_a_cancelled_event_stops_its_handler(server: FakeServer, is_async: bool) -> None:
    desk = Desk(server)
    begun = threading.Event()

    def handle(event: Event) -> None:
        begun.set()
        event.wait_cancelled(30)
        event.check()

    async def handle_on_loop(_: Event) -> None:
        begun.set()
        await asyncio.sleep(30)

    desk.engine.on("x")(handle_on_loop if is_async else handle)
    event_id = desk.put()
    with desk.working():
        got(begun)
        desk.client.cancel(event_id)
        assert desk.answer()["outcome"] == "cancelled"


def test_a_cancelled_event_that_was_not_begun_ends_at_once(server: FakeServer) -> None:
    desk = Desk(server, concurrency=1, prefetch=1)
    begun, over = threading.Event(), threading.Event()

    @desk.engine.on("x")
    def handle(_: Event) -> None:
        begun.set()
        got(over)

    desk.put()
    with desk.working():
        got(begun)
        event_id = desk.put()
        until(lambda: server.event(event_id)["status"] == "processing")
        desk.client.cancel(event_id)
        assert desk.answer()["outcome"] == "cancelled"
        over.set()
        desk.answer()


@pytest.mark.parametrize("is_async", [False, True])
def test_a_time_limit_is_a_failure_and_its_slot_is_free_again(server: FakeServer, is_async: bool) -> None:
    desk = Desk(server, concurrency=2, grace_seconds=0)
    over, ended = threading.Event(), threading.Event()

    def handle(_: Event) -> None:
        got(over)  # whatever it is told
        ended.set()

    async def handle_on_loop(_: Event) -> None:
        while not over.is_set():
            with suppress(asyncio.CancelledError):
                await asyncio.sleep(0.01)
        ended.set()

    desk.engine.on("x", timeout_seconds=0.01)(handle_on_loop if is_async else handle)

    desk.engine.on("y", timeout_seconds=30)(nothing)
    event_id = desk.put()
    with desk.working():
        assert desk.answer()["outcome"] == "retry_scheduled"
        assert desk.attempt(event_id)["error"]["type"] == "HandlerTimeout"
        for _ in range(2):
            desk.put("y")
            assert desk.answer()["outcome"] == "completed"
        over.set()
        got(ended)


def test_handlers_that_all_hang_end_the_engine(server: FakeServer) -> None:
    desk = Desk(server, concurrency=2)
    over = threading.Event()

    @desk.engine.on("x", timeout_seconds=0.01)
    def handle(_: Event) -> Any:
        return got(over)

    ids = [desk.put(), desk.put()]
    with pytest.raises(EngineRefused, match="all handlers hang"):
        asyncio.run(desk.engine.serve())
    over.set()
    assert {desk.attempt(event_id)["outcome"] for event_id in ids} == {"failed"}


def test_a_handler_that_is_cut_off_is_released(server: FakeServer) -> None:
    desk = Desk(server, drain_seconds=0)
    begun, over = threading.Event(), threading.Event()

    @desk.engine.on("x")
    def handle(_: Event) -> None:
        begun.set()
        got(over)

    event_id = desk.put()
    with desk.working():
        got(begun)
    over.set()
    attempt = desk.attempt(event_id)
    assert (attempt["outcome"], attempt["code"]) == ("released", "stopping")


@pytest.mark.parametrize("is_held", [True, False])
def test_a_result_that_could_not_be_reported_is_told_by_the_exit_status(
    server: FakeServer, is_held: bool, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("eventlease.running.CUT_SECONDS", 0.1)
    monkeypatch.setattr("eventlease.running.LEAVE_SECONDS", 0.1)
    desk = Desk(server, drain_seconds=0.2 if is_held else 30)
    begun, over = threading.Event(), threading.Event()

    @desk.engine.on("x")
    def handle(_: Event) -> int:
        begun.set()
        got(over)
        return 42

    event_id = desk.put()
    desk.engine.start()
    got(begun)
    server.go_away()
    over.set()
    running = desk.engine._running  # pyright: ignore[reportPrivateUsage]
    assert running is not None
    until(lambda: running.life.leases.stats.completed)
    if not is_held:
        server.come_back()
    desk.engine.stop()
    assert running.status == int(is_held)
    assert (event_id in caplog.text and "not reported" in caplog.text) is is_held
    server.come_back()


def test_a_handler_may_finish_while_the_engine_drains(server: FakeServer) -> None:
    desk = Desk(server, concurrency=1, prefetch=1, drain_seconds=30)
    begun, over = threading.Event(), threading.Event()

    @desk.engine.on("x")
    def handle(_: Event) -> None:
        begun.set()
        got(over)

    first = desk.put()
    desk.engine.start()
    got(begun)
    second = desk.put()
    until(lambda: server.event(second)["status"] == "processing")
    stopping = threading.Thread(target=desk.engine.stop)
    stopping.start()
    until(lambda: server.event(second)["status"] == "queued")
    over.set()
    stopping.join()
    assert server.event(first)["status"] == "completed"
    assert desk.attempt(second)["outcome"] == "released"


def test_an_engine_that_was_removed_registers_again(server: FakeServer) -> None:
    desk = Desk(server, concurrency=1)
    begun = threading.Event()

    @desk.engine.on("x")
    def handle(event: Event) -> str | None:
        begun.set()
        event.wait_cancelled(30)
        return event.cancelled

    event_id = desk.put()
    with desk.working():
        got(begun)
        assert desk.engine.engine_id is not None
        server.remove_engine(desk.engine.engine_id)
        desk.answer()
    assert server.event(event_id)["result"] == "lease_lost"


def test_another_process_with_the_given_id_ends_the_engine(server: FakeServer) -> None:
    engine_id = str(uuid.uuid4())
    desk = Desk(server, engine_id=engine_id)
    desk.engine.on("x")(nothing)

    async def work() -> None:
        serving = asyncio.create_task(desk.engine.serve())
        while not [body for operation, body in server.requests if operation == "heartbeat"]:
            await asyncio.sleep(0.01)
        desk.client.call("POST", "/engines", {"engine_id": engine_id, "engine_type": QUEUE})
        await serving

    with pytest.raises(EngineRefused, match="another process"):
        asyncio.run(work())


def test_an_engine_of_a_random_id_that_is_taken_takes_another(
    server: FakeServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("eventlease.identity.REGISTRATION_PAUSE_SECONDS", 0.0)
    desk = Desk(server)
    desk.engine.on("x")(nothing)
    with desk.working():
        until(lambda: server.requests and server.state.engines)
        before = desk.engine.engine_id
        desk.client.call("POST", "/engines", {"engine_id": before, "engine_type": QUEUE})
        until(lambda: desk.engine.engine_id != before)
        desk.put()
        desk.answer()


def test_a_registration_that_is_refused_is_final(server: FakeServer) -> None:
    engine_id = str(uuid.uuid4())
    desk = Desk(server, engine_id=engine_id)
    desk.client.call("POST", "/engines", {"engine_id": engine_id, "engine_type": "another"})
    desk.engine.on("x")(nothing)
    with pytest.raises(EngineRefused, match="engine_id_taken"):
        asyncio.run(desk.engine.serve())


@pytest.mark.parametrize("body", [b'{"x":1}', b"[]", b"3", b"", b"<html>"])
def test_another_service_at_the_address_ends_the_engine(server: FakeServer, body: bytes) -> None:
    other = Reply(200, {"content-type": "application/json"}, body)
    desk = Desk(server, transport=Between(server, lambda _: other))
    desk.engine.on("x")(nothing)
    with pytest.raises(SystemExit) as ended:
        desk.engine.run()
    assert ended.value.code == 2


def test_a_server_that_is_away_at_the_start_is_waited_for(server: FakeServer) -> None:
    desk = Desk(server)
    desk.engine.on("x")(nothing)
    desk.put()
    server.go_away()
    with desk.working():
        server.come_back()
        desk.answer()


def test_an_engine_can_be_stopped_while_no_server_is_there(server: FakeServer) -> None:
    desk = Desk(server)
    desk.engine.on("x")(nothing)
    server.go_away()
    with desk.working():
        pass
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("eventlease")]


def test_an_operator_drains_resumes_and_ends_an_engine(server: FakeServer) -> None:
    desk = Desk(server)
    desk.engine.on("x")(nothing)
    desk.engine.start()
    until(lambda: [1 for operation, _ in server.requests if operation == "heartbeat"])
    path = f"/engines/{desk.engine.engine_id}"
    desk.client.call("POST", f"{path}/drain", {"then": "stay"})
    until(lambda: desk.client.call("GET", path)["status"] == "draining")
    desk.client.call("POST", f"{path}/resume")
    desk.put()
    desk.answer()
    desk.client.call("POST", f"{path}/drain", {"then": "exit"})
    until(lambda: not server.state.engines)
    desk.engine.stop()


@pytest.mark.parametrize("part", ["poller", "settler", "heart"])
def test_a_part_that_crashes_is_started_again(server: FakeServer, part: str, monkeypatch: pytest.MonkeyPatch) -> None:
    names = {"poller": "poller.Poller", "settler": "settler.Settler", "heart": "heart.Heart"}
    module, name = names[part].split(".")
    target = getattr(__import__(f"eventlease.{module}", fromlist=[name]), name)
    run, crashes = target.run, iter([True])

    def crashing(self: Any) -> None:
        if next(crashes, False):
            raise RuntimeError("a bug")
        run(self)

    monkeypatch.setattr(target, "run", crashing)
    desk = Desk(server)
    desk.engine.on("x")(nothing)
    with desk.working():
        for _ in range(3):
            desk.put()
            desk.answer()


def test_a_part_that_crashes_again_and_again_ends_the_engine(
    server: FakeServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    def crash(_: Any) -> None:
        raise RuntimeError("a bug")

    monkeypatch.setattr("eventlease.poller.Poller.run", crash)
    desk = Desk(server)
    desk.engine.on("x")(nothing)
    with pytest.raises(EngineRefused, match="crashes"):
        asyncio.run(desk.engine.serve())


def test_a_blocked_loop_loses_no_lease(server: FakeServer, caplog: pytest.LogCaptureFixture) -> None:
    desk = Desk(server)

    @desk.engine.on("x")
    async def handle(event: Event) -> bool:
        time.sleep(4)  # longer than the heartbeat timeout
        return event.lease_certain

    event_id = desk.put()
    with desk.working():
        assert desk.answer()["outcome"] == "completed"
    shown = server.event(event_id)
    assert (shown["attempt"], shown["result"]) == (1, True)
    assert "was lost" not in caplog.text


def test_short_leases_are_renewed_between_heartbeats(server: FakeServer) -> None:
    desk = Desk(server, heartbeat_timeout_seconds=600, visibility_timeout_seconds=3)
    over = threading.Event()

    @desk.engine.on("x")
    def handle(event: Event) -> bool:
        got(over)
        return event.lease_certain

    event_id = desk.put()
    with desk.working():
        until(lambda: len(desk.sent("processing")) >= 3)
        over.set()
        desk.answer()
    shown = server.event(event_id)
    assert (shown["attempt"], shown["result"]) == (1, True)


def test_nothing_is_left_after_the_stop(server: FakeServer) -> None:
    before = set(threading.enumerate())
    desk = Desk(server, concurrency=5, health_port=0)
    desk.engine.on("x")(nothing)
    desk.engine.on("y")(_sleepless)
    with desk.working():
        for event_type in ("x", "y") * 5:
            desk.put(event_type)
        for _ in range(10):
            desk.answer()
    assert not server.state.engines
    assert set(threading.enumerate()) <= before


async def _sleepless(_: Event) -> None:
    await asyncio.sleep(0)


def test_engines_share_a_loop_with_their_program(server: FakeServer) -> None:
    desk = Desk(server)
    loops: list[Any] = []

    @desk.engine.on("x")
    async def handle(_: Event) -> None:
        loops.append(asyncio.get_running_loop())

    async def program() -> None:
        async with desk.engine:
            await asyncio.to_thread(desk.put)
            await asyncio.to_thread(desk.answer)
            assert loops == [asyncio.get_running_loop()]

    asyncio.run(program())
    assert not server.state.engines


def test_serving_is_cancelled(server: FakeServer) -> None:
    desk = Desk(server)
    desk.engine.on("x")(nothing)

    asyncio.run(desk.serve_until_cancelled())
    assert not server.state.engines


def test_an_engine_works_once_at_a_time(server: FakeServer) -> None:
    desk = Desk(server)
    desk.engine.on("x")(nothing)
    with desk.working(), pytest.raises(RuntimeError, match="works already"):
        desk.engine.start()
    with desk.working():
        desk.put()
        desk.answer()


def test_patched_threads_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    class Monkey:
        @staticmethod
        def is_module_patched(_: str) -> bool:
            return True

    monkeypatch.setitem(__import__("sys").modules, "gevent.monkey", Monkey)
    engine = Engine("dialogue")
    engine.on("x")(nothing)
    with pytest.raises(Exception, match="gevent"):
        engine.start()


@pytest.mark.parametrize("operation", ["exchange", "settle_many", "heartbeat"])
@pytest.mark.parametrize("body", [b"<html>Please log in</html>", b"[]", b'{"ok":true}', b""])
def test_replies_of_something_else_end_nothing(
    server: FakeServer, operation: str, body: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("eventlease.poller.PAUSE_SECONDS", 0.01)
    monkeypatch.setattr("eventlease.settler.PAUSE_SECONDS", 0.01)
    monkeypatch.setattr("eventlease.heart.FIRST_PAUSE_SECONDS", 0.01)
    others = iter([Reply(200, {"content-type": "text/html"}, body)] * 4)
    paths = {"exchange": "/lease", "settle_many": "/events/status", "heartbeat": "/heartbeat"}

    def answer(request: Request) -> Reply | None:
        return next(others, None) if request.path.endswith(paths[operation]) else None

    desk = Desk(server, transport=Between(server, answer))
    desk.engine.on("x")(nothing)
    with desk.working():
        for _ in range(6):
            desk.put()
            assert desk.answer()["outcome"] == "completed"


def test_a_crash_while_answers_are_applied_loses_no_result(server: FakeServer, monkeypatch: pytest.MonkeyPatch) -> None:
    apply, crashes = Settlements.apply, iter([True, True])

    def crashing(self: Settlements, *arguments: Any) -> bool:
        if next(crashes, False):
            raise RuntimeError("a bug")
        return apply(self, *arguments)

    monkeypatch.setattr(Settlements, "apply", crashing)
    desk = Desk(server)
    desk.engine.on("x")(nothing)
    event_id = desk.put()
    with desk.working():
        assert desk.answer()["outcome"] == "completed"
    assert server.event(event_id)["status"] == "completed"


def desk_that_answers_progress(server: FakeServer, answer: Callable[[Any], bool]) -> Desk:
    """Each heartbeat that lists an event is refused if `answer` says so of its progress; "none" is none."""

    def between(request: Request) -> Reply | None:
        if request.method == "POST" and request.path == "/engines":
            registered = json.loads(server.transport("").send(request, 30).body)
            return reply(201, {**registered, "heartbeat_interval_seconds": 1})
        leases: Any = json.loads(request.body or b"")["leases"] if request.path.endswith("/heartbeat") else []
        if leases and answer(leases[0].get("progress", "none")):
            return reply(400, {"code": "invalid_input", "detail": "something is refused"})
        return None

    return Desk(server, transport=Between(server, between), heartbeat_timeout_seconds=60)


def test_progress_that_is_refused_is_not_sent_again_and_newer_progress_is(server: FakeServer) -> None:
    """Heartbeats go on without it, so that leases are renewed."""
    handled: list[Event] = []
    answered: list[Any] = []
    refusing = ["too deep", "too long"]

    def answer(progress: Any) -> bool:
        if progress not in refusing:
            answered.append(progress)
            return False
        refusing.remove(progress)
        if progress == "too long":
            handled[0].progress("newer")  # while the heartbeat is under way
        return True

    def work(event: Event) -> None:
        handled.append(event)
        event.progress("too deep")
        until(lambda: not refusing[1:] and "none" in answered)
        event.progress("too long")
        until(lambda: "newer" in answered)

    desk = desk_that_answers_progress(server, answer)
    desk.engine.on("x")(work)
    desk.put()
    with desk.working():
        assert desk.answer()["outcome"] == "completed"
    assert not {"too deep", "too long"} & set(answered)


def test_progress_is_kept_where_a_heartbeat_without_it_is_refused(server: FakeServer) -> None:
    handled: list[Event] = []
    answered: list[Any] = []

    def answer(progress: Any) -> bool:
        if not handled:
            return False
        answered.append(progress)
        if len(answered) == 1:
            handled[0].progress("new")  # while the heartbeat is under way
            return True
        return False

    def work(event: Event) -> None:
        handled.append(event)
        until(lambda: "new" in answered)

    desk = desk_that_answers_progress(server, answer)
    desk.engine.on("x")(work)
    desk.put()
    with desk.working():
        assert desk.answer()["outcome"] == "completed"
    assert answered[0] == "none"


def test_running_no_engine_is_said() -> None:
    with pytest.raises(ConfigurationError, match="at least one engine"):
        run()


def test_threads_may_end_while_others_are_told_to(monkeypatch: pytest.MonkeyPatch) -> None:
    threads = Threads(cast("Any", None))
    threads.all |= {threading.Thread() for _ in range(3)}
    told: list[None] = []

    class Ending:
        def put(self, row: None) -> None:
            told.append(row)
            threads.all.pop()

    monkeypatch.setattr(threads, "_rows", Ending())
    threads.stop()
    assert len(told) == 3
