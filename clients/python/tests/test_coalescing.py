"""Events that many tasks or threads enqueue: few requests, and each caller's own answer."""

import asyncio
import concurrent.futures
import json
import threading
import time
from collections.abc import Callable
from typing import Any

import pytest
from scripted import Away, reply

from eventlease import AsyncClient, BufferFull, Client, Enqueued, EventCancelled, InvalidInput, NotFound, Unavailable
from eventlease.coalesce import MAX_WAITING_EVENTS, Coalescer, Waiting
from eventlease.enqueuing import NewBody
from eventlease.errors import EventLeaseError
from eventlease.testing import FakeServer
from eventlease.transport import Reply, Request

UNKNOWN = "01926f5e-7a3c-7d2e-9b54-3f1c8a6d2e10"


class Gate:
    """A server that answers batches once its gate is open, and then at once."""

    def __init__(self) -> None:
        self.is_open = threading.Event()
        self.is_reached = threading.Event()
        self.batches: list[list[Any]] = []

    def __call__(self, url: str) -> "Gate":
        assert url
        return self

    def send(self, request: Request, seconds: float) -> Reply:
        self.is_reached.set()
        assert self.is_open.wait(seconds)
        events = json.loads(request.body or b"")["events"]
        self.batches.append([event["payload"] for event in events])
        return reply(201, {"results": [{"event_id": f"event {event['payload']}"} for event in events]})

    def close(self) -> None:
        self.is_open.set()


async def reached(gate: Gate) -> None:
    await asyncio.to_thread(gate.is_reached.wait, 30)


def test_what_arrives_during_a_request_goes_with_the_next() -> None:
    async def main() -> None:
        gate = Gate()
        async with AsyncClient(transport=gate) as client:
            first = asyncio.create_task(client.enqueue("q", "t", 0))
            await reached(gate)
            others = [asyncio.create_task(client.enqueue("q", "t", number)) for number in range(1, 1501)]
            await asyncio.sleep(0)
            gate.is_open.set()
            events = await asyncio.gather(first, *others)
        assert [event.event_id for event in events] == [f"event {number}" for number in range(1501)]
        assert [len(batch) for batch in gate.batches] == [1, 1000, 500]

    asyncio.run(main())


def test_threads_that_share_a_client_share_requests() -> None:
    gate = Gate()
    with (
        Client(transport=gate, coalesce=True) as client,
        concurrent.futures.ThreadPoolExecutor(50) as threads,
    ):
        first = threads.submit(client.enqueue, "q", "t", 0)
        assert gate.is_reached.wait(30)
        others = [threads.submit(client.enqueue, "q", "t", number) for number in range(1, 50)]
        gate.is_open.set()
        events = [future.result(30) for future in [first, *others]]
    assert [event.event_id for event in events] == [f"event {number}" for number in range(50)]
    assert sum(len(batch) for batch in gate.batches) == 50


def test_a_refused_event_fails_its_own_call_only() -> None:
    async def main() -> None:
        with FakeServer() as server:
            async with AsyncClient(transport=server.transport) as client:
                answers = await asyncio.gather(
                    *(client.enqueue("q", "t", number, priority=10 if number == 7 else 5) for number in range(20)),
                    return_exceptions=True,
                )
        refused = [number for number, answer in enumerate(answers) if not isinstance(answer, Enqueued)]
        assert refused == [7]
        assert isinstance(answers[7], InvalidInput)
        assert answers[7].errors[0]["pointer"] == "/priority"

    asyncio.run(main())


def test_a_lost_reply_makes_no_second_events() -> None:
    async def main() -> None:
        with FakeServer() as server:
            server.lose_next_reply("enqueue_batch", 2)
            async with AsyncClient(transport=server.transport) as client:
                events = await asyncio.gather(*(client.enqueue("q", "t", number) for number in range(20)))
            assert sorted(event.event_id for event in events) == sorted(server.state.events)
            assert not any(event.is_duplicate for event in events)

    asyncio.run(main())


