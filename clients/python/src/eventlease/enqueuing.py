"""Enqueuing events, one or many in a request."""

from __future__ import annotations

import datetime  # noqa: TC003, for those who ask for the types of `EventOptions`
import os
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypedDict

from eventlease.encoding import Json, dump_request
from eventlease.errors import EventLeaseError, InvalidInput, NotEventLease, ProblemError, problem_error, refused_here
from eventlease.openapi import RetryPolicy  # noqa: TC001, as above
from eventlease.rules.repeats import Repeat
from eventlease.tracing import trace_context

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from eventlease.calls import Calls
    from eventlease.openapi import NewEvent

MAX_BATCH_EVENTS = 1000
MAX_BATCH_BYTES = 4 * 1024 * 1024
CALL_SECONDS = 30.0


class EventOptions(TypedDict, total=False):
    """The options of an event. None is the same as leaving an option out."""

    priority: int | None
    """0 to 9, 9 first; 5 where it is left out."""
    delay_seconds: int | None
    available_at: str | datetime.datetime | None
    """When it is due, instead of `delay_seconds`; a datetime with its time zone."""
    scenario_run_id: str | int | None
    visibility_timeout_seconds: int | None
    retry_policy: RetryPolicy | None
    idempotency_key: str | None
    """The same key within 24 hours is the same event. If it is left out, the client makes one."""
    idempotency: bool
    """False: the client makes no key. A lost reply then raises Unavailable with `is_unknown`."""
    unique_key: str | None
    """While an open event of the queue has this key, no other is stored: that event is returned."""
    discard_after_seconds: int | None
    traceparent: str | None
    """The trace it belongs to; where it is left out, the current one."""
    tracestate: str | None


@dataclass(frozen=True, slots=True)
class Enqueued:
    """A stored event, or the one that already had the same key."""

    event_id: str
    is_duplicate: bool
    """True: nothing was stored; `reply["duplicate_of"]` says which key matched."""
    notice: str | None
    """`no_engine_of_type` if no engine of its type is registered."""
    reply: dict[str, Any]
    """The whole reply of the server: an `openapi.EnqueueAnswer`."""


@dataclass(frozen=True, slots=True)
class NewBody:
    """An event as it is sent."""

    text: bytes = field(repr=False)
    has_key: bool
    """It may be sent again."""
    key_is_made_up: bool


def new_event(engine_type: str, event_type: str, payload: Any, options: EventOptions) -> NewEvent:
    """The event with its options, those that are None left out."""
    event: Any = {"engine_type": engine_type, "event_type": event_type, "payload": payload}
    event.update({name: value for name, value in options.items() if value is not None})
    return event  # type: ignore[no-any-return]


def new_body(event: NewEvent | dict[str, Any], encoding: Json) -> NewBody:
    """The JSON text of an event, with a key and the trace context where it has none. Raises InvalidInput."""
    try:
        sent: dict[str, Any] = dict(event)
    except (TypeError, ValueError):
        raise refused_here(f"an event must be a dictionary, not {type(event).__name__}") from None
    may_make_key = sent.pop("idempotency", None)
    if may_make_key is None:
        may_make_key = True
    if not isinstance(may_make_key, bool):
        raise refused_here(f"idempotency must be True or False, not {may_make_key!r}")
    has_key = sent.get("idempotency_key") is not None
    if not has_key and may_make_key:
        sent["idempotency_key"] = os.urandom(16).hex()
    if sent.get("traceparent") is None:
        sent.update(trace_context())
    is_unique = sent.get("unique_key") is not None
    text = dump_request(sent, encoding)
    return NewBody(text, has_key or may_make_key, may_make_key and not has_key and not is_unique)


def batches(bodies: Iterable[NewBody | InvalidInput]) -> Iterator[list[NewBody | InvalidInput]]:
    """Divides events into requests that are not too large. Events that cannot be sent stand in them as errors."""
    batch: list[NewBody | InvalidInput] = []
    size = 0
    for body in bodies:
        length = len(body.text) if isinstance(body, NewBody) else 0
        if batch and (len(batch) == MAX_BATCH_EVENTS or size + length > MAX_BATCH_BYTES):
            yield batch
            batch, size = [], 0
        batch.append(body)
        size += length
    if batch:
        yield batch


def enqueued(reply: dict[str, Any], body: NewBody) -> Enqueued:
    """The stored event. With a key that the client made, a duplicate is this event itself: its reply was lost."""
    is_duplicate = bool(reply.get("duplicate"))
    if body.key_is_made_up and reply.get("duplicate_of") == "idempotency_key":
        is_duplicate = False
    notice = reply.get("notice")
    return Enqueued(str(reply["event_id"]), is_duplicate, notice["code"] if notice else None, reply)


def enqueue_one(calls: Calls, body: NewBody, timeout_seconds: float) -> Enqueued:
    """One event in a request of its own."""
    repeat = Repeat(body.has_key, timeout_seconds)
    reply = calls.send("POST", "/events", body.text, seconds=CALL_SECONDS, repeat=repeat)
    return enqueued(calls.decode_object(reply, "event_id"), body)


def enqueue_batch(
    calls: Calls, bodies: Sequence[NewBody], timeout_seconds: float, *, atomic: bool = False
) -> list[Enqueued | EventLeaseError]:
    """Many events in one request. Returns the stored event or the error for each; raises only if `atomic`."""
    text = b'{"events":[' + b",".join(body.text for body in bodies) + (b'],"atomic":true}' if atomic else b"]}")
    repeat = Repeat(all(body.has_key for body in bodies), timeout_seconds)
    try:
        reply = calls.send("POST", "/events/batch", text, seconds=CALL_SECONDS, repeat=repeat, accept=(422,))
        results = calls.decode_object(reply, "results")["results"]
        if not _is_list_of(results, len(bodies)):
            raise NotEventLease(f"{len(bodies)} events were sent, the reply has not a result for each")
    except InvalidInput as error:  # the request as a whole; the culprit is found by halving it
        if atomic:
            raise
        if len(bodies) == 1:
            return [error]
        middle = len(bodies) // 2
        halves = bodies[:middle], bodies[middle:]
        return [result for half in halves for result in enqueue_batch(calls, half, timeout_seconds)]
    except EventLeaseError as error:
        if atomic:
            raise
        return [error] * len(bodies)
    request_id = reply.headers.get("x-request-id")
    return [_result(result, body, request_id) for result, body in zip(results, bodies, strict=True)]


def _is_list_of(results: Any, count: int) -> bool:
    def is_result(result: Any) -> bool:
        return isinstance(result, dict) and ("event_id" in result or "error" in result)

    return isinstance(results, list) and len(results) == count and all(map(is_result, results))  # pyright: ignore[reportUnknownArgumentType]


def _result(result: dict[str, Any], body: NewBody, request_id: str | None) -> Enqueued | ProblemError:
    if "error" in result:
        problem = result["error"]
        for error in problem.get("errors", ()):
            if "pointer" in error:  # into the event, which was sent alone as far as its caller knows
                error["pointer"] = re.sub(r"^/events/\d+", "", error["pointer"])
        return problem_error(problem, request_id=request_id)
    return enqueued(result, body)
