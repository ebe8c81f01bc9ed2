"""A client for producers and orchestrators. Threads may share it."""

from __future__ import annotations

import concurrent.futures
import logging
import time
from typing import TYPE_CHECKING, Any, Literal

from eventlease import enqueuing, waiting
from eventlease.coalesce import Coalescer, Waiting
from eventlease.connections import Connections
from eventlease.encoding import STANDARD, Json
from eventlease.enqueuing import CALL_SECONDS, MAX_BATCH_EVENTS, Enqueued, EventOptions, NewBody
from eventlease.errors import ConfigurationError, EventLeaseError, InvalidInput, Unavailable, refused_here
from eventlease.futures import unwrapped
from eventlease.rules.repeats import Repeat
from eventlease.settings import is_json, is_number
from eventlease.transport import Transport, Urllib3Transport

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from uuid import UUID

    from typing_extensions import Self, Unpack

    from eventlease.openapi import CancelledRun, Event, NewEvent, ReopenedRun, ScenarioRun

log = logging.getLogger("eventlease.client")

CLOSE_SECONDS = 5.0
MAX_SAID = 1000


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
        """Without `url` and `token`, those of EVENTLEASE_URL and EVENTLEASE_TOKEN are used, as they are now.

        With `coalesce`, events that threads enqueue at the same time go in one request. With `on_full="raise"`,
        `enqueue` raises BufferFull while 10,000 events or 32 MiB wait. Calls are repeated for
        `timeout_seconds`; then they raise Unavailable. None of their tries goes on for longer, apart from two seconds
        that each may take.
        """
        given = {
            "timeout_seconds: a number above 0": is_number(timeout_seconds, 0) and timeout_seconds != 0,
            "on_full: wait or raise": on_full in ("wait", "raise"),
            "coalesce: True or False": coalesce in (True, False),
            "json: an object with `dumps` and `loads`": is_json(json),
            "transport: a function of a URL": callable(transport),
        }
        if wrong := [text for text, is_right in given.items() if not is_right]:
            raise ConfigurationError("; ".join(wrong))
        self.connections = Connections(url, token, transport, json)
        self.timeout_seconds = timeout_seconds
        self.coalescer = Coalescer(self._send, timeout_seconds, raises_when_full=on_full == "raise")
        self._coalesces = coalesce
        self._said: set[str] = set()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self, seconds: float = CLOSE_SECONDS) -> int:
        """Waits up to 5 s for events that are being enqueued, then ends all connections.

        Returns how many events were not acknowledged; the server may have stored some of them.
        """
        until = time.monotonic() + seconds
        count = self.coalescer.close(seconds)
        count += self.connections.unacknowledged(max(until - time.monotonic(), 0.0))
        self.connections.close()
        self.coalescer.join()
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
        """Makes any call of the HTTP interface and returns the decoded reply; `path` is relative to /api/v1.

        `is_safe` says whether it may be sent again when its reply was lost; by default GET, PUT and DELETE may.
        `seconds` limits one try, which takes no longer than is left of `timeout_seconds`, or two seconds.
        """
        repeat = Repeat(method in ("GET", "PUT", "DELETE") if is_safe is None else is_safe, self.timeout_seconds)
        with self.connections.one() as calls:
            return calls.call(method, path, body, seconds=seconds, repeat=repeat, headers=headers)

    def enqueue(self, engine_type: str, event_type: str, payload: Any, **options: Unpack[EventOptions]) -> Enqueued:
        """Returns when the event is stored. Raises InvalidInput if it is refused, Unavailable without an answer."""
        body = self.body(enqueuing.new_event(engine_type, event_type, payload, options))
        if not self._coalesces:
            with self.connections.enqueuing(1), self.connections.one() as calls:
                stored = enqueuing.enqueue_one(calls, body, self.timeout_seconds)
            self._say(stored)
            return stored
        answer: concurrent.futures.Future[Enqueued | EventLeaseError] = concurrent.futures.Future()
        event = Waiting(body, answer)
        self.coalescer.add(event)
        try:
            return unwrapped(answer.result(self.coalescer.left(event)))
        except concurrent.futures.TimeoutError:
            raise self.coalescer.give_up(event) from None

    def enqueue_many(
        self, events: Iterable[NewEvent | dict[str, Any]], *, atomic: bool = False
    ) -> list[Enqueued | EventLeaseError]:
        """Enqueues any number of events, in requests of up to 1000. Returns the stored event or the error for each.

        With `atomic` there is one request, and all events are stored or none. An error that concerns one event alone
        is not raised but returned in its place.
        """
        bodies = (self._body_or_error(event) for event in events)
        results: list[Enqueued | EventLeaseError] = []
        if atomic:
            together = list(bodies)
            if refused := [body for body in together if isinstance(body, InvalidInput)]:
                return [refused[0]] * len(together)
            if len(together) > MAX_BATCH_EVENTS:
                raise refused_here(f"{len(together)} events are more than the {MAX_BATCH_EVENTS} of a transaction")
            sent = [body for body in together if isinstance(body, NewBody)]
            with self.connections.enqueuing(len(sent)):
                return self._send(sent, atomic=True)
        for batch in enqueuing.batches(bodies):
            sent = [body for body in batch if isinstance(body, NewBody)]
            try:
                with self.connections.enqueuing(len(sent)):
                    answers = iter(self._send(sent))
            except Unavailable as error:
                if not results:
                    raise
                answers = iter([error] * len(sent))  # closed meanwhile; the answers so far are not lost
            results += [next(answers) if isinstance(body, NewBody) else body for body in batch]
        return results

    def wait(self, event_id: str | UUID, timeout: float | None = None) -> Any:
        """The result of an event. Raises EventFailed, EventCancelled, NotFound, or TimeoutError after `timeout`.

        TimeoutError means that the event is still open; if the server could not be asked, it is Unavailable.
        """
        event_id = waiting.checked_id(event_id)
        path, still_open = f"/events/{event_id}", f"event {event_id} is still open"
        return unwrapped(waiting.value_of(self._ended(path, waiting.EVENT, waiting.is_open, timeout, still_open)))

    def wait_many(self, event_ids: Iterable[str | UUID], timeout: float | None = None) -> list[Any]:
        """For each event, in order, its result or the error that `wait` would raise."""
        asked = [waiting.id_or_error(event_id) for event_id in event_ids]
        limit, found = waiting.TimeLimit(timeout), dict[str, Any]()
        still_open = list(dict.fromkeys(each for each in asked if isinstance(each, str)))
        unasked = len(still_open)
        while still_open:
            now, later = still_open[: waiting.MAX_AWAITED], still_open[waiting.MAX_AWAITED :]
            wait_seconds = limit.wait_seconds(1 if later else waiting.MAX_WAIT_SECONDS)
            with self.connections.one() as calls:
                ended = waiting.wait_once(calls, now, wait_seconds, limit.repeat())
            found |= ended
            still_open = later + [event_id for event_id in now if event_id not in found]
            unasked -= len(now)
            if unasked <= 0 and limit.left() == 0:
                break
            if unasked <= 0 and still_open and not ended:
                limit.pause(self.connections.timing.stop)
        found |= {event_id: TimeoutError(f"event {event_id} is still open") for event_id in still_open}
        return [found[each] if isinstance(each, str) else each for each in asked]

    def read(self, event_id: str | UUID) -> Event:
        """The event as it is now, with its result or last error."""
        event: Event = self._known("GET", f"/events/{waiting.checked_id(event_id)}", *waiting.EVENT)
        return event

    def cancel(self, event_id: str | UUID) -> Event:
        """Cancels an event. While an engine works on it, it stays `processing`, with `cancel_requested`."""
        event: Event = self._known("POST", f"/events/{waiting.checked_id(event_id)}/cancel", *waiting.EVENT)
        return event

    def read_run(self, scenario_run_id: str | int) -> ScenarioRun:
        """How many of a run's events are in each status."""
        run: ScenarioRun = self._known("GET", waiting.run_path(scenario_run_id), *waiting.RUN)
        return run

    def wait_for_run(self, scenario_run_id: str | int, timeout: float | None = None) -> ScenarioRun:
        """Returns when none of a run's events is open; a run without events has none. Else raises TimeoutError."""
        still_open = f"run {scenario_run_id} still has open events"
        run: ScenarioRun = self._ended(
            waiting.run_path(scenario_run_id), waiting.RUN, waiting.is_run_open, timeout, still_open
        )
        return run

    def cancel_run(self, scenario_run_id: str | int) -> CancelledRun:
        """Cancels the open events of a run, which takes no new events until it is reopened."""
        cancelled: CancelledRun = self._known("POST", f"{waiting.run_path(scenario_run_id)}/cancel", "cancelled")
        return cancelled

    def reopen_run(self, scenario_run_id: str | int) -> ReopenedRun:
        """Lets a cancelled run take events again."""
        reopened: ReopenedRun = self._known("POST", f"{waiting.run_path(scenario_run_id)}/reopen", "reopened")
        return reopened

    def body(self, event: NewEvent | dict[str, Any]) -> NewBody:
        """An event as it is sent. Raises InvalidInput."""
        return enqueuing.new_body(event, self.connections.encoding)

    def _body_or_error(self, event: NewEvent | dict[str, Any]) -> NewBody | InvalidInput:
        try:
            return self.body(event)
        except InvalidInput as error:
            return error

    def _send(
        self, batch: list[NewBody], seconds: float | None = None, *, atomic: bool = False
    ) -> list[Enqueued | EventLeaseError]:
        """Enqueues up to 1000 events in one request, within `timeout_seconds` if no other limit is given."""
        if not batch:
            return []
        with self.connections.one() as calls:
            results = enqueuing.enqueue_batch(calls, batch, seconds or self.timeout_seconds, atomic=atomic)
        for result in results:
            if isinstance(result, Enqueued):
                self._say(result)
        return results

    def _say(self, event: Enqueued) -> None:
        """Logs once for each engine type that none of its engines is registered."""
        engine_type = str(event.reply.get("engine_type"))
        if event.notice is not None and engine_type not in self._said and len(self._said) < MAX_SAID:
            self._said.add(engine_type)
            fields = {"engine_type": engine_type, "event_id": event.event_id}
            message = "an event was enqueued, but no engine of its type is registered: %s"
            log.warning(message, engine_type, extra={"eventlease": fields})

    def _known(self, method: str, path: str, *members: str) -> Any:
        """A call that is safe, and whose reply has these members."""
        repeat = Repeat(is_safe=True, within_seconds=self.timeout_seconds)
        with self.connections.one() as calls:
            return calls.call(method, path, seconds=CALL_SECONDS, repeat=repeat, members=members)

    def _ended(
        self,
        path: str,
        members: Sequence[str],
        is_open: Callable[[dict[str, Any]], bool],
        timeout: float | None,
        still_open: str,
    ) -> Any:
        """The event or run at a path, once it is no longer open. Raises TimeoutError after `timeout`."""
        limit = waiting.TimeLimit(timeout)
        while True:
            wait_seconds = limit.wait_seconds()
            asked, seconds = f"{path}?wait_seconds={wait_seconds}", wait_seconds + waiting.REPLY_SECONDS
            with self.connections.one() as calls:
                found = calls.call("GET", asked, seconds=seconds, repeat=limit.repeat(), members=members)
            if not is_open(found):
                return found
            if limit.left() == 0:
                raise TimeoutError(still_open)
            limit.pause(self.connections.timing.stop)
