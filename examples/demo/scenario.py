"""The scenario: one body of `POST /api/v1/events` a line, and how each event has to end.

The scenario tells the demo's engines what to do by an object `demo` in the payload, all of it optional:

    work_seconds              how long the work takes; a moment otherwise
    fails_until_retries_left  reported as failed while more retries than this are left, then completed
    always_fails              reported as failed until the retries are spent
    not_retryable             reported as failed with this message, and as hopeless
    kills_engine              takes the engine's process with it, as running out of memory would
"""

import hashlib
import json
from pathlib import Path
from typing import TypedDict, cast

from eventlease.openapi import NewEvent, RetryPolicy

PATH = Path(__file__).parent.parent / "scenario.jsonl"


class Instructions(TypedDict, total=False):
    work_seconds: float
    fails_until_retries_left: int
    always_fails: bool
    not_retryable: str
    kills_engine: bool


def load() -> list[NewEvent]:
    with PATH.open(encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


def instructions(payload: object) -> Instructions:
    return cast("dict[str, Instructions]", payload).get("demo", {}) if isinstance(payload, dict) else {}


def policy(event: NewEvent) -> RetryPolicy:
    return event.get("retry_policy") or {}


def due_end(event: NewEvent) -> str:
    """`completed`, or the reason for which the event has to become a dead letter."""
    told = instructions(event["payload"])
    if "kills_engine" in told:
        return "lease_losses_exhausted"
    if "not_retryable" in told:
        return "not_retryable"
    return "retries_exhausted" if "always_fails" in told else "completed"


def due_failures(event: NewEvent) -> int:
    """How many failed attempts the event's history has to show."""
    told, max_retries = instructions(event["payload"]), policy(event).get("max_retries") or 3
    if "always_fails" in told:
        return max_retries + 1
    if "fails_until_retries_left" in told:
        return max_retries - told["fails_until_retries_left"]
    return 1 if "not_retryable" in told else 0


def fingerprint(payload: object) -> str:
    """Equal for producer and engine if the payload arrived as it was sent: big numbers, key order and all.

    Engines in other languages write the same JSON: without spaces, and in UTF-8.
    """
    return hashlib.sha256(json.dumps(payload, separators=(",", ":"), ensure_ascii=False).encode()).hexdigest()
