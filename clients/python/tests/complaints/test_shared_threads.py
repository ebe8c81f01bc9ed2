"""What the library waits for holds up nothing else: neither the program's threads nor its own calls."""

import asyncio
import gc
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import pytest
from working import PATIENCE_SECONDS, Desk, nothing

from eventlease import AsyncClient, Event
from eventlease.testing import FakeServer

MANY = 40


class Taken(ThreadPoolExecutor):
    """The threads of `asyncio.to_thread`, of which the program itself has taken all."""

    def submit(self, *arguments: Any, **options: Any) -> Future[Any]:
        raise AssertionError(f"the program's threads are used, with {arguments} and {options}")


@pytest.mark.parametrize("how", ["serve", "async with"])
def test_an_engine_needs_none_of_the_programs_threads(server: FakeServer, how: str) -> None:
    desk = Desk(server)
    desk.engine.on("x")(nothing)

    async def program() -> None:
        asyncio.get_running_loop().set_default_executor(Taken())
        if how == "async with":
            async with desk.engine:
                while not server.state.engines:
                    await asyncio.sleep(0.01)
            return
        await desk.serve_until_cancelled()

    asyncio.run(program())
    assert not server.state.engines


def test_a_client_needs_none_of_the_programs_threads(server: FakeServer) -> None:
    async def program() -> None:
        asyncio.get_running_loop().set_default_executor(Taken())
        async with AsyncClient("http://fake", transport=server.transport) as client:
            event = await client.enqueue("q", "t", 1)
            await client.read(event.event_id)
            with pytest.raises(TimeoutError):
                await client.wait(event.event_id, timeout=0)

    asyncio.run(program())


@pytest.mark.parametrize("are_given_up", [False, True])
def test_waiting_for_many_runs_holds_up_no_other_call(server: FakeServer, are_given_up: bool) -> None:
    async def program() -> None:
        client = AsyncClient("http://fake", transport=server.transport)
        for number in range(MANY):
            await client.enqueue("q", "t", 1, scenario_run_id=f"{number}")
        waits = [asyncio.create_task(client.wait_for_run(number)) for number in range(MANY)]
        await asyncio.sleep(0)
        for wait in waits:
            if are_given_up:
                wait.cancel()
        try:
            for number in range(MANY):
                await asyncio.wait_for(client.cancel_run(number), PATIENCE_SECONDS)
            ends = await asyncio.wait_for(asyncio.gather(*waits, return_exceptions=True), PATIENCE_SECONDS)
        finally:
            server.stop()  # the fake's waits cannot be cut off
            await client.close()
        assert {type(end).__name__ for end in ends} == {"CancelledError" if are_given_up else "dict"}

    asyncio.run(program())


def test_waiting_for_many_events_holds_up_no_other_call(server: FakeServer) -> None:
    async def program() -> None:
        async with AsyncClient("http://fake", transport=server.transport) as client:
            events = await asyncio.gather(*(client.enqueue("q", "t", number) for number in range(1500)))
            waits = [asyncio.create_task(client.wait(event.event_id)) for event in events]
            given_up = [asyncio.create_task(client.wait(event.event_id)) for event in events]
            await asyncio.sleep(0)
            for wait in given_up:
                wait.cancel()
            await asyncio.wait_for(client.read(events[0].event_id), PATIENCE_SECONDS)
            await asyncio.gather(*(client.cancel(event.event_id) for event in events))
            ends = await asyncio.wait_for(asyncio.gather(*waits, return_exceptions=True), PATIENCE_SECONDS)
            assert {type(end).__name__ for end in ends} == {"EventCancelled"}

    asyncio.run(program())


def test_waits_that_run_out_leave_nothing_behind(server: FakeServer) -> None:
    async def program() -> None:
        client = AsyncClient("http://fake", transport=server.transport)
        event = await client.enqueue("q", "t", 1)
        for _ in range(300):
            with pytest.raises(TimeoutError):
                await client.wait(event.event_id, timeout=0)
        assert alive(asyncio.Future) < 50
        server.stop()
        await client.close()

    asyncio.run(program())


@pytest.mark.parametrize("kind", ["def", "async def"])
def test_events_that_are_settled_leave_nothing_behind(server: FakeServer, kind: str) -> None:
    async def nothing_on_loop(_: Event) -> None:
        """Ends at once."""

    desk = Desk(server, concurrency=3, prefetch=5)
    desk.engine.on("x")(nothing if kind == "def" else nothing_on_loop)
    before = alive(Event)
    with desk.working():
        for _ in range(20):
            for _ in range(20):
                desk.put()
            for _ in range(20):
                desk.answer()
        assert alive(Event) - before <= 8 + 1  # what is held, and what a callback was called with


def alive(kind: type) -> int:
    """How many values of a type there are."""
    gc.collect()
    return sum(issubclass(type(each), kind) for each in gc.get_objects())
