#!/usr/bin/env python3
"""An engine for a language model behind HTTP, which sends its words as they come, one a line.

Set EVENTLEASE_URL to the server and MODEL_URL to the model, like http://host:port, and run this program.
"""

import os
from collections.abc import Generator
from contextlib import contextmanager, suppress
from dataclasses import dataclass

from urllib3 import HTTPConnectionPool, Timeout, connection_from_url
from urllib3.exceptions import InvalidHeader
from urllib3.util import Retry

from eventlease import Completed, Engine, Event, Hold, NotRetryable


@dataclass
class Scene:
    npc: str
    prompt: str


@contextmanager
def connections() -> Generator[HTTPConnectionPool]:
    """What the handlers share, as `event.state`. A model that sends nothing for 30 s has failed."""
    with connection_from_url(os.environ["MODEL_URL"], maxsize=20, timeout=Timeout(connect=5, read=30)) as pool:
        yield pool


engine = Engine("dialogue", concurrency=20, timeout_seconds=600, lifespan=connections, may_enqueue=["voice"])


@engine.on("line.requested")
def speak(event: Event[Scene, HTTPConnectionPool]) -> Completed:
    npc, words = event.payload.npc, list[str]()
    if event.previous and event.previous.progress:
        words += event.previous.progress["words"]  # the attempt before came this far
    asked = {"prompt": event.payload.prompt, "continue_after": words}
    with event.state.request("POST", "/generate", json=asked, retries=False, preload_content=False) as reply:
        if reply.status == 429:
            seconds = 10.0
            with suppress(InvalidHeader):
                seconds = Retry().get_retry_after(reply) or seconds  # a number of seconds, or a date
            raise Hold(seconds, "the model takes no more calls")
        if reply.status in (400, 422):
            raise NotRetryable(f"the model refuses the prompt: {reply.data.decode(errors='replace')}")
        if reply.status != 200:
            raise RuntimeError(f"the model answers {reply.status}")  # retried as the event's retry policy says
        while line := reply.readline():
            event.check()  # ends here if the event was cancelled, its lease was lost, or its time is over
            words.append(line.decode().strip())
            event.progress({"words": words})  # goes with the next heartbeat
    spoken = {"npc": npc, "line": " ".join(words)}
    return Completed(spoken, enqueue=[{"engine_type": "voice", "event_type": "voice.requested", "payload": spoken}])


if __name__ == "__main__":
    engine.run()
