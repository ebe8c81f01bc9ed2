"""The engine under test in Python. README.md has the protocol: its argument, the verbs it obeys, its journal."""

from __future__ import annotations

import asyncio
import ctypes
import json
import logging
import os
import signal
import sys
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from engine.journal import Journal
from eventlease import Completed, Engine, Event, Hold, NotRetryable, Release, RetryAfter

if TYPE_CHECKING:
    from collections.abc import Callable, Generator


HOLD_SECONDS = 4


class Failing(Exception):
    """What a handler raises that was told to fail."""


def fail(_: Event, message: str) -> None:
    raise Failing(message)


def not_retryable(_: Event, message: str) -> None:
    raise NotRetryable(message)


def retry_after(_: Event, seconds: float) -> None:
    raise RetryAfter(seconds, "later")


def release(_: Event, seconds: float) -> None:
    raise Release(seconds, "as told")


def hold(_: Event, seconds: float) -> None:
    raise Hold(seconds, "the provider is busy")


def hold_until_exists(_: Event, path: str) -> None:
    """As a provider that refuses calls until there is that file."""
    if not Path(path).exists():
        raise Hold(HOLD_SECONDS, "the provider answers 429")


def sleep(event: Event, seconds: float) -> None:
    """Ends early when it is told to stop."""
    event.wait_cancelled(seconds)
    event.check()


def sleep_hard(_: Event, seconds: float) -> None:
    """Ignores being told to stop."""
    time.sleep(seconds)


def hold_interpreter(_: Event, seconds: int) -> None:
    """As C code does that never lets other threads run."""
    ctypes.PyDLL(None).sleep(seconds)


def die(_: Event, __: Any) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def die_once(event: Event, __: Any) -> None:
    if event.attempt == 1:
        os.kill(os.getpid(), signal.SIGKILL)


def progress(event: Event, value: Any) -> None:
    event.progress(value, now=True)


def progress_once(event: Event, value: Any) -> None:
    if event.attempt == 1:
        event.progress(value)


def twice(event: Event, what: tuple[str, Any]) -> None:
    """Obeys another verb, at the first two attempts."""
    verb, argument = what
    if event.attempt < 3:
        VERBS[verb](event, argument)


def progress_deep(event: Event, levels: int) -> None:
    """With the next heartbeat."""
    value: Any = 0
    for _ in range(levels):
        value = [value]
    event.progress(value)


VERBS: dict[str, Callable[[Event, Any], None]] = {
    verb.__name__: verb
    for verb in (
        *(fail, not_retryable, retry_after, release, hold, hold_until_exists, sleep, sleep_hard, hold_interpreter),
        *(die, die_once, progress, progress_once, progress_deep, twice),
    )
}


def result_of(payload: Any) -> Any:
    """What the handler returns."""
    kind = payload.get("returns")
    if kind == "bytes":
        return "x" * int(payload["size"])
    if kind == "deep":
        value: Any = 0
        for _ in range(payload["size"]):
            value = [value]
        return value
    if kind == "nan":
        return float("nan")
    if kind == "surrogate":
        return "\ud800"
    if "enqueue" in payload:
        return Completed(payload.get("result"), enqueue=payload["enqueue"])
    return payload.get("result")


class UnderTest:
    """The engine and its journal."""

    def __init__(self, settings: dict[str, Any]) -> None:
        self.journal = Journal(Path(settings["journal"]))
        arguments = settings["engine"]
        if (file := settings["token_file"]) is not None:
            arguments["token"] = lambda: Path(file).read_text().strip()
        self.engine = Engine(settings["engine_type"], **arguments)
        self.engine.on("tried")(self.work)
        self.engine.on("tried.async")(self.work_async)
        self.engine.on_settled(self.note_settled)
        self.engine.on_lost(lambda event: self.note("lost", event))

    def note(self, what: str, event: Event, **members: Any) -> None:
        self.journal.note(what, event_id=event.event_id, attempt=event.attempt, **members)

    def note_settled(self, event: Event, report: Any, reply: Any) -> None:
        self.note("settled", event, report=type(report).__name__, outcome=reply.get("outcome"))

    @contextmanager
    def noted(self, event: Event) -> Generator[None]:
        """Notes how a handler began and ended."""
        self.note("began", event)
        try:
            yield
        except BaseException as error:
            self.note("raised", event, error=type(error).__name__, told=event.cancelled)
            raise
        self.note("returned", event, told=event.cancelled)

    def work(self, event: Event) -> Any:
        """A handler that is `def`."""
        with self.noted(event):
            for verb, argument in event.payload.get("do", []):
                VERBS[verb](event, argument)
            return result_of(event.payload)

    async def work_async(self, event: Event) -> Any:
        """A handler that is `async def`."""
        with self.noted(event):
            for verb, argument in event.payload.get("do", []):
                if verb == "sleep":
                    await asyncio.sleep(argument)
                elif verb == "swallow_cancel":
                    try:
                        await asyncio.sleep(argument)
                    except asyncio.CancelledError:
                        await asyncio.sleep(argument)
                else:
                    VERBS[verb](event, argument)
            return result_of(event.payload)


def main() -> None:
    signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's job in the background ignores it
    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(name)s %(message)s")
    settings = json.loads(sys.argv[1])
    under_test = UnderTest(settings)
    under_test.journal.note("started")
    try:
        under_test.engine.run()
    except SystemExit as error:
        under_test.journal.note("ended", status=error.code)
        raise
    under_test.journal.note("ended", status=0)


if __name__ == "__main__":
    main()
