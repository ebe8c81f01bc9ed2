"""The client for asyncio. Requests are made in threads, so that nothing they wait for blocks the loop, nor it them."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, Any, Literal, TypeVar

from eventlease import forks
from eventlease.client import CLOSE_SECONDS, Client
from eventlease.coalesce import Coalescer, Waiting
from eventlease.encoding import STANDARD, Json
from eventlease.enqueuing import CALL_SECONDS, Enqueued, EventOptions, new_event
from eventlease.errors import BufferFull, EventLeaseError
from eventlease.transport import Transport, Urllib3Transport
from eventlease.waiting import Watcher, id_or_error, value_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from uuid import UUID

    from typing_extensions import Self, Unpack

    from eventlease.openapi import CancelledRun, Event, NewEvent, ReopenedRun, ScenarioRun

MAX_THREADS = 16
T = TypeVar("T")


class AsyncClient:
    """As `Client`, to be awaited. Events that many tasks enqueue go in one request; so do events that they wait for."""

    def __init__(
        self,
        url: str | Sequence[str] | None = None,
        *,
        token: str | Callable[[], str] | None = None,
        on_full: Literal["wait", "raise"] = "wait",
        timeout_seconds: float = 30.0,
        json: Json = STANDARD,
        transport: Callable[[str], Transport] = Urllib3Transport,
    ) -> None:
        """See `Client`. `on_full` is for the buffer of events that wait to be sent."""
        self._client = Client(url, token=token, timeout_seconds=timeout_seconds, json=json, transport=transport)
        self._on_full = on_full
        self._coalescer = Coalescer(self._client.enqueue_together, _deliver_answers, timeout_seconds)
        self._watcher = Watcher(self._client.connections, _deliver)
        self.after_fork()
        forks.watch(self)

    def after_fork(self) -> None:
        """Threads stay in the parent."""
        self._threads = ThreadPoolExecutor(MAX_THREADS, thread_name_prefix="eventlease-call")

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def close(self, seconds: float = CLOSE_SECONDS) -> int:
        """See `Client.close`."""
        with ThreadPoolExecutor(1, thread_name_prefix="eventlease-close") as thread:
            return await asyncio.get_running_loop().run_in_executor(thread, self._close, seconds)

    def _close(self, seconds: float) -> int:
        count = self._coalescer.close(seconds)
        self._client.close()
        self._coalescer.join()
        self._watcher.join()
        self._threads.shutdown()
        return count

    async def call(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        headers: Mapping[str, str] | None = None,
        seconds: float = CALL_SECONDS,
        is_safe: bool | None = None,
    ) -> Any:
        """See `Client.call`."""
        call = self._client.call
        return await self._in_thread(call, method, path, body, headers=headers, seconds=seconds, is_safe=is_safe)

    async def enqueue(
        self, engine_type: str, event_type: str, payload: Any, **options: Unpack[EventOptions]
    ) -> Enqueued:
        """See `Client.enqueue`. A task that is cancelled while it waits may have enqueued its event all the same."""
        loop = asyncio.get_running_loop()
        body = self._client.body(new_event(engine_type, event_type, payload, options))
        future: asyncio.Future[Enqueued | EventLeaseError] = loop.create_future()
        waiting, room = Waiting(body, future), asyncio.Event()
        while not self._coalescer.offer(waiting, partial(_call_in, loop, room.set)):
            if self._on_full == "raise":
                raise BufferFull("too many events wait to be enqueued")
            await room.wait()
            room.clear()
        answer = await future
        if isinstance(answer, EventLeaseError):
            raise answer
        return answer

    async def enqueue_many(
        self, events: Iterable[NewEvent | dict[str, Any]], *, atomic: bool = False
    ) -> list[Enqueued | EventLeaseError]:
        """See `Client.enqueue_many`. The events are taken from the iterable in another thread."""
        return await self._in_thread(self._client.enqueue_many, events, atomic=atomic)

    async def wait(self, event_id: str | UUID, timeout: float | None = None) -> Any:
        """See `Client.wait`."""
        (value,) = await self.wait_many([event_id], timeout)
        if isinstance(value, EventLeaseError | TimeoutError):
            raise value
        return value

    async def wait_many(self, event_ids: Iterable[str | UUID], timeout: float | None = None) -> list[Any]:
        """See `Client.wait_many`."""
        loop = asyncio.get_running_loop()
        asked = [id_or_error(event_id) for event_id in event_ids]
        futures: list[asyncio.Future[Any]] = [loop.create_future() for _ in asked]
        for event_id, future in zip(asked, futures, strict=True):
            if isinstance(event_id, str):
                self._watcher.watch(event_id, future)
            else:
                future.set_result(event_id)
        try:
            if futures:
                await asyncio.wait(futures, timeout=timeout)
        finally:
            for future in futures:
                future.cancel()
        return [
            TimeoutError(f"event {event_id} is still open") if future.cancelled() else value_of(future.result())
            for event_id, future in zip(asked, futures, strict=True)
        ]

    async def read(self, event_id: str | UUID) -> Event:
        """See `Client.read`."""
        return await self._in_thread(self._client.read, event_id)

    async def cancel(self, event_id: str | UUID) -> Event:
        """See `Client.cancel`."""
        return await self._in_thread(self._client.cancel, event_id)

    async def read_run(self, scenario_run_id: str | int) -> ScenarioRun:
        """See `Client.read_run`."""
        return await self._in_thread(self._client.read_run, scenario_run_id)

    async def wait_for_run(self, scenario_run_id: str | int, timeout: float | None = None) -> ScenarioRun:
        """See `Client.wait_for_run`."""
        return await self._in_thread(self._client.wait_for_run, scenario_run_id, timeout)

    async def cancel_run(self, scenario_run_id: str | int) -> CancelledRun:
        """See `Client.cancel_run`."""
        return await self._in_thread(self._client.cancel_run, scenario_run_id)

    async def reopen_run(self, scenario_run_id: str | int) -> ReopenedRun:
        """See `Client.reopen_run`."""
        return await self._in_thread(self._client.reopen_run, scenario_run_id)

    async def _in_thread(self, function: Callable[..., T], *args: Any, **options: Any) -> T:
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._threads, partial(function, *args, **options))


def _deliver_answers(events: list[Waiting], answers: Sequence[Enqueued | EventLeaseError]) -> None:
    _deliver([(event.future, answer) for event, answer in zip(events, answers, strict=True)])


def _deliver(found: list[tuple[Any, Any]]) -> None:
    """In a thread: hands the values to the loops of their futures, one call for each loop."""
    by_loop: dict[asyncio.AbstractEventLoop, list[tuple[asyncio.Future[Any], Any]]] = defaultdict(list)
    for future, value in found:
        by_loop[future.get_loop()].append((future, value))
    for loop, pairs in by_loop.items():
        _call_in(loop, partial(_set, pairs))


def _call_in(loop: asyncio.AbstractEventLoop, call: Callable[[], None]) -> None:
    with suppress(RuntimeError):  # where the loop is closed, nobody waits any more
        loop.call_soon_threadsafe(call)


def _set(pairs: list[tuple[asyncio.Future[Any], Any]]) -> None:
    for future, value in pairs:
        if not future.done():  # as it is if its task was cancelled
            future.set_result(value)
