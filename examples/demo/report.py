"""The table at the end, and what the faults did."""

from collections import Counter

from demo.crew import EngineProcess
from demo.faults import Fault
from demo.history import SILENT_LOSSES, Life, answers_to, outcomes_of

COLUMNS = {  # what `Life.column` says: the heading, in three lines
    "first time": ("completed", "first", "time"),
    "after retries": ("completed", "after", "retries"),
    "after a loss": ("completed", "after", "silent loss"),
    "retries_exhausted": ("dead letter", "retries", "exhausted"),
    "not_retryable": ("dead letter", "not", "retryable"),
    "lease_losses_exhausted": ("dead letter", "losses", "exhausted"),
    "unaccounted": ("", "un-", "accounted"),
}


def table(lives: list[Life]) -> str:
    by_type: dict[str, Counter[str]] = {}
    for life in lives:
        by_type.setdefault(life.sent["engine_type"], Counter())[life.column()] += 1
    rows = [*sorted(by_type.items()), ("together", sum(by_type.values(), Counter[str]()))]
    headings = [("", "", "events"), *COLUMNS.values()]
    lines = [" " * 17 + "".join(f"{heading[line]:>12}" for heading in headings) for line in range(3)]
    for name, counts in rows:
        numbers = [sum(counts.values()), *(counts[column] for column in COLUMNS)]
        lines.append(f"{name:17}" + "".join(f"{number or '-':>12}" for number in numbers))
    return "\n".join(lines)


def faults_told(faults: list[Fault], engines: list[EngineProcess], lives: list[Life]) -> str:
    lines: list[str] = []
    for fault in faults:
        ended = ", ".join(f"{count} {outcome}" for outcome, count in outcomes_of(fault, lives).items())
        answers = ", ".join(f"{count} {answer}" for answer, count in answers_to(fault).items()) or "none"
        lines += [
            f"{fault.what} {fault.engine.name}, which worked on {len(fault.held)} events",
            f"    how these leases ended: {ended}; answers to its reports of them: {answers}",
        ]
    lines += [
        f"The poison killed {engine.name} {engine.deaths} times; it was restarted as the same engine"
        for engine in engines
        if engine.deaths
    ]
    outcomes = Counter(attempt["outcome"] for life in lives for attempt in life.attempts)
    lost = ", ".join(f"{outcomes[outcome]} {outcome}" for outcome in sorted(SILENT_LOSSES) if outcomes[outcome])
    lines.append(f"Silent losses in all: {lost or 'none'}")
    return "\n".join(lines)
