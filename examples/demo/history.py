"""What became of every event, as the server tells it."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from demo.faults import Fault
from eventlease import Client
from eventlease.openapi import Attempt, AttemptPage, Event, NewEvent

SILENT_LOSSES = {"expired", "engine_unresponsive", "engine_restarted", "max_lease"}


@dataclass
class Life:
    """One event of the scenario and its whole history."""

    sent: NewEvent
    seen: Event
    attempts: list[Attempt]  # in order

    def count(self, *outcomes: str) -> int:
        return sum(attempt["outcome"] in outcomes for attempt in self.attempts)

    def end(self) -> str:
        """`completed`, the reason of its dead letter, or `unaccounted`."""
        if self.seen["status"] == "completed" and self.count("completed") == 1:
            return "completed"
        return self.seen["dead_letter_reason"] or "unaccounted"

    def column(self) -> str:
        """Its column in the table."""
        if self.end() != "completed":
            return self.end()
        if self.count(*SILENT_LOSSES):
            return "after a loss"
        return "after retries" if self.count("failed") else "first time"


def lives_of(sent: Mapping[str, NewEvent], client: Client) -> list[Life]:
    lives: list[Life] = []
    for event_id, event in sent.items():
        page: AttemptPage = client.call("GET", f"/events/{event_id}/attempts")
        attempts = sorted(page["items"], key=lambda attempt: attempt["attempt"])
        lives.append(Life(event, client.read(event_id), attempts))
    return lives


def outcomes_of(fault: Fault, lives: list[Life]) -> Counter[str]:
    """How the server says the attempts ended that the engine worked on when the fault struck."""
    outcomes = {
        (life.seen["event_id"], attempt["attempt"]): attempt["outcome"] for life in lives for attempt in life.attempts
    }
    return Counter(outcomes.get(lease, "no such attempt") for lease in fault.held)


def answers_to(fault: Fault) -> Counter[str]:
    """What the engine was answered when it reported that work."""
    entries = [entry for entry in fault.engine.journal.entries() if entry.lease in fault.held]
    return Counter(entry.outcome or entry.what for entry in entries if entry.what in ("settled", "lost"))


def completed_by(fault: Fault) -> int:
    """How many of those events the engine completed, as far as it knows."""
    entries = fault.engine.journal.entries()
    return sum(entry.lease in fault.held and (entry.what, entry.outcome) == ("ended", "completed") for entry in entries)