def test_events_without_keys_are_not_mixed_with_others() -> None:
    """One of them must not be sent twice; the others may."""
    sizes: list[int] = []

    def send(bodies: list[NewBody], _seconds: float) -> list[EventLeaseError]:
        assert len({body.has_key for body in bodies}) == 1
        sizes.append(len(bodies))
        return [EventLeaseError("none")] * len(bodies)

    coalescer, futures = collected(send)
    offer(coalescer, futures, *[True] * 3, *[False] * 2, True)
    coalescer.close(30)
    assert [str(future.result(30)) for future in futures] == ["none"] * 6
    assert sum(sizes) == 6
    assert len(sizes) >= 3


def test_a_full_buffer_makes_tasks_wait() -> None:
    async def main() -> None:
        gate = Gate()
        async with AsyncClient(transport=gate) as client:
            tasks = [asyncio.create_task(client.enqueue("q", "t", n)) for n in range(MAX_WAITING_EVENTS + 3001)]
            await reached(gate)
            gate.is_open.set()
            events = await asyncio.gather(*tasks)
        assert len({event.event_id for event in events}) == MAX_WAITING_EVENTS + 3001
        assert max(len(batch) for batch in gate.batches) == 1000

    asyncio.run(main())


def test_tasks_that_are_cancelled_while_they_wait_for_room_hold_up_nobody() -> None:
    async def main() -> None:
        gate = Gate()
        async with AsyncClient(transport=gate) as client:
            kept = [asyncio.create_task(client.enqueue("q", "t", n)) for n in range(MAX_WAITING_EVENTS + 1000)]
            given_up = [asyncio.create_task(client.enqueue("q", "t", -n)) for n in range(1, 2000)]
            late = asyncio.create_task(client.enqueue("q", "t", "late"))
            await reached(gate)
            await asyncio.sleep(0)
            for task in given_up:
                task.cancel()
            gate.is_open.set()
            await asyncio.gather(*kept, late)

    asyncio.run(main())


def test_a_full_buffer_may_be_an_error() -> None:
    async def main() -> None:
        gate = Gate()
        async with AsyncClient(transport=gate, on_full="raise") as client:
            tasks = [asyncio.create_task(client.enqueue("q", "t", n)) for n in range(MAX_WAITING_EVENTS + 1001)]
            await asyncio.sleep(0)
            with pytest.raises(BufferFull):
                await client.enqueue("q", "t", "too many")
            gate.is_open.set()
            await asyncio.gather(*tasks, return_exceptions=True)

    asyncio.run(main())


def test_large_events_fill_the_buffer_too() -> None:
    gate, full = Gate(), 0
    with Client(transport=gate, coalesce=True, on_full="raise") as client:
        threads = concurrent.futures.ThreadPoolExecutor(60)
        futures = [threads.submit(client.enqueue, "q", "t", "x" * 1_000_000) for _ in range(60)]
        assert gate.is_reached.wait(30)
        done = concurrent.futures.wait(futures, 30, concurrent.futures.FIRST_EXCEPTION).done
        full = sum(isinstance(future.exception(), BufferFull) for future in done)
        gate.is_open.set()
        threads.shutdown()
    assert full > 0
    assert max(len(batch) for batch in gate.batches) <= 4


def test_an_event_whose_task_was_cancelled_is_not_sent() -> None:
    async def main() -> None:
        gate = Gate()
        async with AsyncClient(transport=gate) as client:
            first = asyncio.create_task(client.enqueue("q", "t", "first"))
            await reached(gate)
            tasks = [asyncio.create_task(client.enqueue("q", "t", number)) for number in range(3)]
            await asyncio.sleep(0)
            tasks[1].cancel()
            await asyncio.gather(tasks[1], return_exceptions=True)
            gate.is_open.set()
            await asyncio.gather(first, tasks[0], tasks[2])
        assert gate.batches == [["first"], [0, 2]]

    asyncio.run(main())


def test_every_caller_hears_of_an_outage() -> None:
    async def main() -> None:
        with FakeServer() as server:
            server.go_away()
            async with AsyncClient(transport=server.transport, timeout_seconds=0.1) as client:
                answers = await asyncio.gather(
                    *(client.enqueue("q", "t", 1) for _ in range(20)), return_exceptions=True
                )
                assert {type(answer) for answer in answers} == {Unavailable}
                server.come_back()
                await client.enqueue("q", "t", 1)

    asyncio.run(main())


