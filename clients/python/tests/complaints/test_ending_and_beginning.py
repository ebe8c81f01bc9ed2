"""Whose signals they are, who may end an engine, and what is closed last."""

import asyncio
import logging
import os
import signal
import socket
import threading
from collections.abc import AsyncGenerator, Callable, Generator
from contextlib import AbstractContextManager, asynccontextmanager, contextmanager
from typing import Any
from uuid import uuid4

import pytest
from working import QUEUE, Desk, got, nothing, until

from eventlease import Client, ConfigurationError, Engine, EngineRefused, Event
from eventlease.running import Running
from eventlease.testing import FakeServer
from eventlease.transport import Transport

KINDS = ["def", "async def"]
NUMBERS = [signal.SIGTERM, signal.SIGINT]


@pytest.fixture
def default_signals() -> Generator[None]:
    """A shell's job in the background ignores SIGINT."""
    before = [signal.signal(number, signal.default_int_handler) for number in NUMBERS]
    yield
    for number, handler in zip(NUMBERS, before, strict=True):
        signal.signal(number, handler)


def send(number: signal.Signals) -> None:
    os.kill(os.getpid(), number)


@pytest.mark.usefixtures("default_signals")
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(("theirs", "ours"), [NUMBERS, NUMBERS[::-1]])
def test_a_signal_that_the_program_handles_stays_the_programs(
    server: FakeServer, kind: str, theirs: signal.Signals, ours: signal.Signals
) -> None:
    heard = threading.Event()

    def mine(*_: object) -> None:
        heard.set()

    signal.signal(theirs, mine)
    desk = Desk(server, drain_seconds=600)

    def handle(_: Event) -> None:
        send(theirs)
        got(heard)
        send(ours)

    async def handle_on_loop(_: Event) -> None:
        send(theirs)
        await asyncio.to_thread(got, heard)
        send(ours)

    desk.engine.on("x")(handle if kind == "def" else handle_on_loop)
    desk.put()
    desk.engine.run()
    assert desk.answer()["outcome"] == "completed"
    assert signal.getsignal(theirs) is mine
    assert signal.getsignal(ours) is signal.default_int_handler


@pytest.mark.usefixtures("default_signals")
def test_an_engine_in_the_background_takes_no_signals(server: FakeServer) -> None:
    def handlers() -> list[Any]:
        return [signal.getsignal(number) for number in NUMBERS]

    desk = Desk(server)
    desk.engine.on("x")(nothing)

    async def program() -> None:
        before = handlers()
        async with desk.engine:
            assert handlers() == before
        serving = asyncio.create_task(desk.engine.serve())
        while not server.state.engines:
            await asyncio.sleep(0.01)
        assert handlers() == before
        serving.cancel()
        with pytest.raises(asyncio.CancelledError):
            await serving
        assert handlers() == before

    before = handlers()
    with desk.working():
        assert handlers() == before
    asyncio.run(program())
    assert handlers() == before


def test_an_engine_runs_in_a_thread_that_gets_no_signals(server: FakeServer) -> None:
    desk = Desk(server)
    desk.engine.on("x")(nothing)
    thread = threading.Thread(target=desk.engine.run)
    thread.start()
    desk.put()
    assert desk.answer()["outcome"] == "completed"
    desk.client.call("POST", f"/engines/{desk.engine.engine_id}/drain", {"then": "exit"})
    thread.join()


