"""Whatever is answered, and for however long: requests are few, and one of a kind at a time.

A slow machine makes fewer requests than a fast one, so no test here fails for being slow.
"""

import asyncio
import json
import re
import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

import pytest
from working import Desk, until

from eventlease import AsyncClient, Client, Event, Hold
from eventlease.rules.backoff import pause_asked_for, pause_seconds
from eventlease.testing import FakeServer
from eventlease.transport import Cut, NotSent, Reply, Request, TimedOut, Transport, TransportError

OBSERVED_SECONDS = 2.0
FEW = 12  # of one kind in that time
PATHS = {
    "register": re.compile("/engines"),
    "exchange": re.compile("/events/queue/.*"),
    "settle": re.compile("/events/status"),
    "heartbeat": re.compile("/engines/.*/heartbeat"),
}
STATUSES = {
    400: ["malformed_json"],
    401: ["unauthenticated"],
    403: ["forbidden"],
    404: ["not_found", "engine_not_found", "event_not_found"],
    408: ["unknown"],
    409: ["lease_lost", "already_settled", "engine_type_mismatch", "engine_superseded", "unknown"],
    413: ["payload_too_large"],
    415: ["unsupported_media_type"],
    422: ["invalid_input", "poll_id_reused", "unknown"],
    429: ["overloaded", "rate_limited"],
    431: ["unknown"],
    500: ["internal"],
    502: ["unknown"],
    503: ["database_unavailable", "shutting_down"],
    504: ["database_timeout"],
}


def problem(status: int, code: str) -> Reply:
    body = {"status": status, "code": code, "detail": "as the test says"}
    return Reply(status, {"content-type": "application/problem+json"}, json.dumps(body).encode())


def ok(body: Any) -> Reply:
    return Reply(200, {"content-type": "application/json"}, json.dumps(body).encode())


Answer = Reply | TransportError
ANSWERS: dict[str, Answer] = {
    **{f"{status} {code}": problem(status, code) for status, codes in STATUSES.items() for code in codes},
    "a page": Reply(200, {"content-type": "text/html"}, b"<html>Please log in</html>"),
    "another page": Reply(404, {"content-type": "text/html"}, b"<html>Not here</html>"),
    "a redirect": Reply(302, {"content-type": "text/html", "location": "/"}, b""),
    "no body": Reply(204, {}, b""),
    "an empty object": ok({}),
    "not sent": NotSent("connection refused"),
    "cut": Cut("the connection ended", reused=False, any_byte=True),
    "stale": Cut("the connection ended", reused=True, any_byte=False),
    "timed out": TimedOut("no reply"),
}


@dataclass
class Counting:
    """Answers requests of one kind always alike; counts all, and how many of a kind are under way at once."""

    server: FakeServer
    kind: str
    answer: Answer | Callable[[Request], Reply | None]
    counts: Counter[str] = field(default_factory=Counter[str])
    at_once: Counter[str] = field(default_factory=Counter[str])
    most_at_once: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)

    def __call__(self, url: str) -> "Passing":
        return Passing(self, self.server.transport(url))


@dataclass
class Passing:
    counting: Counting
    transport: Transport

    def send(self, request: Request, seconds: float) -> Reply:
        counting = self.counting
        path = request.path.partition("?")[0]
        kind = next((name for name, pattern in PATHS.items() if pattern.fullmatch(path)), path)
        with counting.lock:
            counting.counts[kind] += 1
            counting.at_once[kind] += 1
            counting.most_at_once = max(counting.most_at_once, counting.at_once[kind])
        try:
            answer = self._answer(request) if kind == counting.kind else None
            if isinstance(answer, TransportError):
                raise answer
            return answer or self.transport.send(request, seconds)
        finally:
            with counting.lock:
                counting.at_once[kind] -= 1

    def _answer(self, request: Request) -> Answer | None:
        answer = self.counting.answer
        return answer(request) if callable(answer) else answer

    def close(self) -> None:
        self.transport.close()


def short_work(_: Event) -> None:
    """Ends while the poll waits for more, so that its report goes in a request of its own."""
    time.sleep(0.2)


def work(kind: str, answers: Mapping[str, Answer | Callable[[Request], Reply | None]]) -> None:
    """An engine and a server for each answer, for a while; none of them may make many requests."""
    all_counted: dict[str, Counting] = {}
    desks: list[Desk] = []
    for name, answer in answers.items():
        server = FakeServer()
        all_counted[name] = Counting(server, kind, answer)
        desk = Desk(server, transport=all_counted[name], concurrency=8)
        desk.engine.on("x")(short_work)
        for _ in range(4):
            desk.put()
        desk.engine.start()
        desks.append(desk)
    time.sleep(OBSERVED_SECONDS)
    counts = {name: dict(counting.counts) for name, counting in all_counted.items()}
    until(lambda: all(counting.counts[kind] for counting in all_counted.values()))
    stopping = [threading.Thread(target=desk.leave) for desk in desks]
    for thread in stopping:
        thread.start()
    for thread in stopping:
        thread.join()
    many = {name: of_one for name, of_one in counts.items() if max(of_one.values(), default=0) > FEW}
    assert many == {}
    at_once = {name: counting.most_at_once for name, counting in all_counted.items()}
    assert {name: most for name, most in at_once.items() if most > 1} == {}


