"""What is wrong with the events' history, compared with the scenario and with the engines' journals."""

from collections import Counter
from collections.abc import Iterator

from demo.crew import EngineProcess
from demo.faults import Fault
from demo.history import SILENT_LOSSES, Life, answers_to, completed_by, outcomes_of
from demo.scenario import due_end, due_failures, fingerprint, instructions, policy


def wrong_ends(lives: list[Life]) -> Iterator[str]:
    for life in lives:
        end, due = life.end(), due_end(life.sent)
        told = instructions(life.sent["payload"])
        name = f"event {life.seen['event_id']} ({life.sent['engine_type']}, told {told})"
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
        threshold = policy(life.sent).get("dead_letter_threshold", 3)
        if end == "lease_losses_exhausted" and life.count(*SILENT_LOSSES) != threshold:
            yield f"{name}: dead after {life.count(*SILENT_LOSSES)} silent losses instead of {threshold}"


def wrong_reports(lives: list[Life], engines: list[EngineProcess]) -> Iterator[str]:
    """Checks that each report that was taken stands in the history, and that each that stands there was made."""
    outcomes = {
        (life.seen["event_id"], attempt["attempt"], attempt["engine_id"]): attempt["outcome"]
        for life in lives
        for attempt in life.attempts
    }
    made = set[tuple[str, int, str | None]]()  # completions, also those whose answer nobody lived to read
    for engine in engines:
        for entry in engine.journal.entries():
            attempt = (*entry.lease, engine.engine_id)
            if (entry.what, entry.outcome) == ("ended", "completed"):
                made.add(attempt)
            stands = outcomes.get(attempt, "no such attempt")
            if entry.what == "settled" and stands != entry.outcome:
                yield f"{engine.name}: a stale report was accepted: {entry}, but the history has {stands}"
    for ended, outcome in outcomes.items():
        if outcome == "completed" and ended not in made:
            yield f"event {ended[0]}: completed in attempt {ended[1]}, whose engine never said so"


def wrong_deaths(lives: list[Life], engines: list[EngineProcess]) -> Iterator[str]:
    """Finds engines that died of anything but the poison, such as a bug of their own."""
    poisoned = Counter(
        attempt["engine_id"]
        for life in lives
        for attempt in life.attempts
        if "kills_engine" in instructions(life.sent["payload"])
    )
    for engine in engines:
        if engine.deaths != poisoned[engine.engine_id]:
            yield (
                f"{engine.name} died {engine.deaths} times, of the poison {poisoned[engine.engine_id]} times; "
                f"its log: {engine.log_tail()}"
            )


def wrong_faults(faults: list[Fault], lives: list[Life]) -> Iterator[str]:
    """Checks that each fault struck, and that the service made of it what it promises."""
    for fault in faults:
        ended, answers, name = outcomes_of(fault, lives), answers_to(fault), f"{fault.what} {fault.engine.name}"
        if fault.went_wrong:
            yield f"{name}: {fault.went_wrong}"
        elif fault.is_silent and not set(ended) <= SILENT_LOSSES:
            yield f"{name}: its leases ended {dict(ended)}, not as silent losses"
        elif not fault.is_silent and set(ended) & SILENT_LOSSES:
            yield f"{name}: its leases ended {dict(ended)}, although it took its leave"
        # A handler that fails after its engine was told of the loss is not reported.
        if fault.engine.is_deaf and (set(answers) - {"lost"} or answers["lost"] < completed_by(fault)):
            yield f"{name}: its stale reports were answered {dict(answers)}, not all as lost"
