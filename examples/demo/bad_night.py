"""A bad night that goes on for as long as one looks at it: once of each kind of trouble that the dashboard names.

`make demo ARGS=--stay` begins it when the story is over.
"""

import logging
import threading

from eventlease import Client, Engine, Event, NotRetryable
from eventlease.openapi import NewEvent

EVENTS_A_SECOND = 2
SILENT_SECONDS = 3


class BadNight:
    def __init__(self, client: Client, url: str) -> None:
        self.client = client
        self.is_over = threading.Event()
        self.engines = [self.start(url, "2.4.0", is_broken=False), self.start(url, "2.4.1", is_broken=True)]
        self.nobody_works()
        self.paused()
        self.poison()
        pretender = self.register("summaries")
        self.client.enqueue_many([new("summaries", "summary.requested", {"chapter": n}) for n in range(12)])
        self.threads = [threading.Thread(target=self.producer), threading.Thread(target=self.beats, args=(pretender,))]
        for thread in self.threads:
            thread.start()

    def start(self, url: str, version: str, *, is_broken: bool) -> Engine:
        """Two versions of one engine, of which the newer one fails most of the time."""
        logging.getLogger("eventlease").setLevel(logging.CRITICAL)
        engine = Engine("voices", url=url, concurrency=2, software_version=version)

        @engine.on("voice.requested")
        def speak(event: Event[dict[str, int]]) -> dict[str, str]:
            event.wait_cancelled(0.5)
            if is_broken and event.payload["line"] % 4:
                raise NotRetryable(f"the model did not answer within 30 s, request {event.event_id}")
            return {"said": "Good evening."}

        engine.start()
        return engine

    def nobody_works(self) -> None:
        self.client.enqueue_many([new("vision", "image.described", {"image": n}) for n in range(42)])

    def paused(self) -> None:
        self.client.enqueue_many([new("billing", "invoice.requested", {"invoice": n}) for n in range(5)])
        self.client.call("POST", "/queues/billing/pause", {"reason": "model upgrade"})

    def poison(self) -> None:
        """One event that two engines fell silent with."""
        event = new("render", "frame.requested", {"frame": 17})
        event["retry_policy"] = {"retry_delay": {"initial": 0, "max": 0}}
        self.client.enqueue_many([event])
        for _ in range(2):
            engine_id = self.register("render")
            path = "/events/queue/render?limit=1&visibility_timeout_seconds=1&wait_seconds=10"
            self.client.call("GET", path, headers={"x-engine-id": engine_id}, seconds=15)

    def register(self, engine_type: str) -> str:
        engine = {"engine_type": engine_type, "heartbeat_timeout_seconds": SILENT_SECONDS}
        engine_id: str = self.client.call("POST", "/engines", engine)["engine_id"]
        return engine_id

    def beats(self, engine_id: str) -> None:
        """An engine that says it lives, and never asks for work."""
        while not self.is_over.wait(SILENT_SECONDS / 3):
            self.client.call("POST", f"/engines/{engine_id}/heartbeat", {}, is_safe=True)

    def producer(self) -> None:
        line = 0
        while not self.is_over.wait(1 / EVENTS_A_SECOND):
            line += 1
            self.client.enqueue("voices", "voice.requested", {"line": line})

    def end(self) -> None:
        self.is_over.set()
        for thread in self.threads:
            thread.join()
        for engine in self.engines:
            engine.stop()


def new(engine_type: str, event_type: str, payload: dict[str, int]) -> NewEvent:
    return {"engine_type": engine_type, "event_type": event_type, "payload": payload}