@pytest.mark.parametrize("how", ["start", "async with", "serve"])
@pytest.mark.parametrize("who", [*KINDS, "a thread of a handler", "on_settled", "lifespan", "async lifespan"])
def test_what_an_engine_waits_for_may_stop_it(server: FakeServer, who: str, how: str) -> None:
    """As a handler after a number of events; the event that it works on is completed."""
    has_stopped = threading.Event()

    def stop(*_: object) -> None:
        desk.engine.stop()
        has_stopped.set()

    @contextmanager
    def lifespan() -> Generator[None]:
        if who == "lifespan":
            stop()
        yield

    @asynccontextmanager
    async def lifespan_on_loop() -> AsyncGenerator[None]:
        stop()
        yield

    def handle(_: Event) -> str:
        if who == "def":
            stop()
        return "the last"

    async def handle_on_loop(_: Event) -> str:
        if who == "async def":
            stop()
        elif who == "a thread of a handler":
            await asyncio.to_thread(stop)
        return "the last"

    desk = Desk(server, lifespan=lifespan_on_loop if who == "async lifespan" else lifespan, drain_seconds=600)
    desk.engine.on("x")(handle_on_loop if who in ("async def", "a thread of a handler") else handle)
    if who == "on_settled":
        desk.engine.on_settled(stop)
    event_id = desk.put()

    async def program() -> None:
        if how == "serve":
            await desk.engine.serve()
            return
        async with desk.engine:
            await asyncio.to_thread(got, has_stopped)

    if how == "start":
        desk.engine.start()
        got(has_stopped)
        until(lambda: not server.state.engines)
        desk.engine.stop()
    else:
        asyncio.run(program())
    assert not server.state.engines
    if "lifespan" not in who:  # whose engine may not have leased it
        assert server.event(event_id)["status"] == "completed"


@pytest.mark.parametrize("lifespan_kind", KINDS)
@pytest.mark.parametrize("kind", KINDS)
def test_what_handlers_share_is_closed_after_the_last_of_them(
    server: FakeServer, kind: str, lifespan_kind: str
) -> None:
    seen: list[str] = []

    @contextmanager
    def pool() -> Generator[list[str]]:
        yield seen
        seen.append("closed")

    @asynccontextmanager
    async def pool_on_loop() -> AsyncGenerator[list[str]]:
        yield seen
        seen.append("closed")

    lifespan: Any = pool if lifespan_kind == "def" else pool_on_loop
    desk = Desk(server, lifespan=lifespan, drain_seconds=600)
    begun = threading.Event()

    def is_draining() -> bool:
        return "drain" in [name for name, _ in server.requests]

    def handle(event: Event[Any, list[str]]) -> None:
        begun.set()
        until(is_draining)
        event.state.append("handled")

    async def handle_on_loop(event: Event[Any, list[str]]) -> None:
        begun.set()
        while not is_draining():
            await asyncio.sleep(0.01)
        event.state.append("handled")

    desk.engine.on("x")(handle if kind == "def" else handle_on_loop)
    event_id = desk.put()
    with desk.working():
        got(begun)
    assert seen == ["handled", "closed"]
    assert server.event(event_id)["status"] == "completed"


@pytest.mark.parametrize("kind", KINDS)
def test_what_handlers_share_may_take_its_time_to_close(server: FakeServer, kind: str) -> None:
    closed = threading.Event()
    takes = 2.5

    @contextmanager
    def pool() -> Generator[None]:
        yield
        threading.Event().wait(takes)
        closed.set()

    @asynccontextmanager
    async def pool_on_loop() -> AsyncGenerator[None]:
        yield
        await asyncio.sleep(takes)
        closed.set()

    lifespan: Any = pool if kind == "def" else pool_on_loop
    desk = Desk(server, lifespan=lifespan, drain_seconds=600)
    desk.engine.on("x")(nothing)
    with desk.working():
        desk.put()
        desk.answer()
    assert closed.is_set()


def running_of(desk: Desk) -> Running:
    """The engine at work, which signals ask to end."""
    of_engine = desk.engine._running  # pyright: ignore[reportPrivateUsage]
    assert of_engine is not None
    return of_engine


def hanging(kind: str, moment: str, begun: threading.Event, may_end: threading.Event) -> Any:
    """A lifespan that hangs while it is entered or left, until it may end."""

    @contextmanager
    def pool() -> Generator[None]:
        if moment == "entered":
            begun.set()
            got(may_end)
        yield
        if moment == "left":
            begun.set()
            got(may_end)

    async def hang() -> None:
        begun.set()
        while not may_end.is_set():
            await asyncio.sleep(0.01)

    @asynccontextmanager
    async def pool_on_loop() -> AsyncGenerator[None]:
        if moment == "entered":
            await hang()
        yield
        if moment == "left":
            await hang()

    return pool if kind == "def" else pool_on_loop


