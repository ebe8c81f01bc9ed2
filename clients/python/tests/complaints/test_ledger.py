"""The engine of `ledger.py`, beside a service that cuts, refuses and waits."""

import threading
from collections.abc import Generator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from queue import SimpleQueue
from typing import Any, cast

import ledger
import pytest
from working import PATIENCE_SECONDS

from eventlease import Client, Completed, Engine, Failed, Released
from eventlease.testing import FakeServer, run

TOTAL = {"lines": 100, "amount": 5050}


class Service(ThreadingHTTPServer):
    """Sends the numbers from 1 to 100, a line each; cuts and refusals are ordered."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Call)
        self.url = f"http://127.0.0.1:{self.server_port}/ledger"
        self.cuts: SimpleQueue[int] = SimpleQueue()
        self.refusals: SimpleQueue[tuple[int, dict[str, str]]] = SimpleQueue()
        self.asked: list[int] = []
        self.never_ends = False
        self.hung_up = threading.Event()


class Call(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        service = cast("Service", self.server)
        after = int(self.path.partition("=")[2])
        service.asked.append(after)
        if not service.refusals.empty():
            status, headers = service.refusals.get()
            self._begin(status, {"Content-Length": "0", **headers})
            return
        lines = [b"%d\n" % number for number in range(after + 1, 101)]
        end = service.cuts.get() if not service.cuts.empty() else len(lines)
        length = 1 << 40 if service.never_ends else len(b"".join(lines))
        self._begin(200, {"Content-Length": str(length)})
        self.close_connection = end < len(lines)
        try:
            for line in lines[:end]:
                self.wfile.write(line)
            while service.never_ends:
                self.wfile.write(b"0\n")
        except OSError:
            service.hung_up.set()

    def _begin(self, status: int, headers: dict[str, str]) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name is the standard library's
        """Keeps the output of the tests clean."""


@pytest.fixture
def service() -> Generator[Service]:
    with Service() as service:
        threading.Thread(target=service.serve_forever, args=(0.01,)).start()
        try:
            yield service
        finally:
            service.never_ends = False
            service.shutdown()


def add_up(service: Service, **members: Any) -> Any:
    with ledger.connections() as pool:
        return run(ledger.engine, "ledger.added_up", {"url": service.url}, state=pool, **members)


def test_all_lines_are_added_up(service: Service) -> None:
    assert add_up(service) == Completed(TOTAL)


def test_an_attempt_goes_on_where_it_was_cut(service: Service) -> None:
    service.cuts.put(10)
    service.cuts.put(20)
    assert add_up(service) == Completed(TOTAL)
    assert service.asked == [0, 10, 30]


def test_a_later_attempt_goes_on_where_the_one_before_stopped(service: Service) -> None:
    previous = {"outcome": "expired", "progress": {"lines": 99, "amount": 4950}}
    assert add_up(service, previous=previous) == Completed(TOTAL)
    assert service.asked == [99]


@pytest.mark.parametrize(("status", "headers", "seconds"), [(429, {"Retry-After": "7"}, 7), (503, {}, 10)])
def test_the_engine_holds_off_where_the_service_asks_for_it(
    service: Service, status: int, headers: dict[str, str], seconds: float
) -> None:
    service.refusals.put((status, headers))
    assert add_up(service) == Released(0, "hold", f"the service answers {status}", seconds)


@pytest.mark.parametrize(("status", "is_retryable"), [(404, False), (500, True)])
def test_a_refusal_is_a_failure(service: Service, status: int, is_retryable: bool) -> None:
    service.refusals.put((status, {}))
    report = add_up(service)
    assert isinstance(report, Failed)
    assert report.retryable is is_retryable


def test_a_cancelled_event_ends_the_reading(service: Service) -> None:
    service.never_ends = True
    service.cuts.put(0)
    report = add_up(service, cancel_after=0.05)
    assert isinstance(report, Released)
    assert report.code == "cancel_requested"
    assert service.hung_up.wait(PATIENCE_SECONDS)


def test_progress_is_carried_from_attempt_to_attempt(service: Service) -> None:
    for lines in (10, 5, 5):  # the first attempt ends with that
        service.cuts.put(lines)
    with FakeServer() as server, Client(transport=server.transport) as client:
        # An engine keeps the server that it was made for.
        engine = Engine("ledgers", transport=server.transport, lifespan=ledger.connections)
        engine.on("ledger.added_up")(ledger.add_up)
        with engine:
            event = client.enqueue(
                "ledgers", "ledger.added_up", {"url": service.url}, retry_policy={"retry_delay": {"initial": 0}}
            )
            assert client.wait(event.event_id, PATIENCE_SECONDS) == TOTAL
    assert service.asked == [0, 10, 15, 20]
