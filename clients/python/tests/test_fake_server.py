"""The fake server as authors use it: with an engine and a client in the same process, and misfortunes on order."""

import json
import threading
import time
from collections.abc import Callable, Iterator

import pytest

from eventlease import Client, Engine, Event, Unavailable
from eventlease.testing import FakeServer
from eventlease.transport import Cut, Request, Transport

QUEUE = "dialogue"


@pytest.fixture
def client(server: FakeServer) -> Iterator[Client]:
    with Client("http://fake", transport=server.transport, timeout_seconds=10) as running:
        yield running


def engine_of(server: FakeServer, handler: Callable[[Event], object], **settings: object) -> Engine:
    engine = Engine(QUEUE, url="http://fake", transport=server.transport, **settings)  # type: ignore[arg-type]
    engine.on("tried")(handler)
    return engine


def wait_until(is_so: Callable[[], object]) -> None:
    deadline = time.monotonic() + 20
    while not is_so():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_an_engine_and_a_client_work_without_a_socket(server: FakeServer, client: Client) -> None:
    with engine_of(server, lambda event: event.payload * 2):
        event = client.enqueue(QUEUE, "tried", 21)
        assert client.wait(event.event_id, timeout=20) == 42
    assert server.state.engines == {}


@pytest.mark.parametrize("operation", ["register", "exchange", "settle_many", "heartbeat", "enqueue"])
def test_a_lost_reply_costs_nothing(server: FakeServer, client: Client, operation: str) -> None:
    handled: list[str] = []

    def work(event: Event) -> None:
        handled.append(event.event_id)

    server.lose_next_reply(operation)
    with engine_of(server, work, heartbeat_timeout_seconds=3):
        ids = [client.enqueue(QUEUE, "tried", number).event_id for number in range(5)]
        for event_id in ids:
            client.wait(event_id, timeout=20)
        time.sleep(0.05)
    assert sorted(handled) == sorted(ids)
    assert all(server.event(event_id)["lease_losses"] == 0 for event_id in ids)


def test_a_refused_call_is_repeated(server: FakeServer, client: Client) -> None:
    server.refuse_next("enqueue", "database_unavailable", times=2)
    assert client.enqueue(QUEUE, "tried", 1).event_id
    assert [operation for operation, _ in server.requests] == ["enqueue"] * 3


def test_a_lost_lease_is_told_to_the_handler(server: FakeServer, client: Client) -> None:
    told: list[object] = []

    def work(event: Event) -> None:
        if event.attempt == 1:
            event.wait_cancelled(60)
        told.append(event.cancelled)
        event.check()

    with engine_of(server, work, heartbeat_timeout_seconds=3):
        event_id = client.enqueue(QUEUE, "tried", 1).event_id
        wait_until(lambda: server.event(event_id)["status"] == "processing")
        server.expire_leases()
        wait_until(lambda: told)
    assert told[0] == "lease_lost"


def test_a_removed_engine_registers_again(server: FakeServer, client: Client) -> None:
    with engine_of(server, lambda event: event.payload, heartbeat_timeout_seconds=3):
        wait_until(lambda: server.state.engines)
        server.remove_engine(next(iter(server.state.engines)))
        event = client.enqueue(QUEUE, "tried", 7)
        assert client.wait(event.event_id, timeout=20) == 7


def test_a_server_that_was_away_is_found_again(server: FakeServer, client: Client) -> None:
    with engine_of(server, lambda event: event.payload, heartbeat_timeout_seconds=3):
        client.enqueue(QUEUE, "tried", 1)
        server.go_away()
        with pytest.raises(Unavailable):
            Client("http://fake", transport=server.transport, timeout_seconds=0.1).enqueue(QUEUE, "tried", 2)
        server.come_back()
        event = client.enqueue(QUEUE, "tried", 3)
        assert client.wait(event.event_id, timeout=20) == 3


def test_the_tenth_release_in_a_row_of_an_unknown_type_is_a_failure(server: FakeServer, client: Client) -> None:
    with engine_of(server, lambda _: None):
        event_id = client.enqueue(QUEUE, "of-a-newer-version", 1).event_id

        def is_over() -> bool:
            with server.state.changed:
                event = server.state.events[event_id]
                if event.available_at is not None and event.available_at > server.state.now():
                    server.advance(301)
            return event.status == "failed"

        wait_until(is_over)
    event = server.event(event_id)
    assert (event["attempt"], event["error_type"], event["dead_letter_reason"]) == (10, "NoHandler", "not_retryable")


def test_an_operation_that_does_not_exist_cannot_be_ordered(server: FakeServer) -> None:
    with pytest.raises(ValueError, match="exchange"):
        server.lose_next_reply("lease")


def test_a_reply_that_comes_late_is_given_up(server: FakeServer) -> None:
    server.delay_next("read_server", 0.2)
    began = time.monotonic()
    with pytest.raises(Exception, match="no reply"):
        server.transport("").send(Request("GET", "/server", {}), 0.1)
    assert time.monotonic() - began < 5


def test_a_poll_that_waits_ends_when_its_transport_is_closed_or_the_server_goes_away(server: FakeServer) -> None:
    ends: list[str] = []

    def poll(transport: Transport, engine_id: str) -> None:
        body = b'{"wait_seconds": 30}'
        try:
            transport.send(Request("POST", f"/events/queue/{QUEUE}/lease", {"X-Engine-Id": engine_id}, body), 60)
        except Cut:
            ends.append("cut")

    for end in ("close", "go_away"):
        transport = server.transport("")
        reply = transport.send(Request("POST", "/engines", {}, b'{"engine_type": "dialogue"}'), 5)
        engine_id = json.loads(reply.body)["engine_id"]
        thread = threading.Thread(target=poll, args=(transport, engine_id))
        thread.start()
        wait_until(lambda: server.state.engines[engine_id].parked_polls)  # noqa: B023
        transport.close() if end == "close" else server.go_away()
        thread.join(10)
    assert ends == ["cut", "cut"]


def test_over_http_threads_are_answered_at_once(server: FakeServer) -> None:
    with server.over_http() as url, Client(url) as client:
        threads = [threading.Thread(target=client.enqueue, args=(QUEUE, "tried", n)) for n in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert len(server.state.events) == 8
