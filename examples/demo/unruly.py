"""An engine process of the demo, which obeys the scenario and keeps a journal. Run as `python3 -m demo.unruly`."""

import argparse
import logging
import os
import random
import signal
import time
from collections.abc import Callable, Mapping
from pathlib import Path

from demo.journal import Entry, Journal, What
from demo.scenario import fingerprint, instructions
from eventlease import Engine, Event, HandlerInterrupted, NotRetryable, Report


class ModelOverloaded(Exception):
    """The failure that goes away with patience."""


class Unruly:
    def __init__(self, journal: Path, *, is_deaf: bool) -> None:
        self.journal, self.is_deaf = Journal(journal), is_deaf
        self.journal.note(Entry("started"))

    def obey(self, event: Event[object]) -> dict[str, str]:
        """The handler of all events."""
        told = instructions(event.payload)
        if "kills_engine" in told:
            os.kill(os.getpid(), signal.SIGKILL)
        self.work(event, told.get("work_seconds", random.uniform(0.1, 0.4)))
        if "not_retryable" in told:
            raise NotRetryable(told["not_retryable"])
        if "always_fails" in told or event.retries_left > told.get("fails_until_retries_left", 100):
            raise ModelOverloaded(f"try again later, {event.retries_left} retries are left")
        return {"fingerprint": fingerprint(event.payload)}

    def work(self, event: Event[object], seconds: float) -> None:
        done_at = time.monotonic() + seconds
        while (left := done_at - time.monotonic()) > 0:
            event.progress({"seconds_to_go": round(left, 1)})
            if self.is_deaf:
                time.sleep(min(left, 0.05))  # and reports what nobody waits for
            else:
                event.wait_cancelled(min(left, 0.05))
                event.check()

    def note_work(self, event: Event[object], call: Callable[[Event[object]], object]) -> object:
        """Around each call of the handler."""
        self.note("begun", event)
        outcome = "failed"
        try:
            result = call(event)
            outcome = "completed"
        except HandlerInterrupted:
            outcome = "stopped"
            raise
        finally:
            self.note("ended", event, outcome)
        return result

    def note_settled(self, event: Event[object], report: Report, _: Mapping[str, object]) -> None:
        self.note("settled", event, type(report).__name__.lower())

    def note_lost(self, event: Event[object]) -> None:
        self.note("lost", event)

    def note(self, what: What, event: Event[object], outcome: str = "") -> None:
        self.journal.note(Entry(what, event.event_id, event.attempt, outcome))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    for name in ("--url", "--engine-type", "--engine-id"):
        parser.add_argument(name, required=True)
    parser.add_argument("--journal", required=True, type=Path)
    parser.add_argument("--is-deaf", action="store_true", help="goes on with work whose lease is lost")
    told = parser.parse_args()
    logging.basicConfig(level=logging.INFO)
    unruly = Unruly(told.journal, is_deaf=told.is_deaf)
    engine = Engine(
        told.engine_type, url=told.url, engine_id=told.engine_id, concurrency=3, prefetch=1, heartbeat_timeout_seconds=3
    )
    engine.on("*")(unruly.obey)
    engine.around(unruly.note_work)
    engine.on_settled(unruly.note_settled)
    engine.on_lost(unruly.note_lost)
    engine.run()


if __name__ == "__main__":
    main()
