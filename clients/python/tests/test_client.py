"""Producers: what is enqueued, waited for and cancelled, and what a lost reply costs."""

import os
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from queue import SimpleQueue
from typing import Any, get_type_hints

import pytest
from scripted import Away, Scripted, reply
from working import nothing

from eventlease import (
    AsyncClient,
    Client,
    ConfigurationError,
    Conflict,
    Engine,
    Enqueued,
    EventCancelled,
    EventFailed,
    EventOptions,
    InvalidInput,
    NotEventLease,
    NotFound,
    ProblemError,
    Unavailable,
)
from eventlease.enqueuing import MAX_BATCH_EVENTS
from eventlease.testing import FakeServer
from eventlease.transport import Cut, NotSent, Reply, Request, Transport

UNKNOWN = "01926f5e-7a3c-7d2e-9b54-3f1c8a6d2e10"
NEW = {"engine_type": "dialogue", "event_type": "asked", "payload": 1}


@pytest.fixture
def client(server: FakeServer) -> Iterator[Client]:
    with Client(transport=server.transport) as of_server:
        yield of_server


class Endless:
    """Is encoded for ever."""

    def model_dump(self, **_: Any) -> Any:
        return [self]


def end(server: FakeServer, event_id: str, **settlement: Any) -> None:
    """Leases the event as an engine, and settles it."""
    with Client(transport=server.transport) as engine:
        me = {"X-Engine-Id": engine.call("POST", "/engines", {"engine_type": "dialogue"})["engine_id"]}
        leased = engine.call("POST", "/events/queue/dialogue/lease", {"limit": 100}, headers=me)
        (lease,) = [event["lease"] for event in leased["events"] if event["event_id"] == event_id]
        report = {"event_id": event_id, "lease_token": lease["lease_token"], **settlement}
        engine.call("PUT", "/events/status", {"settlements": [report]}, headers=me)


def test_an_event_is_stored_with_its_options(server: FakeServer, client: Client) -> None:
    event = client.enqueue(
        "dialogue", "asked", {"npc": "Mira"}, priority=7, scenario_run_id="r1", unique_key="u", delay_seconds=None
    )
    assert (event.is_duplicate, event.notice, event.reply["priority"]) == (False, "no_engine_of_type", 7)
    stored = server.event(event.event_id)
    assert (stored["scenario_run_id"], stored["unique_key"]) == ("r1", "u")
    assert "delay_seconds" not in server.requests[0][1]


def test_a_refused_event_names_every_bad_place(client: Client) -> None:
    with pytest.raises(InvalidInput) as raised:
        client.enqueue("dia logue", "asked", 1, priority=10)
    assert {error["pointer"] for error in raised.value.errors} == {"/engine_type", "/priority"}


@pytest.mark.parametrize("options", [{}, {"unique_key": "u"}, {"idempotency_key": "k"}])
def test_a_lost_reply_makes_no_second_event(server: FakeServer, client: Client, options: Any) -> None:
    server.lose_next_reply("enqueue")
    event = client.enqueue("dialogue", "asked", 1, **options)
    assert [name for name, _ in server.requests] == ["enqueue"] * 2
    assert list(server.state.events) == [event.event_id]


def test_an_event_whose_first_reply_was_lost_is_no_duplicate(server: FakeServer, client: Client) -> None:
    server.lose_next_reply("enqueue")
    assert not client.enqueue("dialogue", "asked", 1).is_duplicate


@pytest.mark.parametrize("key", ["idempotency_key", "unique_key"])
def test_a_duplicate_is_told(client: Client, key: str) -> None:
    options: Any = {key: "k"}
    first, again = (client.enqueue("dialogue", "asked", 1, **options) for _ in range(2))
    assert (first.is_duplicate, again.is_duplicate, again.reply["duplicate_of"]) == (False, True, key)
    assert again.event_id == first.event_id


def test_without_a_key_a_lost_reply_leaves_it_unknown(server: FakeServer, client: Client) -> None:
    server.lose_next_reply("enqueue")
    with pytest.raises(Unavailable) as raised:
        client.enqueue("dialogue", "asked", 1, idempotency=False)
    assert raised.value.is_unknown
    assert len(server.state.events) == 1


def test_many_events_are_stored_in_the_order_given(server: FakeServer, client: Client) -> None:
    results = client.enqueue_many({**NEW, "payload": number} for number in range(2500))
    stored = list(server.state.events)
    assert [result.event_id for result in results if isinstance(result, Enqueued)] == stored
    assert [len(body["events"]) for _, body in server.requests] == [1000, 1000, 500]


