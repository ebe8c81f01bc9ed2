"""What the fake server knows: the time, engines, events, leases, keys, runs, tokens."""

from __future__ import annotations

import itertools
import secrets
import threading
import time
import uuid
from dataclasses import dataclass, field
from datetime import datetime, timezone
from typing import Any

DEFAULT_POLICY: dict[str, Any] = {
    "max_retries": 3, "retry_delay": {"initial": 30, "max": 300, "multiplier": 2.0},
    "dead_letter_threshold": 3, "jitter": 0.1,
}  # fmt: skip


@dataclass
class Engine:
    """A registered engine."""

    engine_id: str
    engine_type: str
    registered_at: float
    last_seen: float
    timeout: int | None
    static_config: dict[str, Any]
    dynamic_state: dict[str, Any]
    scenario_run_id: str | None
    may_enqueue: list[str]
    incarnation: int = 1
    last_heartbeat: float | None = None
    last_poll: float | None = None
    workload: int | None = None
    drain: dict[str, Any] | None = None
    holding_off: tuple[float, str] | None = None
    is_unresponsive: bool = False
    heartbeats: int = 0
    parked_polls: int = 0
    told: dict[str, Any] | None = None

    @property
    def status(self) -> str:
        """`active`, `draining` or `unresponsive`."""
        if self.is_unresponsive:
            return "unresponsive"
        return "draining" if self.drain else "active"

    @property
    def most(self) -> int | None:
        """How many events it may hold; None: any number."""
        limits: dict[str, Any] = self.static_config.get("resource_limits") or {}
        return limits.get("max_concurrent_events")


@dataclass
class Lease:
    """One engine's right to one event."""

    token: str
    engine_id: str
    incarnation: int
    leased_at: float
    expires_at: float
    deadline_at: float
    seconds: int
    poll: tuple[str | None, Any]
    software_version: str | None


@dataclass
class Attempt:
    """An ended lease; `reply` is what its report was answered, None if there was none."""

    lease: Lease
    number: int
    ended_at: float
    outcome: str
    reported: str | None = None
    reply: dict[str, Any] | None = None
    members: dict[str, Any] = field(default_factory=dict[str, Any])


@dataclass
class Event:
    """An event; `body` is what its producer sent, with the defaults."""

    event_id: str
    body: dict[str, Any]
    created_at: float
    available_at: float | None
    number: int
    status: str = "queued"
    attempts: list[Attempt] = field(default_factory=list[Attempt])
    attempt: int = 0
    failures: int = 0
    losses: int = 0
    releases: int = 0
    lease: Lease | None = None
    progress: Any = None
    progress_at: float | None = None
    result: Any = None
    error: Any = None
    finished_at: float | None = None
    dead_letter_reason: str | None = None
    is_to_be_cancelled: bool = False
    caused_by: str | None = None

    @property
    def is_open(self) -> bool:
        """Whether it has not ended yet."""
        return self.status in ("queued", "processing")

    @property
    def policy(self) -> dict[str, Any]:
        """Its retry policy: its own, else the default, member by member."""
        own: dict[str, Any] = self.body.get("retry_policy") or {}
        delay: dict[str, Any] = {**DEFAULT_POLICY["retry_delay"], **(own.get("retry_delay") or {})}
        return {**DEFAULT_POLICY, **own, "retry_delay": delay}

    @property
    def lane(self) -> int:
        """0: leased beside any other; 1: beside no other suspect; 2: alone."""
        if self.losses == 0:
            return 0
        return 2 if self.losses >= 2 or self.losses + 1 >= self.policy["dead_letter_threshold"] else 1


@dataclass
class Token:
    """A bearer token."""

    role: str
    name: str
    created_at: float
    token_id: str = field(default_factory=lambda: str(uuid.uuid4()))
    engine_id: str | None = None
    engine_types: list[str] | None = None
    ends_at: float | None = None
    is_superseded: bool = False


class State:
    """Everything, under one lock."""

    def __init__(self, admin_token: str | None) -> None:
        self._epoch = time.time() - time.monotonic()
        self.changed = threading.Condition(threading.RLock())
        self.engines: dict[str, Engine] = {}
        self.events: dict[str, Event] = {}
        self.keys: dict[tuple[str, str, str], str] = {}
        self.cancelled_runs: dict[str, float] = {}
        self.needs_tokens = admin_token is not None
        self.tokens: dict[str, Token] = {admin_token: Token("admin", "admin", self.now())} if admin_token else {}
        self.is_stopping = False
        self._numbers = itertools.count()

    def now(self) -> float:
        """Seconds since 1970. Time passes as it does, and setting the machine's clock does not change it."""
        return self._epoch + time.monotonic()

    def advance(self, seconds: float) -> None:
        """Moves the time forward."""
        self._epoch += seconds

    def note_progress(self, event: Event, progress: Any) -> None:
        """Keeps the progress of an event that an engine holds."""
        event.progress, event.progress_at = progress, self.now()

    def new_event(self, body: dict[str, Any], available_at: float) -> Event:
        """Keeps a new event."""
        event = Event(str(uuid.uuid4()), body, self.now(), available_at, next(self._numbers))
        self.events[event.event_id] = event
        return event

    def queue(self, engine_type: str) -> list[Event]:
        """The open events of a queue."""
        return [event for event in self.events.values() if event.is_open and event.body["engine_type"] == engine_type]

    def held_by(self, engine_id: str) -> list[Event]:
        """The events that an engine holds."""
        return [event for event in self.events.values() if event.lease and event.lease.engine_id == engine_id]


def new_secret() -> str:
    """A bearer token."""
    return f"el_{secrets.token_hex(32)}"


def written(moment: float | None) -> str | None:
    """A time as the interface writes it."""
    if moment is None:
        return None
    return datetime.fromtimestamp(moment, timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def read_time(text: str) -> float:
    """A time as the interface takes it. Raises ValueError."""
    moment = datetime.fromisoformat(text.replace("Z", "+00:00"))
    if moment.tzinfo is None:
        raise ValueError("has no time zone")
    return moment.timestamp()