@pytest.mark.parametrize("kind", PATHS)
def test_a_server_that_refuses_an_engine_for_long_is_asked_seldom(kind: str) -> None:
    work(kind, ANSWERS)


def test_polls_that_are_answered_at_once_without_events_are_few() -> None:
    notices = [
        *("queue_paused", "engine_draining", "engine_at_capacity", "queue_at_max_processing", "server_stopping"),
        *("unknown", None),
    ]
    bodies: dict[str, Any] = {
        str(code): {
            "events": [],
            "results": [],
            "notice": None if code is None else {"code": code, "detail": "", "retry_after_seconds": 0},
        }
        for code in notices
    }
    bodies |= {
        f"lease error {code}": {"events": [], "results": [], "lease_error": {"status": status, "code": code}}
        for status, codes in STATUSES.items()
        for code in codes
    }
    work("exchange", {name: ok(body) for name, body in bodies.items()})


def test_heartbeats_that_are_answered_at_once_are_few() -> None:
    def answer(request: Request) -> Reply:
        sent = json.loads(request.body or b"{}")
        return ok({
            "leases": [{"outcome": "renewed", "expires_in_seconds": 300} for _ in sent["leases"]],
            "events_to_cancel": [], "command": "continue", "max_concurrent_events": 2,
        })  # fmt: skip

    work("heartbeat", {"at once": answer})


EVENT_ID = "0198c0de-0000-7000-8000-000000000000"
OPEN: dict[str, Any] = {
    "event_id": EVENT_ID, "status": "processing", "events": [], "unknown": [],
    "counts": {"queued": 1, "processing": 0, "completed": 0, "failed": 0, "cancelled": 0},
}  # fmt: skip


@dataclass
class AtOnce:
    """A server that does not wait, as one that is stopping."""

    requests: int = 0

    def __call__(self, _: str) -> "AtOnce":
        return self

    def send(self, request: Request, seconds: float) -> Reply:  # noqa: ARG002
        self.requests += 1
        time.sleep(0.001)
        return ok(OPEN)

    def close(self) -> None:
        """Nothing is open."""


async def in_client(at_once: AtOnce, call: Callable[[AsyncClient], Any]) -> None:
    async with AsyncClient("http://fake", transport=at_once) as client:
        await call(client)


WAITS_SECONDS = 2.0  # with less than one left, waits pause of themselves
WAITS: dict[str, Callable[[AtOnce], Any]] = {
    "wait": lambda at_once: Client("http://fake", transport=at_once).wait(EVENT_ID, WAITS_SECONDS),
    "wait_many": lambda at_once: Client("http://fake", transport=at_once).wait_many([EVENT_ID], WAITS_SECONDS),
    "wait_for_run": lambda at_once: Client("http://fake", transport=at_once).wait_for_run("r", WAITS_SECONDS),
    "async wait": lambda at_once: asyncio.run(in_client(at_once, lambda c: c.wait(EVENT_ID, WAITS_SECONDS))),
    "async wait_for_run": lambda at_once: asyncio.run(in_client(at_once, lambda c: c.wait_for_run("r", WAITS_SECONDS))),
}


@pytest.mark.parametrize("how", WAITS)
def test_waits_that_are_answered_at_once_are_repeated_seldom(how: str) -> None:
    at_once = AtOnce()
    with suppress(TimeoutError):
        WAITS[how](at_once)
    assert at_once.requests <= FEW


@pytest.mark.parametrize("spread", [False, True])
@pytest.mark.parametrize("retry_after", [1, 2, 60])
def test_those_whom_a_server_asks_to_come_later_do_not_come_at_the_same_moment(spread: bool, retry_after: int) -> None:
    """`Retry-After` is the same whole number for many."""
    randoms = [number / 1000 for number in range(1000)]
    of_call = [pause_seconds(0, random, spread=spread, retry_after=retry_after) for random in randoms]
    of_poll = [pause_asked_for(retry_after, 1.0, random) for random in randoms]
    for pauses in (of_call, of_poll):
        assert min(pauses) >= retry_after
        assert len({round(pause, 5) for pause in pauses}) > 500


def test_an_engine_that_holds_off_asks_for_nothing(server: FakeServer) -> None:
    counting = Counting(server, "", NotSent(""))
    desk = Desk(server, transport=counting, concurrency=4)

    @desk.engine.on("x")
    def handle(_: Event) -> None:
        raise Hold(3600, "429")

    for _ in range(20):
        desk.put()
    with desk.working():
        until(lambda: [body for body in desk.bodies("heartbeat") if "holding_off" in body])
        before = counting.counts["exchange"]
        time.sleep(OBSERVED_SECONDS / 2)
        assert counting.counts["exchange"] <= before + 1  # one may have been under way