def test_requests_of_many_events_are_no_larger_than_4_mib(server: FakeServer, client: Client) -> None:
    client.enqueue_many({**NEW, "payload": "x" * 1_000_000} for _ in range(9))
    assert [len(body["events"]) for _, body in server.requests] == [4, 4, 1]


def test_a_refused_event_keeps_no_other_out(client: Client) -> None:
    results = client.enqueue_many([NEW, {**NEW, "priority": 10}, NEW])
    assert [type(result) for result in results] == [Enqueued, InvalidInput, Enqueued]
    assert isinstance(results[1], ProblemError)
    assert [error["pointer"] for error in results[1].errors] == ["/priority"]


def test_all_events_are_refused(client: Client) -> None:
    results = client.enqueue_many([{**NEW, "priority": 10}, {**NEW, "event_type": ""}])
    assert [type(result) for result in results] == [InvalidInput] * 2


def test_all_or_none_are_stored(server: FakeServer, client: Client) -> None:
    results = client.enqueue_many([NEW, {**NEW, "priority": 10}], atomic=True)
    assert [type(result) for result in results] == [InvalidInput] * 2
    assert server.state.events == {}
    with pytest.raises(InvalidInput, match="1001 events are more"):
        client.enqueue_many([NEW] * (MAX_BATCH_EVENTS + 1), atomic=True)


@pytest.mark.parametrize("payload", [object(), float("nan"), "\ud800", {(1, 2): 3}, {"deep": Endless()}])
def test_an_event_that_is_no_json_is_refused_alone(server: FakeServer, client: Client, payload: Any) -> None:
    bad = {**NEW, "payload": payload}
    results = client.enqueue_many([*[NEW] * MAX_BATCH_EVENTS, NEW, bad, NEW])
    assert [type(result) for result in results[-3:]] == [Enqueued, InvalidInput, Enqueued]
    assert len(server.state.events) == MAX_BATCH_EVENTS + 2
    with pytest.raises(InvalidInput, match="cannot be written as JSON"):
        client.enqueue("dialogue", "asked", payload)
    assert [type(result) for result in client.enqueue_many([NEW, bad], atomic=True)] == [InvalidInput] * 2
    assert len(server.state.events) == MAX_BATCH_EVENTS + 2


def test_the_options_of_an_event_can_be_asked_for() -> None:
    assert "retry_policy" in get_type_hints(EventOptions)


def test_what_is_no_event_is_refused_alone(client: Client) -> None:
    events: list[Any] = [NEW, 3, None, "text"]
    assert [type(result) for result in client.enqueue_many(events)] == [Enqueued, *[InvalidInput] * 3]


def test_no_events_are_no_request(server: FakeServer, client: Client) -> None:
    assert client.enqueue_many([]) == client.enqueue_many([], atomic=True) == []
    assert server.requests == []


def test_the_culprit_for_whom_a_request_is_refused_is_found() -> None:
    """As by a server that takes smaller bodies than others."""

    class Small:
        def send(self, request: Request, seconds: float) -> Reply:
            body = request.body or b""
            if len(body) > 500:
                return reply(413, {"code": "payload_too_large", "detail": f"{len(body)} bytes in {seconds:g} s"})
            count = body.count(b"engine_type")
            return reply(201, {"results": [{"event_id": UNKNOWN}] * count})

        def close(self) -> None:
            pass

    events = [{**NEW, "payload": "x" * (1000 if number == 6 else 10)} for number in range(10)]
    with Client(transport=lambda _: Small()) as client:
        results = client.enqueue_many(events)
    assert [type(result) for result in results] == [Enqueued] * 6 + [InvalidInput] + [Enqueued] * 3


def test_a_reply_with_other_results_than_events_is_not_taken() -> None:
    with Client(transport=Scripted([reply(201, {"results": []})])) as client:
        (result,) = client.enqueue_many([NEW])
    assert isinstance(result, NotEventLease)


def test_waiting_for_a_result(server: FakeServer, client: Client) -> None:
    event_id = client.enqueue("dialogue", "asked", 1).event_id
    waiter = threading.Timer(0, lambda: end(server, event_id, status="completed", result={"line": "Hello!"}))
    waiter.start()
    assert client.wait(event_id, timeout=30) == {"line": "Hello!"}
    waiter.join()


