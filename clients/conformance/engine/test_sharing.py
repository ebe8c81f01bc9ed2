"""Clients that threads, tasks and children of a fork share. Scenario 26, and the producers' half of 9."""

import asyncio
import os
import threading
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest

from engine.fleet import Fleet
from engine.proxy import Proxy, ReplyFault, Request
from engine.test_cut_replies import cutting_every
from eventlease import AsyncClient, Client, Enqueued
from wire.target import Target, new_queue

pytestmark = pytest.mark.python

NewFleet = Callable[..., Fleet]


def test_threads_that_share_a_client_get_their_own_replies(target: Target) -> None:
    queue = new_queue()
    wrong: list[object] = []
    with Client(target.url) as client:

        def produce(number: int) -> None:
            for index in range(20):
                event = client.enqueue(queue, "tried", {"number": number, "index": index}, scenario_run_id=f"{number}")
                if client.read(event.event_id)["scenario_run_id"] != str(number):
                    wrong.append(event)

        threads = [threading.Thread(target=produce, args=(number,)) for number in range(16)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert wrong == []
    assert len(leased_payloads(target, queue)) == 16 * 20


def test_a_thousand_tasks_share_an_async_client(target: Target) -> None:
    queue = new_queue()

    async def produce() -> list[Enqueued]:
        async with AsyncClient(target.url) as client:
            calls = (client.enqueue(queue, "tried", number, scenario_run_id=str(number)) for number in range(1000))
            return await asyncio.gather(*calls)

    events = asyncio.run(produce())
    ids = {event.event_id for event in events}
    assert len(ids) == 1000
    for number in range(0, 1000, 97):
        assert target.event(events[number].event_id)["scenario_run_id"] == str(number)
    assert sorted(leased_payloads(target, queue)) == list(range(1000))


def test_a_child_of_a_fork_has_connections_of_its_own(target: Target) -> None:
    queue = new_queue()
    client = Client(target.url)
    client.enqueue(queue, "tried", "before")
    children = []
    for number in range(3):
        child = os.fork()
        if child == 0:
            status = 1
            try:
                for index in range(20):
                    event = client.enqueue(queue, "tried", f"{number}-{index}", scenario_run_id=f"c{number}")
                    assert client.read(event.event_id)["scenario_run_id"] == f"c{number}"
                status = 0
            finally:
                os._exit(status)
        children.append(child)
    for index in range(20):
        event = client.enqueue(queue, "tried", f"parent-{index}", scenario_run_id="parent")
        assert client.read(event.event_id)["scenario_run_id"] == "parent"
    assert [os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children] == [0, 0, 0]
    client.close()
    payloads = leased_payloads(target, queue)
    assert len(payloads) == len(set(payloads)) == 1 + 4 * 20


@pytest.mark.long
def test_an_event_whose_reply_is_cut_is_enqueued_once(target: Target, proxy: Proxy) -> None:
    queue = new_queue()
    proxy.fault = cutting_every(2, 13)
    with Client(proxy.url) as client:
        for number in range(12):
            client.enqueue(queue, "tried", number)
        results = client.enqueue_many(
            [{"engine_type": queue, "event_type": "tried", "payload": number} for number in range(12, 40)]
        )
        assert all(isinstance(result, Enqueued) for result in results)
    assert sorted(leased_payloads(target, queue)) == list(range(40))


def test_waiting_for_a_result_bears_cut_replies(target: Target, new_fleet: NewFleet, proxy: Proxy) -> None:
    fleet = new_fleet(target)
    fleet.start()
    numbers: Counter[str] = Counter()

    def fault(request: Request) -> ReplyFault:
        numbers[request.path] += 1
        return ReplyFault(cut_after=0) if numbers[request.path] == 1 else ReplyFault()

    proxy.fault = fault
    with Client(proxy.url) as client:
        event = client.enqueue(fleet.queue, "tried", {"do": [["sleep", 0.5]], "result": "done"})
        assert client.wait(event.event_id, timeout=30) == "done"


def leased_payloads(target: Target, queue: str) -> list[Any]:
    """The payloads of all events of a queue, by leasing them."""
    engine = target.engine(queue)
    payloads: list[Any] = []
    while events := engine.lease(100):
        payloads += [event["payload"] for event in events]
    return payloads
