"""Handlers that do what they should not: the event says what to do instead, and the engine goes on."""

import asyncio
import gc
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest
from working import Desk, got, nothing, until

from eventlease import Completed, EngineRefused, Event, Failed, Hold, Released, RetryAfter
from eventlease.testing import FakeServer, run


async def work() -> int:
    """What a handler forgets to await."""
    return 1


MISTAKES: dict[str, tuple[Callable[[], Any], str]] = {
    "Hold": (lambda: Hold(60), "raise Hold("),
    "a class": (lambda: RetryAfter, "raise RetryAfter("),
    "an exception": (lambda: ValueError("broken"), "raise ValueError("),
    "SystemExit": (lambda: SystemExit(1), "raise SystemExit("),
    "within Completed": (lambda: Completed(Hold(60)), "raise Hold("),
    "Failed": (lambda: Failed({"type": "Broken", "message": "broken"}), "raise an exception"),
    "Released": (lambda: Released(60), "raise an exception"),
    "a coroutine": (work, "await"),
    "a generator": (lambda: (n for n in [1]), "list"),
}


@pytest.mark.parametrize("mistake", MISTAKES)
@pytest.mark.parametrize("is_async", [False, True])
def test_what_should_not_be_returned_says_what_to_write(
    server: FakeServer, mistake: str, is_async: bool, caplog: pytest.LogCaptureFixture
) -> None:
    desk = Desk(server)
    returned, advice = MISTAKES[mistake]

    def handle(_: Event) -> Any:
        return returned()

    async def handle_on_loop(_: Event) -> Any:
        return returned()

    desk.engine.on("x")(handle_on_loop if is_async else handle)
    event_id = desk.put()
    with desk.working():
        assert desk.answer()["outcome"] == "dead_lettered"
        assert (desk.engine.stats().failed, desk.engine.stats().completed) == (1, 0)
    error = desk.attempt(event_id)["error"]
    assert error["type"] == "ResultNotJson"
    assert advice in error["message"]
    assert [record for record in caplog.records if advice in record.message and event_id in record.message]
    assert isinstance(run(desk.engine, "x"), Failed)


def test_a_task_that_is_returned_is_to_be_awaited(server: FakeServer) -> None:
    desk = Desk(server)

    @desk.engine.on("x")
    async def handle(_: Event) -> Any:
        return asyncio.ensure_future(work())

    event_id = desk.put()
    with desk.working():
        assert desk.answer()["outcome"] == "dead_lettered"
    assert "await" in desk.attempt(event_id)["error"]["message"]


def test_a_result_that_is_no_json_is_counted_and_logged_as_a_failure(
    server: FakeServer, caplog: pytest.LogCaptureFixture
) -> None:
    desk = Desk(server)

    @desk.engine.on("x")
    def handle(_: Event) -> Any:
        return object()

    event_id = desk.put()
    with desk.working():
        assert isinstance(desk.report(), Failed)
        assert (desk.engine.stats().failed, desk.engine.stats().completed) == (1, 0)
    assert [record for record in caplog.records if event_id in record.message and "JSON" in record.message]


def test_hold_releases_its_event_once(server: FakeServer) -> None:
    desk = Desk(server, concurrency=3, heartbeat_timeout_seconds=600)

    @desk.engine.on("x")
    def handle(_: Event) -> None:
        raise Hold(3600, "the provider refuses calls")

    with desk.working():
        until(lambda: desk.bodies("exchange"))
        event_id = desk.put()
        desk.answer()
        until(lambda: [body for body in desk.bodies("heartbeat") if "holding_off" in body])
    assert server.event(event_id)["attempt"] == 1
    assert len(desk.sent("queued")) == 1


def test_a_hold_shorter_than_half_a_second_is_a_hold(server: FakeServer) -> None:
    desk = Desk(server)
    desk.engine.on("x")(raising(Hold(0.4, "busy")))
    assert run(desk.engine, "x") == Released(0, "hold", "busy", 0.4)


async def stop_loop(_: Event) -> None:
    asyncio.get_running_loop().stop()


async def exit_in_a_task(_: Event) -> None:
    async def exiting() -> None:
        raise SystemExit(1)

    task = asyncio.ensure_future(exiting())
    await asyncio.sleep(0)
    await task


async def interrupt_in_a_callback(_: Event) -> None:
    def interrupting() -> None:
        raise KeyboardInterrupt

    asyncio.get_running_loop().call_soon(interrupting)


async def close_loop(_: Event) -> None:
    asyncio.get_running_loop().close()


def raising(error: BaseException) -> Callable[[Event], Any]:
    async def handle(_: Event) -> None:
        raise error

    return handle


BLOWS: dict[str, Callable[[Event], Any]] = {
    "stop": stop_loop,
    "exit": exit_in_a_task,
    "interrupt": interrupt_in_a_callback,
    "close": close_loop,
    "SystemExit": raising(SystemExit(1)),
    "KeyboardInterrupt": raising(KeyboardInterrupt()),
    "GeneratorExit": raising(GeneratorExit()),
}