def test_waiting_for_what_does_not_succeed(server: FakeServer, client: Client) -> None:
    failed, cancelled = (client.enqueue("dialogue", "asked", 1).event_id for _ in range(2))
    assert client.cancel(cancelled)["status"] == "cancelled"
    error = {"type": "TooLate", "message": "it was too late"}
    end(server, failed, status="failed", error=error, retryable=False)
    with pytest.raises(EventFailed, match="TooLate: it was too late") as raised:
        client.wait(failed)
    assert (raised.value.error_type, raised.value.error, raised.value.event_id) == ("TooLate", error, failed)
    with pytest.raises(EventCancelled):
        client.wait(cancelled)
    with pytest.raises(NotFound):
        client.wait(UNKNOWN)
    with pytest.raises(InvalidInput, match="UUID"):
        client.wait("../tokens")


@pytest.mark.parametrize(
    "body", [{"x": 1}, [], None, 3, {"event_id": "e"}, {"results": 3}, {"results": [3]}, {"events": []}]
)
def test_another_service_that_answers_is_told_apart(body: Any) -> None:
    calls: list[Callable[[Client], Any]] = [
        lambda client: client.wait(UNKNOWN),
        lambda client: client.read(UNKNOWN),
        lambda client: client.cancel(UNKNOWN),
        lambda client: client.wait_many([UNKNOWN]),
        lambda client: client.wait_for_run("r"),
        lambda client: client.read_run("r"),
        lambda client: client.cancel_run("r"),
        lambda client: client.reopen_run("r"),
    ]
    if body != {"event_id": "e"}:
        calls.append(lambda client: client.enqueue("dialogue", "asked", 1))
    for call in calls:
        with pytest.raises(NotEventLease):
            call(Client(transport=Scripted([reply(200, body)])))
    (refused,) = Client(transport=Scripted([reply(200, body)])).enqueue_many([NEW])
    assert isinstance(refused, NotEventLease)


@pytest.mark.parametrize("status", [400, 404, 409])
def test_a_problem_of_another_service_is_told_apart(status: int) -> None:
    problem = {"type": "about:blank", "title": "Not Found", "status": status, "errors": {"name": ["is wrong"]}}
    with pytest.raises(NotEventLease):
        Client(transport=Scripted([reply(status, problem)])).read(UNKNOWN)


def test_waiting_ends_with_its_time_limit(client: Client) -> None:
    event_id = client.enqueue("dialogue", "asked", 1).event_id
    with pytest.raises(TimeoutError, match=f"event {event_id} is still open"):
        client.wait(event_id, timeout=0.1)


def test_waiting_for_many(server: FakeServer, client: Client) -> None:
    ids = [client.enqueue("dialogue", "asked", 1).event_id for _ in range(3)]
    client.cancel(ids[2])
    end(server, ids[1], status="completed", result=7)
    values = client.wait_many([*ids, UNKNOWN, "x", ids[1]], timeout=0.1)
    kinds = [TimeoutError, int, EventCancelled, NotFound, InvalidInput, int]
    assert [type(value) for value in values] == kinds


def test_waiting_for_more_than_a_request_takes(server: FakeServer, client: Client) -> None:
    ids = [event.event_id for event in client.enqueue_many([NEW] * 250) if isinstance(event, Enqueued)]
    for event_id in ids:
        client.cancel(event_id)
    assert {type(value) for value in client.wait_many(ids, timeout=60)} == {EventCancelled}
    asked = [body["event_ids"] for name, body in server.requests if name == "wait"]
    assert max(len(event_ids) for event_ids in asked) == 100


def test_a_run_is_followed_cancelled_and_reopened(client: Client) -> None:
    run = "run 1/ä"
    client.enqueue("dialogue", "asked", 1, scenario_run_id=run)
    assert client.read_run(run)["counts"]["queued"] == 1
    with pytest.raises(TimeoutError):
        client.wait_for_run(run, timeout=0.1)
    assert client.cancel_run(run)["cancelled"] == 1
    assert client.wait_for_run(run, timeout=30)["status"] == "cancelled"
    with pytest.raises(Conflict) as raised:
        client.enqueue("dialogue", "asked", 1, scenario_run_id=run)
    assert raised.value.code == "run_cancelled"
    assert client.reopen_run(run)["reopened"]
    client.enqueue("dialogue", "asked", 1, scenario_run_id=run)