def test_closing_waits_for_what_was_enqueued() -> None:
    async def main() -> None:
        gate = Gate()
        client = AsyncClient(transport=gate)
        tasks = [asyncio.create_task(client.enqueue("q", "t", number)) for number in range(5)]
        await reached(gate)
        threading.Timer(0, gate.is_open.set).start()
        assert await client.close() == 0
        assert len(await asyncio.gather(*tasks)) == 5
        with pytest.raises(Unavailable, match="closed"):
            await client.enqueue("q", "t", 1)

    asyncio.run(main())


def test_closing_says_how_many_events_were_not_acknowledged() -> None:
    server = Away()
    client = Client(transport=server, coalesce=True, timeout_seconds=600)
    with concurrent.futures.ThreadPoolExecutor(3) as threads:
        futures = [threads.submit(client.enqueue, "q", "t", number) for number in range(3)]
        assert server.is_tried.wait(30)
        count = client.close(seconds=0.1)
        errors = [type(future.exception(30)) for future in futures]
    assert 1 <= count <= 3
    assert errors == [Unavailable] * 3


def test_a_request_has_the_time_that_is_left_for_its_newest_event() -> None:
    is_first, go_on = threading.Event(), threading.Event()
    limits: list[float] = []

    def send(bodies: list[NewBody], seconds: float) -> list[EventLeaseError]:
        limits.append(seconds)
        is_first.set()
        assert go_on.wait(30)
        return [EventLeaseError("none")] * len(bodies)

    coalescer, futures = collected(send)
    offer(coalescer, futures, True)
    assert is_first.wait(30)
    offer(coalescer, futures, True)
    time.sleep(0.06)
    go_on.set()
    coalescer.close(30)
    assert 29 < limits[0] <= 30
    assert limits[1] <= 30 - 0.05


def test_an_event_that_waits_for_others_has_its_own_time_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("eventlease.coalesce.LEAST_TRY_SECONDS", 0.05)
    gate = Gate()
    with (
        Client(transport=gate, coalesce=True, timeout_seconds=0.05) as client,
        concurrent.futures.ThreadPoolExecutor(2) as threads,
    ):
        first = threads.submit(client.enqueue, "q", "t", "under way")
        assert gate.is_reached.wait(30)
        later = threads.submit(client.enqueue, "q", "t", "behind it")
        errors = [future.exception(30) for future in (first, later)]
        gate.is_open.set()
    assert [(type(error), getattr(error, "is_unknown", None)) for error in errors] == [
        (Unavailable, True),
        (Unavailable, False),
    ]
    assert gate.batches in ([], [["under way"]])


def test_a_task_whose_event_waits_for_others_has_its_own_time_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("eventlease.coalesce.LEAST_TRY_SECONDS", 0.05)

    async def main() -> None:
        gate = Gate()
        async with AsyncClient(transport=gate, timeout_seconds=0.05) as client:
            first = asyncio.create_task(client.enqueue("q", "t", "under way"))
            await reached(gate)
            for task, is_unknown in ((first, True), (asyncio.create_task(client.enqueue("q", "t", 1)), False)):
                with pytest.raises(Unavailable) as raised:
                    await asyncio.wait_for(task, 30)
                assert raised.value.is_unknown == is_unknown
            gate.is_open.set()
        assert gate.batches in ([], [["under way"]])

    asyncio.run(main())


def test_an_endless_time_limit_is_one() -> None:
    with FakeServer() as server, Client(transport=server.transport, coalesce=True, timeout_seconds=1e12) as client:
        assert client.enqueue("q", "t", 1).event_id


def test_an_answer_of_no_sense_leaves_nobody_waiting() -> None:
    def send(bodies: list[NewBody], _seconds: float) -> list[EventLeaseError]:
        raise KeyError(len(bodies))

    coalescer, futures = collected(send)
    offer(coalescer, futures, True)
    assert "KeyError" in str(futures[0].result(30))
    offer(coalescer, futures, True)
    assert "KeyError" in str(futures[1].result(30))
    coalescer.close(30)


def test_tasks_wait_for_the_ends_of_their_events() -> None:
    async def main() -> None:
        with FakeServer() as server:
            async with AsyncClient(transport=server.transport) as client:
                events = await asyncio.gather(*(client.enqueue("q", "t", number) for number in range(300)))
                waits = [asyncio.create_task(client.wait(event.event_id)) for event in events]
                await asyncio.sleep(0)
                await asyncio.gather(*(client.cancel(event.event_id) for event in events))
                ends = await asyncio.gather(*waits, return_exceptions=True)
            assert {type(end) for end in ends} == {EventCancelled}
            requests = [name for name, _ in server.requests if name == "wait"]
            assert len(requests) < 300

    asyncio.run(main())