@pytest.mark.parametrize("how", ["stop", "signal"])
@pytest.mark.parametrize("kind", KINDS)
def test_an_engine_can_be_stopped_while_what_its_handlers_share_is_made(
    server: FakeServer, kind: str, how: str
) -> None:
    begun, may_end = threading.Event(), threading.Event()
    desk = Desk(server, lifespan=hanging(kind, "entered", begun, may_end), drain_seconds=600)
    desk.engine.on("x")(nothing)
    event_id = desk.put()
    desk.engine.start()
    got(begun)
    running = running_of(desk)
    running.ask(how)
    try:
        running.done.result(20)
    finally:
        may_end.set()
    desk.engine.stop()
    assert not server.state.engines
    assert server.event(event_id)["status"] == "queued"


@pytest.mark.parametrize("how", ["time", "second signal"])
@pytest.mark.parametrize("kind", KINDS)
def test_what_handlers_share_is_left_behind_where_it_does_not_close(
    server: FakeServer, kind: str, how: str, caplog: pytest.LogCaptureFixture
) -> None:
    begun, may_end = threading.Event(), threading.Event()
    lifespan = hanging(kind, "left", begun, may_end)
    desk = Desk(server, lifespan=lifespan, drain_seconds=0 if how == "time" else 600)
    desk.engine.on("x")(nothing)
    desk.engine.start()
    desk.put()
    desk.answer()
    running = running_of(desk)
    running.ask("signal")
    got(begun)
    if how == "second signal":
        running.ask("signal")
    try:
        running.done.result(20)
    finally:
        may_end.set()
    assert running.status == 1
    assert "the lifespan did not end in time" in caplog.text
    desk.engine.stop()


