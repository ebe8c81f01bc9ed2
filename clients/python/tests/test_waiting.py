"""Waiting says that something is open only where the server has said so."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from eventlease import AsyncClient, Client, Enqueued, EventCancelled, InvalidInput, Unavailable
from eventlease.testing import FakeServer

NEW = {"engine_type": "dialogue", "event_type": "asked", "payload": 1}


def ids_of(client: Client, count: int) -> list[str]:
    return [event.event_id for event in client.enqueue_many([NEW] * count) if isinstance(event, Enqueued)]


def wait(client: Any, event_id: str, timeout: float) -> Any:
    return client.wait(event_id, timeout=timeout)


def wait_many(client: Any, event_id: str, timeout: float) -> Any:
    return client.wait_many([event_id], timeout=timeout)


def wait_for_run(client: Any, _: str, timeout: float) -> Any:
    return client.wait_for_run("r", timeout=timeout)


WAITS = [wait, wait_many, wait_for_run]


@pytest.mark.parametrize("waits", WAITS)
@pytest.mark.parametrize("timeout", [0, 0.05])
def test_a_server_that_is_away_is_unavailable(server: FakeServer, waits: Callable[..., Any], timeout: float) -> None:
    with Client(transport=server.transport) as client:
        event_id = client.enqueue("dialogue", "asked", 1, scenario_run_id="r").event_id
        server.go_away()
        with pytest.raises(Unavailable):
            waits(client, event_id, timeout)


@pytest.mark.parametrize("waits", WAITS)
@pytest.mark.parametrize("timeout", [0, 0.05])
def test_tasks_are_told_so_too(server: FakeServer, waits: Callable[..., Any], timeout: float) -> None:
    async def main() -> None:
        async with AsyncClient(transport=server.transport) as client:
            event = await client.enqueue("dialogue", "asked", 1, scenario_run_id="r")
            server.go_away()
            try:
                (value,) = await waits(client, event.event_id, timeout)
            except Unavailable as error:
                value = error
            assert isinstance(value, Unavailable)

    asyncio.run(main())


def test_the_end_of_a_wait_is_no_guess(server: FakeServer) -> None:
    """Even one of no length asks the server."""

    async def main() -> None:
        async with AsyncClient(transport=server.transport) as client:
            event = await client.enqueue("dialogue", "asked", 1)
            with pytest.raises(TimeoutError, match="still open"):
                await client.wait(event.event_id, timeout=0)
            await client.cancel(event.event_id)
            with pytest.raises(EventCancelled):
                await client.wait(event.event_id, timeout=0)

    asyncio.run(main())


def test_waits_for_runs_do_not_hold_up_the_end_of_another(server: FakeServer) -> None:
    async def main() -> None:
        client = AsyncClient(transport=server.transport)
        event = await client.enqueue("dialogue", "asked", 1, scenario_run_id="r")
        runs = [asyncio.create_task(client.wait_for_run("r")) for _ in range(40)]
        await asyncio.sleep(0)
        with pytest.raises(TimeoutError, match="still open"):
            await client.wait(event.event_id, timeout=0.05)
        assert not any(run.done() for run in runs)
        server.stop()  # the fake's waits cannot be cut off
        for run in runs:
            run.cancel()
        await client.close()

    asyncio.run(main())


def test_each_of_many_is_asked_for_before_the_time_is_over(server: FakeServer) -> None:
    with Client(transport=server.transport) as client:
        ids = ids_of(client, 250)
        for event_id in ids[100:]:
            client.cancel(event_id)
        values = client.wait_many(ids, timeout=0)
        assert [type(value) for value in values] == [TimeoutError] * 100 + [EventCancelled] * 150


@pytest.mark.parametrize("waits", WAITS)
@pytest.mark.parametrize("timeout", ["x", float("nan"), True])
@pytest.mark.parametrize("is_async", [False, True])
def test_a_timeout_is_a_number(server: FakeServer, waits: Callable[..., Any], timeout: Any, is_async: bool) -> None:
    async def on_loop() -> None:
        async with AsyncClient(transport=server.transport) as client:
            await waits(client, "01926f5e-7a3c-7d2e-9b54-3f1c8a6d2e10", timeout)

    with Client(transport=server.transport) as client, pytest.raises(InvalidInput, match="timeout"):
        asyncio.run(on_loop()) if is_async else waits(client, "01926f5e-7a3c-7d2e-9b54-3f1c8a6d2e10", timeout)


def test_a_timeout_may_be_endless(server: FakeServer) -> None:
    with Client(transport=server.transport) as client:
        (event_id,) = ids_of(client, 1)
        client.cancel(event_id)
        with pytest.raises(EventCancelled):
            client.wait(event_id, timeout=float("inf"))
