"""An engine that adds up a ledger, which a slow service streams line by line.

It goes on where the attempt before stopped, and holds off where the service asks for that.
"""

from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TypedDict

from urllib3 import PoolManager, Timeout
from urllib3.exceptions import HTTPError

from eventlease import Engine, Event, Hold, NotRetryable

TRIES = 3


@dataclass
class Ledger:
    url: str


class Total(TypedDict):
    lines: int
    amount: int


@contextmanager
def connections() -> Generator[PoolManager]:
    with PoolManager(maxsize=5, timeout=Timeout(connect=5, read=30)) as pool:
        yield pool


engine = Engine("ledgers", concurrency=5, timeout_seconds=600, lifespan=connections)


@engine.on("ledger.added_up")
def add_up(event: Event[Ledger, PoolManager]) -> Total:
    total: Total = {"lines": 0, "amount": 0}
    if event.previous and event.previous.progress:
        total = event.previous.progress
    for number in range(1, TRIES):
        try:
            read(event, total)
        except HTTPError:
            event.wait_cancelled(0.1 * 2**number)
            event.check()
        else:
            return total
    read(event, total)
    return total


def read(event: Event[Ledger, PoolManager], total: Total) -> None:
    """Adds what the service sends to `total`."""
    url = f"{event.payload.url}?after={total['lines']}"
    with event.state.request("GET", url, retries=False, preload_content=False) as reply:
        if reply.status in (429, 503):
            raise Hold(float(reply.headers.get("Retry-After", "10")), f"the service answers {reply.status}")
        if reply.status == 404:
            raise NotRetryable("there is no such ledger")
        if reply.status != 200:
            raise RuntimeError(f"the service answers {reply.status}")
        while line := reply.readline():
            event.check()
            total["lines"] += 1
            total["amount"] += int(line)
            event.progress(total)


if __name__ == "__main__":
    engine.run()
