"""What a call does about each reply, and about none."""

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest
from scripted import Scripted, reply

from eventlease.calls import Calls, Token
from eventlease.errors import (
    AlreadySettled,
    Conflict,
    Forbidden,
    InvalidInput,
    LeaseLost,
    NotEventLease,
    NotFound,
    ProblemError,
    Unauthenticated,
    Unavailable,
)
from eventlease.rules.repeats import ENGINE, Repeat
from eventlease.transport import Cut, NotSent, Reply, Request, TimedOut, TransportError
from eventlease.tries import Timing

OK = reply(200, {"version": "0.1.0"})
STALE = Cut("closed", reused=True, any_byte=False)
CUT = Cut("closed", reused=False, any_byte=True)
SAFE, UNSAFE = Repeat(is_safe=True, within_seconds=30), Repeat(is_safe=False, within_seconds=30)


@dataclass
class Pauses(threading.Event):
    """Keeps the pauses instead of making them; a clock goes on by as much."""

    made: list[float] = field(default_factory=list[float])

    def __post_init__(self) -> None:
        super().__init__()

    def wait(self, timeout: float | None = None) -> bool:
        self.made.append(timeout or 0)
        return self.is_set()

    def clock(self) -> float:
        return sum(self.made)


def make(
    *answers: Reply | TransportError, urls: tuple[str, ...] = ("a",), token: str | Callable[[], str] | None = None
) -> tuple[Calls, Scripted, Pauses]:
    script, pauses = Scripted(answers), Pauses()
    timing = Timing(stop=pauses, clock=pauses.clock, random=lambda: 1.0)
    return Calls(urls, credentials=Token(token), transport=script, timing=timing), script, pauses


def get(calls: Calls, repeat: Repeat = SAFE) -> Any:
    return calls.call("GET", "/server", seconds=30, repeat=repeat)


def test_a_reply_is_decoded() -> None:
    calls, script, _ = make(reply(200, {"big": 2**70, "text": "ä"}), reply(204))
    assert calls.call("PUT", "/x", {"a": "ä"}, seconds=30, repeat=SAFE) == {"big": 2**70, "text": "ä"}
    assert calls.call("DELETE", "/x", seconds=30, repeat=SAFE) is None
    (_, put), (_, delete) = script.sent
    assert (put.body, put.headers["Content-Type"]) == ('{"a":"ä"}'.encode(), "application/json")
    assert (delete.body, "Content-Type" in delete.headers) == (None, False)
    assert put.headers["User-Agent"].startswith("eventlease-python/")


@pytest.mark.parametrize(
    ("status", "code", "kind"),
    [
        (400, "malformed_json", InvalidInput),
        (401, "unauthenticated", Unauthenticated),
        (403, "forbidden", Forbidden),
        (404, "engine_not_found", NotFound),
        (409, "engine_superseded", Conflict),
        (409, "lease_lost", LeaseLost),
        (409, "already_settled", AlreadySettled),
        (409, "a code of a later version", Conflict),
        (413, "payload_too_large", InvalidInput),
        (418, "a status of a later version", ProblemError),
        (421, "host_not_allowed", Forbidden),
        (422, "invalid_input", InvalidInput),
    ],
)
def test_a_refusal_is_an_error_of_its_family(status: int, code: str, kind: type[ProblemError]) -> None:
    problem = {"code": code, "status": status, "detail": "so it is", "errors": [{"pointer": "/a", "detail": "bad"}]}
    calls, _, pauses = make(reply(status, problem, x_request_id="r1"))
    with pytest.raises(ProblemError) as raised:
        get(calls)
    assert type(raised.value) is kind
    assert (raised.value.code, raised.value.status, raised.value.request_id) == (code, status, "r1")
    assert str(raised.value).startswith(f"{code}: so it is; /a: bad (request r1)")
    assert ("EVENTLEASE_TOKEN" in str(raised.value)) == (kind is Unauthenticated)
    assert pauses.made == []