def test_any_other_call(client: Client) -> None:
    assert client.call("GET", "/server")["version"]
    with pytest.raises(NotFound):
        client.call("GET", "/no-such-thing")


def test_other_calls_are_sent_twice_only_where_that_does_no_harm() -> None:
    script = Scripted([Cut("cut", reused=False, any_byte=True), Cut("cut", reused=False, any_byte=True), reply(200, 1)])
    with Client(transport=script) as client:
        with pytest.raises(Unavailable):
            client.call("POST", "/dead-letters/redrive", {})
        assert client.call("POST", "/engines/drain", {}, is_safe=True) == 1
    assert [request.path for _, request in script.sent] == ["/dead-letters/redrive"] + ["/engines/drain"] * 2


def test_a_closed_client_sends_nothing(client: Client) -> None:
    client.close()
    with pytest.raises(Unavailable, match="closed"):
        client.enqueue("dialogue", "asked", 1)


CALLS: list[tuple[str, Callable[[Client], Any]]] = [
    ("enqueue", lambda client: client.enqueue("dialogue", "asked", 1)),
    ("enqueue_many", lambda client: client.enqueue_many([NEW])),
    ("read", lambda client: client.read(UNKNOWN)),
    ("cancel", lambda client: client.cancel(UNKNOWN)),
    ("call", lambda client: client.call("GET", "/server")),
    ("wait", lambda client: client.wait(UNKNOWN, timeout=3)),
    ("wait_many", lambda client: client.wait_many([UNKNOWN], timeout=3)),
    ("wait_for_run", lambda client: client.wait_for_run("r", timeout=3)),
]


@pytest.mark.parametrize("call", [call for _, call in CALLS], ids=[name for name, _ in CALLS])
def test_a_server_that_never_answers_is_awaited_no_longer_than_the_time_limit(call: Callable[[Client], Any]) -> None:
    limits: list[float] = []

    class Silent:
        def send(self, request: Request, seconds: float) -> Reply:
            limits.append(seconds)
            return reply(404, {"code": "event_not_found", "detail": request.path})  # which is not repeated

        def close(self) -> None:
            pass

    with Client(transport=lambda _: Silent(), timeout_seconds=3) as client, suppress(ProblemError):
        call(client)
    assert all(2 <= limit <= 5 for limit in limits)
    assert limits


@pytest.mark.parametrize("many", [False, True], ids=["enqueue", "enqueue_many"])
def test_closing_counts_events_of_requests_that_have_no_answer(many: bool, caplog: pytest.LogCaptureFixture) -> None:
    server, results = Away(), SimpleQueue[Any]()
    client = Client(transport=server, timeout_seconds=600)

    def enqueue() -> None:
        try:
            results.put(client.enqueue_many([NEW] * 500) if many else client.enqueue("dialogue", "asked", 1))
        except Unavailable as error:
            results.put([error])

    thread = threading.Thread(target=enqueue)
    thread.start()
    assert server.is_tried.wait(30)
    count = client.close(seconds=0.1)
    thread.join(30)
    assert [type(result) for result in results.get(timeout=30)] == [Unavailable] * count
    assert count == (500 if many else 1)
    assert f"closed with {count} events that were not acknowledged" in caplog.text


def test_closing_waits_for_requests_that_are_being_answered(server: FakeServer) -> None:
    is_reached, may_answer = threading.Event(), threading.Event()

    class Slow:
        def send(self, request: Request, seconds: float) -> Reply:
            is_reached.set()
            assert may_answer.wait(30)
            return server.transport("").send(request, seconds)

        def close(self) -> None:
            pass

    client = Client(transport=lambda _: Slow())
    thread = threading.Thread(target=client.enqueue_many, args=([NEW],))
    thread.start()
    assert is_reached.wait(30)
    threading.Timer(0.2, may_answer.set).start()
    assert client.close(seconds=30) == 0
    assert len(server.state.events) == 1
    thread.join(30)


def test_a_client_that_is_closed_between_two_requests_keeps_the_answers_so_far(client: Client) -> None:
    def events() -> Iterator[dict[str, Any]]:
        yield from [NEW] * (MAX_BATCH_EVENTS + 1)
        client.close()
        yield NEW

    results = client.enqueue_many(events())
    assert [type(result) for result in results] == [Enqueued] * MAX_BATCH_EVENTS + [Unavailable] * 2


