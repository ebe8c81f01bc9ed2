"""What became of every event, as told by the server and by the engines' journals, and what is wrong with that."""
from collections import Counter
from dataclasses import dataclass
from typing import Any, Iterator, Optional

from demo.client import Client
from demo.crew import EngineProcess
from demo.faults import Fault
from demo.scenario import due_end, due_failures, fingerprint, instructions

SILENT_LOSSES = {"expired", "engine_unresponsive", "engine_restarted", "max_lease"}
OUTCOME_OF_REPORT = {"completed": "completed", "failed": "failed", "queued": "released"}


@dataclass
class Life:
    """One event of the scenario and its whole history."""
    event_id: str
    sent: dict[str, Any]
    seen: dict[str, Any]  # GET /events/{id}
    attempts: list[dict[str, Any]]  # in order
    reason: Optional[str]  # for which it is among the dead letters

    def count(self, *outcomes: str) -> int:
        return sum(attempt["outcome"] in outcomes for attempt in self.attempts)

    def end(self) -> str:
        """`completed`, the reason of its dead letter, or `unaccounted`."""
        if self.seen["status"] == "completed" and self.count("completed") == 1:
            return "completed"
        return self.reason if self.seen["status"] == "failed" and self.reason else "unaccounted"

    def column(self) -> str:
        """Its column in the table."""
        if self.end() != "completed":
            return self.end()
        if self.count(*SILENT_LOSSES):
            return "after a loss"
        return "after retries" if self.count("failed") else "first time"


def lives_of(sent: dict[str, dict[str, Any]], client: Client) -> list[Life]:
    reasons = {letter["event_id"]: letter["reason"] for letter in client.items("/api/v1/dead-letters")}
    lives = []
    for event_id, body in sent.items():
        attempts = client.call("GET", f"/api/v1/events/{event_id}/attempts")["items"]
        seen = client.call("GET", f"/api/v1/events/{event_id}")
        in_order = sorted(attempts, key=lambda attempt: int(attempt["attempt"]))
        lives.append(Life(event_id, body, seen, in_order, reasons.get(event_id)))
    return lives


def wrong_ends(lives: list[Life]) -> Iterator[str]:
    for life in lives:
        end, due = life.end(), due_end(life.sent)
        name = f"event {life.event_id} ({life.sent['engine_type']}, told {instructions(life.sent['payload'])})"
        if end == "lease_losses_exhausted" and due != end:
            yield f"{name}: innocent, yet taken along by poison"
        elif end != due:
            yield f"{name}: {end} instead of {due}, status {life.seen['status']}"
        if life.count("failed") != due_failures(life.sent):
            yield f"{name}: {life.count('failed')} failed attempts instead of {due_failures(life.sent)}"
        if [attempt["attempt"] for attempt in life.attempts] != list(range(1, len(life.attempts) + 1)):
            yield f"{name}: attempts are not numbered from 1 without gap"
        if end == "completed" and life.seen["result"] != {"fingerprint": fingerprint(life.sent["payload"])}:
            yield f"{name}: the payload changed on its way, or the result: {life.seen['result']}"
        threshold = life.sent["retry_policy"].get("dead_letter_threshold", 3)
        if end == "lease_losses_exhausted" and life.count(*SILENT_LOSSES) != threshold:
            yield f"{name}: dead after {life.count(*SILENT_LOSSES)} silent losses instead of {threshold}"


def wrong_reports(lives: list[Life], engines: list[EngineProcess]) -> Iterator[str]:
    """Whether each report that was accepted stands in the history, and each that stands there was made."""
    outcomes = {(life.event_id, attempt["engine_id"], attempt["attempt"]): attempt["outcome"]
                for life in lives for attempt in life.attempts}
    begun = set()  # (event, engine, attempt, status) of all reports, also of those whose reply nobody lived to read
    for engine in engines:
        entries = engine.entries()
        attempt_of = {entry["lease_token"]: entry["attempt"] for entry in entries if entry["entry"] == "leased"}
        for entry in entries:
            if entry["entry"] == "refused" and entry["code"] != "lease_lost":
                yield f"{engine.name}: a report was refused with {entry['code']}"
            if entry["entry"] not in ("settling", "settled"):
                continue
            attempt = (entry["event_id"], engine.engine_id, attempt_of[entry["lease_token"]])
            stands = outcomes.get(attempt, "no such attempt")
            if entry["entry"] == "settling":
                begun.add((*attempt, entry["asked"]))
            elif stands != OUTCOME_OF_REPORT[entry["asked"]]:
                yield f"{engine.name}: a stale report was accepted: {entry}, but the history has {stands}"
    for attempt, outcome in outcomes.items():
        if outcome == "completed" and (*attempt, "completed") not in begun:
            yield f"event {attempt[0]}: completed in attempt {attempt[2]}, whose engine never said so"


def wrong_deaths(lives: list[Life], engines: list[EngineProcess]) -> Iterator[str]:
    """Whether engines died of anything but the poison: of a bug of their own, say."""
    poisoned = Counter(attempt["engine_id"] for life in lives for attempt in life.attempts
                       if "kills_engine" in instructions(life.sent["payload"]))
    for engine in engines:
        if engine.deaths != poisoned[engine.engine_id]:
            yield (f"{engine.name} died {engine.deaths} times, of the poison {poisoned[engine.engine_id]} times; "
                   f"its log: {engine.log_tail()}")


def outcomes_of(fault: Fault, lives: list[Life]) -> "Counter[str]":
    """How the server says the attempts ended that the engine had in hand when the fault struck."""
    outcomes = {(life.event_id, attempt["attempt"]): attempt["outcome"] for life in lives for attempt in life.attempts}
    return Counter(outcomes.get((leased["event_id"], leased["attempt"]), "no such attempt") for leased in fault.held)


def replies_to(fault: Fault) -> "Counter[str]":
    """What the engine was answered when it reported the work it had in hand."""
    tokens = {leased["lease_token"] for leased in fault.held}
    replies = [entry for entry in fault.engine.entries() if entry["entry"] in ("settled", "refused")]
    return Counter(entry.get("code") or entry["outcome"] for entry in replies if entry["lease_token"] in tokens)


def wrong_faults(faults: list[Fault], lives: list[Life]) -> Iterator[str]:
    """Whether each fault struck at all, and whether the service made of it what it promises."""
    for fault in faults:
        ended, replies = outcomes_of(fault, lives), replies_to(fault)
        if fault.went_wrong:
            yield f"{fault.what} {fault.engine.name}: {fault.went_wrong}"
        elif fault.is_silent and not set(ended) <= SILENT_LOSSES:
            yield f"{fault.what} {fault.engine.name}: its leases ended {dict(ended)}, not as silent losses"
        elif not fault.is_silent and set(ended) & SILENT_LOSSES:
            yield f"{fault.what} {fault.engine.name}: its leases ended {dict(ended)}, although it took its leave"
        if fault.engine.is_deaf and replies != Counter(lease_lost=len(fault.held)):
            yield f"{fault.what} {fault.engine.name}: its stale reports were answered {dict(replies)}, not lease_lost"