def test_a_wait_ends_with_its_time_limit_and_holds_up_no_other() -> None:
    async def main() -> None:
        with FakeServer() as server:
            client = AsyncClient(transport=server.transport)
            event = await client.enqueue("q", "t", 1)
            with pytest.raises(TimeoutError, match="still open"):
                await client.wait(event.event_id, timeout=0.05)
            with pytest.raises(NotFound):
                await client.wait(UNKNOWN)
            with pytest.raises(InvalidInput, match="UUID"):
                await client.wait("1")
            assert await client.wait_many([]) == []
            values = await client.wait_many([event.event_id, UNKNOWN, "1"], timeout=0.5)
            assert [type(value) for value in values] == [TimeoutError, NotFound, InvalidInput]
            server.stop()  # the fake's waits cannot be cut off
            await client.close()

    asyncio.run(main())


def test_runs_and_other_calls_can_be_awaited() -> None:
    async def main() -> None:
        with FakeServer() as server:
            async with AsyncClient(transport=server.transport) as client:
                event = await client.enqueue("q", "t", 1, scenario_run_id="r")
                assert (await client.read(event.event_id))["status"] == "queued"
                assert (await client.read_run("r"))["counts"]["queued"] == 1
                assert (await client.cancel_run("r"))["cancelled"] == 1
                assert (await client.wait_for_run("r", timeout=30))["status"] == "cancelled"
                assert (await client.reopen_run("r"))["reopened"]
                assert (await client.call("GET", "/server"))["version"]
                (stored,) = await client.enqueue_many([{"engine_type": "q", "event_type": "t", "payload": 1}])
                assert isinstance(stored, Enqueued)

    asyncio.run(main())


def test_calls_that_wait_hold_up_no_others() -> None:
    async def main() -> None:
        with FakeServer() as server:
            client = AsyncClient(transport=server.transport)
            event = await client.enqueue("q", "t", 1)
            path = f"/events/{event.event_id}?wait_seconds=20"
            waiting = [asyncio.create_task(client.call("GET", path)) for _ in range(20)]
            while [name for name, _ in server.requests].count("read_event") < 20:
                await asyncio.sleep(0.01)
            assert (await client.call("GET", "/server"))["version"]
            await client.cancel(event.event_id)
            ends = await asyncio.gather(*waiting)
            assert {end["status"] for end in ends} == {"cancelled"}
            await client.close()

    asyncio.run(asyncio.wait_for(main(), 60))


def test_a_closed_client_makes_no_calls() -> None:
    async def main() -> None:
        with FakeServer() as server:
            client = AsyncClient(transport=server.transport)
            await client.close()
            for call in (client.read(UNKNOWN), client.call("GET", "/server"), client.enqueue_many([])):
                with pytest.raises(Unavailable, match="the client is closed"):
                    await call

    asyncio.run(main())


def test_nothing_is_left_of_a_client_that_is_closed() -> None:
    before = set(threading.enumerate())

    async def main(url: str) -> None:
        async with AsyncClient(url) as client:
            event = await client.enqueue("q", "t", 1)
            waits = [asyncio.create_task(client.wait(event.event_id)) for _ in range(3)]
            await client.cancel(event.event_id)
            await asyncio.gather(*waits, return_exceptions=True)

    with FakeServer() as server, server.over_http() as url:
        serving = set(threading.enumerate()) - before
        asyncio.run(main(url))
        left = {thread.name for thread in set(threading.enumerate()) - before - serving}
    assert {name for name in left if name.startswith("eventlease")} == set()


Futures = list["concurrent.futures.Future[Any]"]


def collected(send: Callable[[list[NewBody], float], Any]) -> tuple[Coalescer, Futures]:
    """A coalescer, and the futures of what it is offered."""
    return Coalescer(send, 30), []


def offer(coalescer: Coalescer, futures: Futures, *have_keys: bool) -> None:
    for has_key in have_keys:
        futures.append(concurrent.futures.Future())
        coalescer.add(Waiting(NewBody(b"{}", has_key, has_key), futures[-1]))
