"""The client for asyncio. Requests are made in threads: they do not block the event loop, nor does it block them."""

from __future__ import annotations

import asyncio
import contextvars
import functools
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, Concatenate, Literal, ParamSpec, TypeVar

from eventlease import forks, waiting
from eventlease.client import CLOSE_SECONDS, Client
from eventlease.coalesce import Waiting
from eventlease.encoding import STANDARD, Json
from eventlease.enqueuing import Enqueued, EventOptions, new_event
from eventlease.errors import EventLeaseError, Unavailable
from eventlease.futures import unwrapped
from eventlease.transport import Transport, Urllib3Transport

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Iterable, Sequence
    from uuid import UUID

    from typing_extensions import Self, Unpack

    from eventlease.openapi import ScenarioRun

MAX_LONG_CALLS = 100
MAX_BRIEF_CALLS = 16
MAX_CHECKS = 4
P = ParamSpec("P")
T = TypeVar("T")


def _in_thread(
    method: Callable[Concatenate[Client, P], T], *, may_be_long: bool = False
) -> Callable[Concatenate[AsyncClient, P], Coroutine[Any, Any, T]]:
    """A method of `Client`, called in a thread."""

    async def call(client: AsyncClient, /, *args: P.args, **options: P.kwargs) -> T:
        called = functools.partial(method, client.blocking, *args, **options)
        return await client.in_thread(called, may_be_long=may_be_long)

    functools.update_wrapper(call, method)
    return call


class AsyncClient:
    """`Client` for asyncio. Events that many tasks enqueue go in one request, and so do events that they wait for."""

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
        self.blocking = Client(
            url, token=token, on_full=on_full, timeout_seconds=timeout_seconds, json=json, transport=transport
        )
        """The client whose calls are made in threads."""
        self._events = waiting.Watcher(self.blocking.connections)
        self._runs = waiting.Watcher(self.blocking.connections, waiting.wait_for_run_once, most=1)
        self.after_fork()
        forks.watch(self)

    def after_fork(self) -> None:
        """Threads stay in the parent."""
        # Apart from each other: brief calls do not wait for long ones, nor does the end of a wait for either.
        self._long_calls = ThreadPoolExecutor(MAX_LONG_CALLS, thread_name_prefix="eventlease-call")
        self._brief_calls = ThreadPoolExecutor(MAX_BRIEF_CALLS, thread_name_prefix="eventlease-brief-call")
        self._checks = ThreadPoolExecutor(MAX_CHECKS, thread_name_prefix="eventlease-check")

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def close(self, seconds: float = CLOSE_SECONDS) -> int:
        """See `Client.close`."""
        with ThreadPoolExecutor(1, thread_name_prefix="eventlease-close") as thread:
            return await asyncio.get_running_loop().run_in_executor(thread, self._close, seconds)

    def _close(self, seconds: float) -> int:
        count = self.blocking.close(seconds)
        self._events.join()
        self._runs.join()
        for threads in (self._long_calls, self._brief_calls, self._checks):
            threads.shutdown()
        return count

    call = _in_thread(Client.call, may_be_long=True)
    enqueue_many = _in_thread(Client.enqueue_many, may_be_long=True)
    read = _in_thread(Client.read)
    cancel = _in_thread(Client.cancel)
    read_run = _in_thread(Client.read_run)
    cancel_run = _in_thread(Client.cancel_run)
    reopen_run = _in_thread(Client.reopen_run)

    async def enqueue(
        self, engine_type: str, event_type: str, payload: Any, **options: Unpack[EventOptions]
    ) -> Enqueued:
        """See `Client.enqueue`. If the task is cancelled while it waits, its event may be enqueued nevertheless."""
        loop = asyncio.get_running_loop()
        body = self.blocking.body(new_event(engine_type, event_type, payload, options))
        answer: asyncio.Future[Enqueued | EventLeaseError] = loop.create_future()
        event, coalescer = Waiting(body, answer), self.blocking.coalescer
        coalescer.add(event)

        def end() -> None:
            if not answer.done():
                answer.set_result(coalescer.give_up(event))

        timer = loop.call_later(coalescer.left(event), end)
        try:
            return unwrapped(await answer)
        finally:
            timer.cancel()

    async def wait(self, event_id: str | UUID, timeout: float | None = None) -> Any:
        """See `Client.wait`."""
        (value,) = await self.wait_many([event_id], timeout)
        return unwrapped(value)

    async def wait_many(self, event_ids: Iterable[str | UUID], timeout: float | None = None) -> list[Any]:
        """See `Client.wait_many`."""
        asked = [waiting.id_or_error(event_id) for event_id in event_ids]
        valid = dict.fromkeys(each for each in asked if isinstance(each, str))
        found = await self._ended(self._events, valid, timeout)
        if left := [event_id for event_id in valid if event_id not in found]:
            found |= await asyncio.get_running_loop().run_in_executor(self._checks, self._now, left)
        return [found[each] if isinstance(each, str) else each for each in asked]

    async def wait_for_run(self, scenario_run_id: str | int, timeout: float | None = None) -> ScenarioRun:
        """See `Client.wait_for_run`."""
        path = waiting.run_path(scenario_run_id)
        if found := await self._ended(self._runs, [path], timeout):
            run: ScenarioRun = unwrapped(found[path])
            return run
        check = self.blocking.wait_for_run
        return await asyncio.get_running_loop().run_in_executor(self._checks, check, scenario_run_id, 0)

    async def _ended(self, watcher: waiting.Watcher, awaited: Iterable[str], timeout: float | None) -> dict[str, Any]:
        """The values of those that have ended within the time."""
        if timeout is not None:
            waiting.checked_timeout(timeout)
        values = {each: asyncio.get_running_loop().create_future() for each in awaited}
        for each, future in values.items():
            watcher.watch(each, future)
        try:
            if values:
                await asyncio.wait(values.values(), timeout=timeout)
        finally:
            for future in values.values():
                future.cancel()
        return {each: future.result() for each, future in values.items() if not future.cancelled()}

    def _now(self, event_ids: list[str]) -> dict[str, Any]:
        """The ends of these events as the server says at the end of a wait: only it knows whether they are open."""
        try:
            return dict(zip(event_ids, self.blocking.wait_many(event_ids, timeout=0), strict=True))
        except EventLeaseError as error:
            return dict.fromkeys(event_ids, error)

    async def in_thread(self, call: Callable[[], T], *, may_be_long: bool) -> T:
        """Calls in another thread, in the context of this task. Raises Unavailable once the client is closed."""
        if self.blocking.connections.timing.stop.is_set():
            raise Unavailable("the client is closed")
        threads = self._long_calls if may_be_long else self._brief_calls
        return await asyncio.get_running_loop().run_in_executor(threads, contextvars.copy_context().run, call)
