"""Enqueues a run of events, one for each house, and waits for all of them. Ctrl-C cancels what has not ended."""

import signal
import sys
from collections import Counter

from eventlease import Client, EventCancelled, EventFailed, EventLeaseError

HOUSES = 500


def survey(client: Client, run_id: str, houses: int = HOUSES) -> Counter[str]:
    """How many events ended in which way."""
    events = (
        {
            "engine_type": "surveys",
            "event_type": "house.visited",
            "payload": {"house": number},
            "scenario_run_id": run_id,
            "unique_key": f"{run_id}/house-{number}",
        }
        for number in range(houses)
    )
    try:
        ids: list[str] = []
        for answer in client.enqueue_many(events):
            if isinstance(answer, EventLeaseError):
                raise answer
            ids.append(answer.event_id)
        print(f"enqueued {len(ids)}", flush=True)  # noqa: T201
        return Counter(map(kind, client.wait_many(ids)))
    except KeyboardInterrupt:
        cancelled = client.cancel_run(run_id)
        run = client.wait_for_run(run_id, timeout=60)
        print(f"cancelled {cancelled['cancelled']}", flush=True)  # noqa: T201
        return Counter(run["counts"])


def kind(ended: object) -> str:
    if isinstance(ended, EventCancelled):
        return "cancelled"
    return "failed" if isinstance(ended, EventFailed | EventLeaseError) else "completed"


if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.default_int_handler)  # a job in the background ignores it
    with Client() as client:
        print(dict(survey(client, sys.argv[1])), flush=True)  # noqa: T201