@pytest.mark.parametrize("moment", ["entered", "left"])
def test_it_is_said_that_what_handlers_share_is_awaited(
    server: FakeServer, moment: str, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("eventlease.running.SAY_SECONDS", 0.0)
    begun, may_end = threading.Event(), threading.Event()
    desk = Desk(server, lifespan=hanging("def", moment, begun, may_end), drain_seconds=600)
    desk.engine.on("x")(nothing)
    desk.put()
    desk.engine.start()
    if moment == "left":
        desk.answer()
        running_of(desk).ask("stop")
    try:
        until(lambda: f"the lifespan is awaited, which is being {moment}" in caplog.text)
    finally:
        may_end.set()
    if moment == "entered":
        desk.answer()
    desk.engine.stop()


@pytest.mark.parametrize("error", [ValueError("broken"), SystemExit(1)])
@pytest.mark.parametrize("moment", ["entered", "left"])
@pytest.mark.parametrize("kind", KINDS)
def test_an_engine_leaves_although_what_its_handlers_share_fails(
    server: FakeServer, caplog: pytest.LogCaptureFixture, kind: str, moment: str, error: BaseException
) -> None:
    @contextmanager
    def pool() -> Generator[None]:
        if moment == "entered":
            raise error
        yield
        raise error

    @asynccontextmanager
    async def pool_on_loop() -> AsyncGenerator[None]:
        with pool():
            yield

    caplog.set_level(logging.INFO)
    before = set(threading.enumerate())
    lifespan: Any = pool if kind == "def" else pool_on_loop
    desk = Desk(server, lifespan=lifespan, health_port=0)
    desk.engine.on("x")(nothing)
    desk.engine.start()
    if moment == "left":
        desk.put()
        desk.answer()
        desk.engine.stop()
    else:
        until(lambda: "left, with status 4" in caplog.text)
        with pytest.raises(EngineRefused, match=type(error).__name__):
            desk.engine.stop()
    assert not server.state.engines
    assert set(threading.enumerate()) <= before


def test_a_loop_that_is_blocked_keeps_no_engine_from_its_end(server: FakeServer) -> None:
    """What handlers share cannot be closed there."""
    begun, is_over = threading.Event(), threading.Event()

    @asynccontextmanager
    async def pool() -> AsyncGenerator[None]:
        yield

    async def block(_: Event) -> None:
        begun.set()
        got(is_over)

    desk = Desk(server, lifespan=pool)
    desk.engine.on("x")(block)
    desk.put()
    with desk.working():
        got(begun)
    is_over.set()
    assert not server.state.engines


def wrong_token(_: int) -> Engine:
    return Engine("x", token="")


def taken_port(port: int) -> Engine:
    return Engine("x", health_port=port)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("make", [wrong_token, taken_port])
def test_what_cannot_work_is_said_where_the_engine_is_started(kind: str, make: Callable[[int], Engine]) -> None:
    async def handle_on_loop(_: Event) -> None:
        """Is not called."""

    with socket.create_server(("", 0)) as taken:
        engine = make(taken.getsockname()[1])
        engine.on("x")(nothing if kind == "def" else handle_on_loop)
        try:
            with pytest.raises(ConfigurationError):
                engine.start()
        finally:
            engine.stop()


def unreadable_token(_: int) -> Engine:
    def token() -> str:
        raise ConfigurationError("it cannot be read")

    return Engine("x", token=token)


def failing_lifespan(_: int) -> Engine:
    def lifespan() -> AbstractContextManager[None]:
        raise ConfigurationError("no pool")

    return Engine("x", lifespan=lifespan)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("make", [wrong_token, taken_port, unreadable_token, failing_lifespan])
def test_nothing_is_left_of_an_engine_that_could_not_begin(kind: str, make: Callable[[int], Engine]) -> None:
    async def handle_on_loop(_: Event) -> None:
        """Is not called."""

    before = set(threading.enumerate())
    with socket.create_server(("", 0)) as taken:
        engine = make(taken.getsockname()[1])
        engine.on("x")(nothing if kind == "def" else handle_on_loop)
        with pytest.raises(ConfigurationError):
            engine.start()
    assert set(threading.enumerate()) <= before
    engine.stop()


def test_an_engine_that_has_ended_by_itself_does_not_look_as_if_it_worked(
    server: FakeServer, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    desk = Desk(server, health_port=0)
    desk.engine.on("x")(nothing)
    server.refuse_next("register", "unauthenticated")
    desk.engine.start()
    until(lambda: "left, with status 2" in caplog.text)
    with pytest.raises(RuntimeError, match="unauthenticated"):
        desk.engine.stats()
    assert (desk.engine.engine_id, desk.engine.health_port) == (None, None)
    with pytest.raises(EngineRefused, match="unauthenticated"):
        desk.engine.stop()
    desk.engine.stop()
    with desk.working():  # it may begin again
        until(lambda: server.state.engines)


@pytest.mark.parametrize(
    ("how", "raises"),
    [("with", False), ("with", True), ("async with", False), ("async with", True), ("serve", False)],
)
def test_a_block_says_that_its_engine_has_ended_by_itself(
    server: FakeServer, caplog: pytest.LogCaptureFixture, how: str, raises: bool
) -> None:
    """An error of the block itself comes first."""
    caplog.set_level(logging.INFO)
    desk = Desk(server)
    desk.engine.on("x")(nothing)
    server.refuse_next("register", "unauthenticated")

    def block() -> None:
        until(lambda: "left, with status 2" in caplog.text)
        if raises:
            raise KeyError("of the block")

    async def on_loop() -> None:
        if how == "serve":
            await desk.engine.serve()
            return
        async with desk.engine:
            await asyncio.to_thread(block)

    def program() -> None:
        if how == "with":
            with desk.engine:
                block()
        else:
            asyncio.run(on_loop())

    with pytest.raises(KeyError if raises else EngineRefused):
        program()


@pytest.mark.usefixtures("default_signals")
def test_an_engine_that_was_run_may_be_stopped_whatever_its_end(server: FakeServer) -> None:
    desk = Desk(server)
    desk.engine.on("x")(nothing)
    server.refuse_next("register", "unauthenticated")
    with pytest.raises(SystemExit):
        desk.engine.run()
    desk.engine.stop()


@pytest.mark.parametrize("error", [ValueError("broken"), SystemExit(1)])
@pytest.mark.parametrize("callback", ["on_settled", "on_lost"])
def test_a_callback_that_raises_ends_no_thread(
    server: FakeServer, caplog: pytest.LogCaptureFixture, error: BaseException, callback: str
) -> None:
    desk = Desk(server, concurrency=1)  # so that what it has lost is not leased again
    begun, called = threading.Event(), threading.Event()

    def broken(*_: object) -> None:
        called.set()
        raise error

    @desk.engine.on("x")
    def handle(_: Event) -> None:
        begun.set()
        if callback == "on_lost":
            until(lambda: server.event(event_id)["status"] == "cancelled")

    getattr(desk.engine, callback)(broken)
    event_id = desk.put()
    with desk.working():
        got(begun)
        if callback == "on_lost":
            server.expire_leases()
            desk.client.cancel(event_id)
        got(called)
    assert "has crashed" not in caplog.text


@pytest.mark.parametrize("error", [FileNotFoundError("it is replaced"), SystemExit(1)])
def test_a_token_that_cannot_be_read_for_a_while_ends_nothing(
    caplog: pytest.LogCaptureFixture, error: BaseException
) -> None:
    """As a file that is replaced in this moment."""
    reads: list[int] = []
    made: dict[str, str] = {}

    def token() -> str:
        reads.append(1)
        if len(reads) == 2:
            raise error
        return made["token"]

    with FakeServer(admin_token="the-admins") as server:
        admin = Client("http://fake", token="the-admins", transport=server.transport)
        made |= admin.call("POST", "/tokens", {"role": "registrar", "name": "of a test", "engine_types": [QUEUE]})
        desk = Desk(server, token=token)
        desk.engine.on("x")(nothing)
        with desk.working():
            until(lambda: desk.bodies("heartbeat"))
            server.refuse_next("heartbeat", "unauthenticated")
            server.refuse_next("renew_token", "unauthenticated")
            until(lambda: len(reads) >= 2)
            beats = len(desk.bodies("heartbeat"))
            until(lambda: len(desk.bodies("heartbeat")) >= beats + 2)
    assert "has crashed" not in caplog.text


def test_an_engine_of_a_module_works_with_the_server_of_a_test(
    server: FakeServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is made when its module is imported; what the environment says is read when it starts, each time."""
    urls: set[str] = set()

    def transport(url: str) -> Transport:
        urls.add(url)
        return server.transport(url)

    engine = Engine(QUEUE, transport=transport)
    engine.on("x")(nothing)
    for number in range(2):
        urls.clear()
        url, engine_id = f"http://of-test-{number}", str(uuid4())
        monkeypatch.setenv("EVENTLEASE_URL", url)
        monkeypatch.setenv("EVENTLEASE_ENGINE_ID", engine_id)
        with engine:
            until(lambda: server.state.engines)
            assert engine.engine_id == engine_id
        assert urls == {url}


def test_an_engine_of_a_module_has_the_token_of_a_test(monkeypatch: pytest.MonkeyPatch) -> None:
    with FakeServer(admin_token="the-admins") as server:
        engine = Engine(QUEUE, transport=server.transport)
        engine.on("x")(nothing)
        admin = Client("http://fake", token="the-admins", transport=server.transport)
        made = admin.call("POST", "/tokens", {"role": "registrar", "name": "of a test", "engine_types": [QUEUE]})
        monkeypatch.setenv("EVENTLEASE_TOKEN", made["token"])
        with engine:
            until(lambda: server.state.engines)