def test_a_call_is_repeated_until_it_is_answered() -> None:
    calls, script, pauses = make(NotSent("refused"), TimedOut("30 s"), CUT, reply(503, {"code": "shutting_down"}), OK)
    assert get(calls, ENGINE) == {"version": "0.1.0"}
    assert pauses.made == [2.0, 0.4, 0.8, 1.6]
    assert len({(request.method, request.path) for _, request in script.sent}) == 1


@pytest.mark.parametrize(
    ("repeat", "limits"),
    [
        (Repeat(is_safe=True, within_seconds=10), [10, 6, 2]),
        (Repeat(is_safe=True, within_seconds=10, extra_seconds=3), [13, 9, 4.8]),
        (Repeat(is_safe=True, within_seconds=100), [30, 30, 30]),
        (ENGINE, [30, 30, 30]),
    ],
    ids=["what is left", "a wait", "its own limit", "no time limit"],
)
def test_a_try_takes_at_most_what_is_left_of_the_time_limit(repeat: Repeat, limits: list[float]) -> None:
    pauses, given = Pauses(), list[float]()

    class Slow:
        def send(self, request: Request, seconds: float) -> Reply:
            assert request.method == "GET"
            given.append(seconds)
            pauses.made.append(4)  # the clock goes on by as much
            return OK if len(given) == 3 else reply(503, {"code": "shutting_down"})

        def close(self) -> None:
            pass

    timing = Timing(stop=pauses, clock=pauses.clock, random=lambda: 0.0)
    get(Calls(["a"], credentials=Token(None), transport=lambda _: Slow(), timing=timing), repeat)
    assert given == pytest.approx(limits)


def test_a_stale_connection_is_repeated_at_once_and_once() -> None:
    calls, _, pauses = make(STALE, STALE, OK)
    get(calls)
    assert pauses.made == [2.0]


def test_the_server_says_how_long_to_wait() -> None:
    calls, _, pauses = make(reply(429, {"code": "overloaded"}, retry_after="4"), OK)
    get(calls)
    assert pauses.made == [4.2]


def test_a_replica_that_fails_is_left_and_one_that_is_busy_is_not() -> None:
    busy = reply(429, {"code": "rate_limited"})
    calls, script, _ = make(NotSent("refused"), busy, CUT, CUT, OK, urls=("a", "b", "c"))
    get(calls)
    assert script.urls == ["a", "b", "b", "c", "a"]


def test_repeats_end_with_the_time_limit() -> None:
    calls, _, pauses = make(*[NotSent("refused")] * 20)
    with pytest.raises(Unavailable, match="GET /server: no definite answer: a: refused") as raised:
        get(calls)
    assert not raised.value.is_unknown
    assert 25 < sum(pauses.made) <= 30


def test_a_call_that_may_have_arrived_stays_unknown() -> None:
    calls, _, _ = make(CUT, *[NotSent("refused")] * 20)
    with pytest.raises(Unavailable) as raised:
        get(calls)
    assert raised.value.is_unknown


@pytest.mark.parametrize("answer", [STALE, CUT, TimedOut("30 s"), reply(500, {"code": "internal"}), reply(502)])
def test_a_call_that_may_arrive_once_only_is_not_sent_again(answer: Reply | TransportError) -> None:
    calls, script, pauses = make(answer, OK)
    with pytest.raises(Unavailable) as raised:
        get(calls, UNSAFE)
    assert raised.value.is_unknown
    assert (len(script.sent), pauses.made) == (1, [])


def test_it_is_sent_again_where_it_did_not_arrive() -> None:
    calls, script, _ = make(NotSent("refused"), reply(429, {"code": "overloaded"}), OK)
    get(calls, UNSAFE)
    assert len(script.sent) == 3


def test_internal_errors_are_repeated_three_times() -> None:
    internal = reply(500, {"code": "internal", "detail": "a fault"}, x_request_id="r1")
    calls, script, _ = make(*[internal] * 5)
    with pytest.raises(Unavailable, match="a fault") as raised:
        get(calls, ENGINE)
    assert (len(script.sent), raised.value.status, raised.value.code, raised.value.request_id) == (
        4, 500, "internal", "r1"
    )  # fmt: skip