@pytest.mark.parametrize("blow", BLOWS)
def test_a_loop_of_the_engine_outlasts_its_handlers(server: FakeServer, blow: str) -> None:
    desk = Desk(server, drain_seconds=20)
    desk.engine.on("blow")(BLOWS[blow])

    @desk.engine.on("after")
    async def after(_: Event) -> str:
        await asyncio.sleep(0.01)
        return "done"

    with desk.working():
        desk.put("blow")
        desk.answer()
        event_id = desk.put("after")
        desk.answer()
    assert server.event(event_id)["result"] == "done"
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("eventlease")]


@pytest.mark.parametrize("blow", ["stop", "close", "SystemExit", "GeneratorExit"])
def test_a_loop_in_the_main_thread_outlasts_its_handlers(server: FakeServer, blow: str) -> None:
    desk = Desk(server, drain_seconds=20)
    desk.engine.on("blow")(BLOWS[blow])
    ended: list[dict[str, Any]] = []

    def use() -> None:
        ended.append(desk.answer())
        desk.engine.stop()

    desk.put("blow")
    user = threading.Thread(target=use)
    user.start()
    desk.engine.run()
    user.join()
    assert len(ended) == 1


@pytest.mark.parametrize(("blow", "error"), [("exit", SystemExit), ("interrupt", KeyboardInterrupt)])
def test_what_ends_the_main_thread_lets_the_engine_end_in_order(
    server: FakeServer, blow: str, error: type[BaseException]
) -> None:
    desk = Desk(server, drain_seconds=20)
    desk.engine.on("blow")(BLOWS[blow])
    desk.put("blow")
    with pytest.raises(error):
        desk.engine.run()
    assert desk.answer()["outcome"] in ("completed", "retry_scheduled")
    assert not server.state.engines


def test_a_loop_that_was_closed_ends_the_engine(server: FakeServer) -> None:
    desk = Desk(server, drain_seconds=20)
    loop = asyncio.new_event_loop()
    began = threading.Event()

    @desk.engine.on("x")
    async def handle(_: Event) -> None:
        began.set()
        await asyncio.sleep(3600)

    async def start() -> None:
        await desk.engine.__aenter__()

    def use() -> None:
        loop.run_until_complete(start())
        loop.run_forever()
        loop.close()

    event_id = desk.put()
    user = threading.Thread(target=use)
    user.start()
    got(began)
    loop.call_soon_threadsafe(loop.stop)
    user.join()
    until(lambda: not server.state.engines)
    assert desk.attempt(event_id)["outcome"] == "released"
    with pytest.raises(EngineRefused, match="the event loop of its handlers was closed"):
        desk.engine.stop()


def test_run_says_what_to_write_within_a_loop(server: FakeServer) -> None:
    desk = Desk(server)
    desk.engine.on("x")(stop_loop)

    async def program() -> None:
        desk.engine.run()

    with pytest.raises(RuntimeError, match=r"await engine\.serve"):
        asyncio.run(program())


def test_a_stopped_loop_of_the_program_lets_the_engine_end(server: FakeServer) -> None:
    desk = Desk(server, drain_seconds=20)
    desk.engine.on("blow")(stop_loop)
    desk.put("blow")
    with pytest.raises(RuntimeError, match="stopped"):
        asyncio.run(desk.engine.serve())
    desk.answer()
    assert not server.state.engines


@pytest.mark.parametrize("is_run", [False, True])
def test_tasks_that_are_left_are_cancelled_and_awaited(
    server: FakeServer, is_run: bool, caplog: pytest.LogCaptureFixture
) -> None:
    gc.collect()
    caplog.clear()  # of tasks that tests before this one have left behind
    desk = Desk(server)
    ended = threading.Event()

    async def linger() -> None:
        try:
            await asyncio.sleep(3600)
        finally:
            await asyncio.sleep(0.01)
            ended.set()

    @desk.engine.on("x")
    async def handle(_: Event) -> None:
        lingering.append(asyncio.ensure_future(linger()))
        await asyncio.sleep(0)

    lingering: list[asyncio.Future[None]] = []
    desk.put()
    if is_run:

        def use() -> None:
            desk.answer()
            desk.engine.stop()

        user = threading.Thread(target=use)
        user.start()
        desk.engine.run()
        user.join()
    else:
        with desk.working():
            desk.answer()
    assert ended.is_set()
    assert lingering[0].cancelled()
    assert "was destroyed" not in caplog.text


def test_a_task_that_will_not_end_does_not_hold_up_the_engine(
    server: FakeServer,
) -> None:
    desk = Desk(server)
    over = threading.Event()

    async def endless() -> None:
        while not over.is_set():
            with suppress(asyncio.CancelledError):
                await asyncio.sleep(0.01)

    @desk.engine.on("x")
    async def handle(_: Event) -> None:
        kept.append(asyncio.ensure_future(endless()))

    kept: list[Any] = []
    desk.engine.on("y")(nothing)
    desk.put()
    with desk.working():
        desk.answer()
    over.set()
    assert not server.state.engines
