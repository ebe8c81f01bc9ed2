"""A client for producers and orchestrators. Threads may share it."""

from __future__ import annotations

import concurrent.futures
import logging
import threading
from typing import TYPE_CHECKING, Any, Literal
from urllib.parse import quote

from eventlease.coalesce import Coalescer, Waiting
from eventlease.connections import Connections
from eventlease.encoding import STANDARD, Json
from eventlease.enqueuing import (
    CALL_SECONDS,
    MAX_BATCH_EVENTS,
    Enqueued,
    EventOptions,
    NewBody,
    Notices,
    batches,
    enqueue_batch,
    enqueue_one,
    new_body,
    new_event,
)
from eventlease.errors import BufferFull, EventLeaseError, InvalidInput, refused_here
from eventlease.rules.repeats import Repeat
from eventlease.transport import Transport, Urllib3Transport
from eventlease.waiting import (
    MAX_AWAITED,
    MAX_WAIT_SECONDS,
    TimeLimit,
    checked_id,
    id_or_error,
    is_open,
    read_event,
    result_of,
    value_of,
    wait_once,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from uuid import UUID

    from typing_extensions import Self, Unpack

    from eventlease.openapi import CancelledRun, Event, NewEvent, ReopenedRun, ScenarioRun

log = logging.getLogger("eventlease.client")

CLOSE_SECONDS = 5.0


class Client:
    """Enqueues events, waits for their ends, follows and cancels events and runs. `call` reaches everything else."""

    def __init__(
        self,
        url: str | Sequence[str] | None = None,
        *,
        token: str | Callable[[], str] | None = None,
        coalesce: bool = False,
        on_full: Literal["wait", "raise"] = "wait",
        timeout_seconds: float = 30.0,
        json: Json = STANDARD,
        transport: Callable[[str], Transport] = Urllib3Transport,
    ) -> None:
        """`url` and `token` are else those of EVENTLEASE_URL and EVENTLEASE_TOKEN.

        With `coalesce`, events that threads enqueue at the same time go in one request. `on_full` is for its buffer.
        Calls are repeated for `timeout_seconds`; then they raise Unavailable.
        """
        self.connections = Connections(url, token, transport, json)
        self.timeout_seconds = timeout_seconds
        self._on_full = on_full
        self._notices = Notices()
        self._coalescer = Coalescer(self.enqueue_together, _deliver, timeout_seconds) if coalesce else None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self, seconds: float = CLOSE_SECONDS) -> int:
        """Waits up to 5 s for what is enqueued, and ends all connections.

        The number of events that were not acknowledged; the server may have some of them.
        """
        count = self._coalescer.close(seconds) if self._coalescer else 0
        self.connections.close()
        if self._coalescer:
            self._coalescer.join()
        if count:
            log.warning("closed with %d events that were not acknowledged", count)
        return count

    def call(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        headers: Mapping[str, str] | None = None,
        seconds: float = CALL_SECONDS,
        is_safe: bool | None = None,
    ) -> Any:
        """Any call of the HTTP interface; `path` stands below /api/v1. The decoded reply.

        `is_safe` says that it may be sent again where its reply was lost; else that is so for GET, PUT and DELETE.
        `seconds` limits one try.
        """
        repeat = Repeat(method in ("GET", "PUT", "DELETE") if is_safe is None else is_safe, self.timeout_seconds)
        with self.connections.one() as calls:
            return calls.call(method, path, body, seconds=seconds, repeat=repeat, headers=headers)

    def _known(self, method: str, path: str, *members: str) -> Any:
        """A call that is safe, and whose reply has these members."""
        repeat = Repeat(is_safe=True, within_seconds=self.timeout_seconds)
        with self.connections.one() as calls:
            return calls.call(method, path, seconds=CALL_SECONDS, repeat=repeat, members=members)

    def enqueue(self, engine_type: str, event_type: str, payload: Any, **options: Unpack[EventOptions]) -> Enqueued:
        """Returns when the event is stored. Raises InvalidInput where it is refused, Unavailable without an answer."""
        body = self.body(new_event(engine_type, event_type, payload, options))
        if self._coalescer:
            event = self._enqueue_coalesced(self._coalescer, body)
        else:
            with self.connections.one() as calls:
                event = enqueue_one(calls, body, self.timeout_seconds)
        self._notices.say(event)
        return event

    def enqueue_many(
        self, events: Iterable[NewEvent | dict[str, Any]], *, atomic: bool = False
    ) -> list[Enqueued | EventLeaseError]:
        """For each event, in order, what was stored or why it was not. Any number of events, in requests of up to 1000.

        With `atomic` there is one request, and all events are stored or none. Raises nothing that concerns one event
        alone: look at what is returned.
        """
        results: list[Enqueued | EventLeaseError] = []
        bodies = (self._body_or_error(event) for event in events)
        if not atomic:
            for batch in batches(bodies):
                answers = iter(self.enqueue_together([body for body in batch if isinstance(body, NewBody)]))
                results += [next(answers) if isinstance(body, NewBody) else body for body in batch]
            return results
        together: list[NewBody] = []
        for body in bodies:
            if isinstance(body, InvalidInput):
                return [body] * (len(together) + 1 + sum(1 for _ in bodies))
            together.append(body)
        if len(together) > MAX_BATCH_EVENTS:
            raise refused_here(f"{len(together)} events are more than the {MAX_BATCH_EVENTS} of a transaction")
        with self.connections.one() as calls:
            return enqueue_batch(calls, together, self.timeout_seconds, atomic=True) if together else []

    def wait(self, event_id: str | UUID, timeout: float | None = None) -> Any:
        """The result of an event. Raises EventFailed, EventCancelled, NotFound, or TimeoutError after `timeout`."""
        event_id = checked_id(event_id)
        time_limit = TimeLimit(timeout, f"event {event_id} is still open")
        while True:
            with self.connections.one() as calls:
                event = read_event(calls, event_id, time_limit.repeat(), time_limit.wait_seconds())
            if not is_open(event):
                return result_of(event)
            time_limit.check()

    def wait_many(self, event_ids: Iterable[str | UUID], timeout: float | None = None) -> list[Any]:
        """For each event, in order, its result or else the error that `wait` would raise."""
        asked = [id_or_error(event_id) for event_id in event_ids]
        time_limit = TimeLimit(timeout, "events are still open")
        still_open, found = list(dict.fromkeys(each for each in asked if isinstance(each, str))), dict[str, Any]()
        while still_open:
            now, later = still_open[:MAX_AWAITED], still_open[MAX_AWAITED:]
            wait_seconds = min(time_limit.wait_seconds(), 1 if later else MAX_WAIT_SECONDS)
            with self.connections.one() as calls:
                ended = wait_once(calls, now, wait_seconds, time_limit.repeat())
            found.update({event_id: value_of(event) for event_id, event in ended.items()})
            still_open = later + [event_id for event_id in now if event_id not in ended]
            if still_open and time_limit.is_over():
                found.update({event_id: TimeoutError(f"event {event_id} is still open") for event_id in still_open})
                break
        return [found[each] if isinstance(each, str) else each for each in asked]

    def read(self, event_id: str | UUID) -> Event:
        """Where an event stands, with its result or last error."""
        event: Event = self._known("GET", f"/events/{checked_id(event_id)}", "event_id", "status")
        return event

    def cancel(self, event_id: str | UUID) -> Event:
        """Cancels an event. While an engine works on it, it is `processing` still, with `cancel_requested`."""
        event: Event = self._known("POST", f"/events/{checked_id(event_id)}/cancel", "event_id", "status")
        return event

    def read_run(self, scenario_run_id: str | int) -> ScenarioRun:
        """How many of a run's events are in each status."""
        run: ScenarioRun = self._known("GET", _run(scenario_run_id), "counts")
        return run

    def wait_for_run(self, scenario_run_id: str | int, timeout: float | None = None) -> ScenarioRun:
        """Returns when none of a run's events is open, as at once for a run that has none yet; else TimeoutError."""
        time_limit = TimeLimit(timeout, f"run {scenario_run_id} has open events still")
        while True:
            wait_seconds = time_limit.wait_seconds()
            path, seconds = f"{_run(scenario_run_id)}?wait_seconds={wait_seconds}", wait_seconds + CALL_SECONDS
            with self.connections.one() as calls:
                run: ScenarioRun = calls.call(
                    "GET", path, seconds=seconds, repeat=time_limit.repeat(), members=["counts"]
                )
            if run["counts"]["queued"] + run["counts"]["processing"] == 0:
                return run
            time_limit.check()

    def cancel_run(self, scenario_run_id: str | int) -> CancelledRun:
        """Cancels what is open of a run. Until it is reopened, it takes no events."""
        cancelled: CancelledRun = self._known("POST", f"{_run(scenario_run_id)}/cancel", "cancelled")
        return cancelled

    def reopen_run(self, scenario_run_id: str | int) -> ReopenedRun:
        """Lets a cancelled run take events again."""
        reopened: ReopenedRun = self._known("POST", f"{_run(scenario_run_id)}/reopen", "reopened")
        return reopened

    def body(self, event: NewEvent | dict[str, Any]) -> NewBody:
        """An event as it is sent. Raises InvalidInput."""
        return new_body(event, self.connections.encoding)

    def _body_or_error(self, event: NewEvent | dict[str, Any]) -> NewBody | InvalidInput:
        try:
            return self.body(event)
        except InvalidInput as error:
            return error

    def enqueue_together(self, batch: list[NewBody]) -> list[Enqueued | EventLeaseError]:
        """Up to 1000 events in one request, or in none where there are none."""
        if not batch:
            return []
        with self.connections.one() as calls:
            results = enqueue_batch(calls, batch, self.timeout_seconds)
        for result in results:
            if isinstance(result, Enqueued):
                self._notices.say(result)
        return results

    def _enqueue_coalesced(self, coalescer: Coalescer, body: NewBody) -> Enqueued:
        future: concurrent.futures.Future[Enqueued] = concurrent.futures.Future()
        waiting, room = Waiting(body, future), threading.Event()
        while not coalescer.offer(waiting, room.set):
            if self._on_full == "raise":
                raise BufferFull("too many events wait to be enqueued")
            room.wait()
            room.clear()
        return future.result()


def _deliver(events: list[Waiting], answers: Sequence[Enqueued | EventLeaseError]) -> None:
    for event, answer in zip(events, answers, strict=True):
        if isinstance(answer, Enqueued):
            event.future.set_result(answer)
        else:
            event.future.set_exception(answer)


def _run(scenario_run_id: str | int) -> str:
    return f"/scenario-runs/{quote(str(scenario_run_id), safe='')}"