def test_stopping_ends_repeats() -> None:
    calls, script, pauses = make(NotSent("refused"), OK)
    pauses.set()
    with pytest.raises(Unavailable):
        get(calls, ENGINE)
    assert len(script.sent) == 1


@pytest.mark.parametrize(
    "answer",
    [
        Reply(200, {"content-type": "text/html"}, b"<html>"),
        Reply(302, {"location": "/login"}, b""),
        Reply(404, {"content-type": "text/html"}, b"<html>no such page</html>"),
        Reply(401, {"content-type": "application/problem+json"}, b"not JSON"),
        Reply(401, {"content-type": "application/problem+json"}, b"[]"),
    ],
)
def test_a_reply_of_something_else_is_told_apart(answer: Reply) -> None:
    calls, _, _ = make(answer)
    with pytest.raises(NotEventLease, match=f"status {answer.status}"):
        get(calls)


def test_a_page_of_a_proxy_in_an_outage_is_repeated() -> None:
    calls, _, _ = make(Reply(502, {"content-type": "text/html"}, b"<html>bad gateway</html>"), OK)
    get(calls)


def test_a_token_is_read_again_after_a_401_and_once() -> None:
    refused = reply(401, {"code": "unauthenticated"})
    tokens = iter(["old", "new", "newer"])
    calls, script, _ = make(refused, OK, refused, refused, token=lambda: next(tokens))
    get(calls)
    with pytest.raises(Unauthenticated):
        get(calls)
    shown = [request.headers["Authorization"] for _, request in script.sent]
    assert shown == ["Bearer old", "Bearer new", "Bearer new", "Bearer newer"]


def test_a_token_that_another_thread_has_read_again_is_used() -> None:
    token = Token(iter(["old", "new", "new"]).__next__)

    class Renewed(Scripted):
        """While the request is under way, another call renews the token."""

        def answer(self, url: str, request: Request) -> Reply:
            if not self.sent:
                token.renew()
            return super().answer(url, request)

    script = Renewed([reply(401, {"code": "unauthenticated"}), OK])
    get(Calls(["a"], credentials=token, transport=script))
    assert [request.headers["Authorization"] for _, request in script.sent] == ["Bearer old", "Bearer new"]


@pytest.mark.parametrize("error", [FileNotFoundError("it is replaced"), SystemExit(1)])
def test_a_token_that_cannot_be_read_again_stays_as_it_was(
    error: BaseException, caplog: pytest.LogCaptureFixture
) -> None:
    reads: list[str] = []

    def read() -> str:
        reads.append("token")
        if len(reads) == 2:
            raise error
        return f"token-{len(reads)}"

    refused = reply(401, {"code": "unauthenticated"})
    calls, script, _ = make(refused, refused, OK, token=read)
    with pytest.raises(Unauthenticated):
        get(calls)
    assert "the token could not be read" in caplog.text
    assert get(calls) is not None
    assert [request.headers["Authorization"] for _, request in script.sent] == [
        "Bearer token-1", "Bearer token-1", "Bearer token-3",
    ]  # fmt: skip


def test_a_fixed_token_that_is_refused_is_shown_once() -> None:
    calls, script, _ = make(reply(401, {"code": "unauthenticated"}), OK, token="el_x")
    with pytest.raises(Unauthenticated):
        get(calls)
    assert len(script.sent) == 1


def test_a_body_that_no_server_takes_is_not_sent() -> None:
    calls, script, _ = make(OK)
    with pytest.raises(InvalidInput, match="longer than"):
        calls.call("POST", "/events", "x" * 16_000_000, seconds=30, repeat=SAFE)
    assert script.sent == []


@pytest.mark.parametrize("value", [float("nan"), float("inf"), "\ud800", object()])
def test_what_json_cannot_hold_is_not_sent(value: object) -> None:
    calls, script, _ = make(OK)
    with pytest.raises(InvalidInput, match="JSON"):
        calls.call("POST", "/events", {"payload": value}, seconds=30, repeat=SAFE)
    assert script.sent == []
