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
from typing import Any

PATH = Path(__file__).parent.parent / "scenario.jsonl"


def load() -> list[dict[str, Any]]:
    with PATH.open(encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


def instructions(payload: Any) -> dict[str, Any]:
    return payload.get("demo", {}) if isinstance(payload, dict) else {}


def due_end(event: dict[str, Any]) -> str:
    """`completed`, or the reason for which the event has to become a dead letter."""
    told = instructions(event["payload"])
    if "kills_engine" in told:
        return "lease_losses_exhausted"
    if "not_retryable" in told:
        return "not_retryable"
    return "retries_exhausted" if "always_fails" in told else "completed"


def due_failures(event: dict[str, Any]) -> int:
    """How many failed attempts the event's history has to show."""
    told, max_retries = instructions(event["payload"]), int(event["retry_policy"].get("max_retries", 3))
    if "always_fails" in told:
        return max_retries + 1
    if "fails_until_retries_left" in told:
        return max_retries - int(told["fails_until_retries_left"])
    return 1 if "not_retryable" in told else 0


def fingerprint(payload: Any) -> str:
    """Equal for producer and engine if the payload arrived as it was sent: big numbers, key order and all."""
    return hashlib.sha256(json.dumps(payload).encode()).hexdigest()