@pytest.mark.parametrize(
    "options",
    [
        *({"coalesce": "no"}, {"on_full": "drop"}, {"json": {}}, {"json": None}, {"transport": 5}, {"url": 3}),
        *({"token": 3}, {"timeout_seconds": "3"}, {"timeout_seconds": float("nan")}, {"timeout_seconds": 0}),
    ],
)
def test_wrong_options_of_a_client_are_refused(options: dict[str, Any]) -> None:
    with pytest.raises(ConfigurationError, match=next(iter(options))):
        Client(**options)


def test_idempotency_is_true_or_false(client: Client) -> None:
    wrong: Any = "no"
    with pytest.raises(InvalidInput, match="idempotency"):
        client.enqueue("dialogue", "asked", 1, idempotency=wrong)


def test_closing_ends_a_call_that_waits(server: FakeServer, client: Client) -> None:
    event_id = client.enqueue("dialogue", "asked", 1).event_id
    errors: list[BaseException] = []

    def wait() -> None:
        try:
            client.wait(event_id)
        except Unavailable as error:
            errors.append(error)

    thread = threading.Thread(target=wait)
    thread.start()
    while server.requests[-1][0] != "read_event":
        thread.join(0.01)
    client.close()
    server.stop()  # the fake cannot be cut off
    thread.join(30)
    assert len(errors) == 1


def test_threads_share_a_client(server: FakeServer, client: Client) -> None:
    threads = [
        threading.Thread(target=lambda: [client.enqueue("dialogue", "asked", 1) for _ in range(20)]) for _ in range(10)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(server.state.events) == 200


def test_environment_variables_name_server_and_token(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EVENTLEASE_URL", "https://queue.example.com")
    monkeypatch.setenv("EVENTLEASE_TOKEN", "el_1")
    script = Scripted([reply(200, {})])
    with Client(transport=script) as client:
        client.call("GET", "/server")
    assert script.urls == ["https://queue.example.com"]
    assert script.sent[0][1].headers["Authorization"] == "Bearer el_1"


def test_the_environment_is_read_when_a_client_is_made_and_when_an_engine_starts(
    server: FakeServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    script = Scripted([reply(200, {})])
    asked = SimpleQueue[str]()

    def transport(url: str) -> Transport:
        asked.put(url)
        return server.transport(url)

    monkeypatch.setenv("EVENTLEASE_URL", "http://before")
    engine = Engine("dialogue", transport=transport)
    engine.on("asked")(nothing)
    with Client(transport=script) as client:
        monkeypatch.setenv("EVENTLEASE_URL", "http://after")
        client.call("GET", "/server")
    with engine:
        assert asked.get(timeout=30) == "http://after"
    assert script.urls == ["http://before"]


@pytest.mark.parametrize("kind", [Client, AsyncClient])
@pytest.mark.parametrize(
    "settings",
    [
        *({"timeout_seconds": seconds} for seconds in (0, -1, "1", None, True)),
        {"on_full": "drop"},
        *({"url": url} for url in (3, b"http://host", ["http://host", 3], "http://a b")),
        *({"token": token} for token in (3, b"secret", lambda: 3, "two\nlines")),
    ],
)
def test_a_client_is_set_up_wrongly(kind: Any, settings: Any) -> None:
    with pytest.raises(ConfigurationError, match=next(iter(settings))):
        kind(**settings)


def test_several_servers_are_named_with_commas(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EVENTLEASE_URL", "http://a, http://b")
    script = Scripted([NotSent("refused"), reply(200, {})])
    with Client(transport=script) as client:
        client.call("GET", "/server")
    assert script.urls == ["http://a", "http://b"]


@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")  # with threads, from Python 3.12 on
@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork here")
@pytest.mark.parametrize("coalesce", [False, True])
def test_a_child_process_opens_connections_of_its_own(server: FakeServer, coalesce: bool) -> None:
    with server.over_http() as url, Client(url, coalesce=coalesce) as client:
        client.enqueue("dialogue", "asked", "parent")
        child = os.fork()
        if child == 0:
            try:
                client.enqueue("dialogue", "asked", "child")
                os._exit(0)
            finally:
                os._exit(1)
        client.enqueue("dialogue", "asked", "parent again")
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
        assert sorted(body["payload"] for body in sent_events(server)) == ["child", "parent", "parent again"]


def sent_events(server: FakeServer) -> list[dict[str, Any]]:
    return [
        event
        for name, body in server.requests
        if name.startswith("enqueue")
        for event in (body["events"] if name == "enqueue_batch" else [body])
    ]
