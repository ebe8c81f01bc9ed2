"""Types of requests and replies. Generated from docs/openapi.json by clients/generate.py; do not edit.

Replies may have further members and further values of open enumerations: servers are upgraded first.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, TypedDict, Union

if TYPE_CHECKING:
    from typing_extensions import NotRequired


# What a draining engine is to do once it holds nothing.
AfterDrain = Literal["exit", "stay"]


class Attempt(TypedDict):
    """One ended attempt."""

    answer: AttemptAnswer | str | None
    attempt: int
    code: str | None
    ended_at: str
    engine_id: str | None
    engine_software_version: str | None
    enqueued: NotRequired[list[FollowUpResult]]
    error: Any
    error_bytes: int
    error_message: str | None
    error_type: str | None
    final_status: EventStatus | None
    incarnation: int | None
    late_by_seconds: float | None
    leased_at: str | None
    next_available_at: str | None
    outcome: AttemptOutcome | str
    progress: Any
    progress_bytes: int
    reason: str | None
    refused_report_at: str | None
    refused_report_status: EventStatus | None
    result: Any
    result_bytes: int


# What a settle is answered, now and when it is repeated.
AttemptAnswer = Literal["completed", "retry_scheduled", "dead_lettered", "released", "cancelled"]


# How one attempt ended.
AttemptOutcome = Literal[
    "completed",
    "failed",
    "released",
    "expired",
    "engine_unresponsive",
    "engine_restarted",
    "deregistered",
    "max_lease",
    "cancelled",
]


class AttemptPage(TypedDict):
    """A page of a list."""

    items: list[Attempt]
    next_cursor: str | None


class AttemptsOfVersion(TypedDict):
    """How the newest attempts of a queue ended on engines of one software version: of the newest 100,000 attempts of
    all queues, the newest 2,000 of the queue at most.
    """

    attempts: int
    engine_software_version: str | None
    engine_type: str
    failed: int
    failure_ratio: float
    is_enough: bool
    lost: int
    since: str


# The stable codes, in the order in which items of one severity and age are listed.
AttentionCode = Literal[
    "database",
    "nobody_works",
    "dying",
    "falling_behind",
    "poison",
    "zombies",
    "dead_letters_new",
    "paused_long",
    "version_quarantined",
]


class AttentionItem(TypedDict):
    """Something that somebody should see to."""

    code: AttentionCode | str
    count: int
    message: str
    severity: AttentionSeverity | str
    since: str
    subject: AttentionSubject
    what_to_do: str


# How urgent something is, the most urgent first.
AttentionSeverity = Literal["critical", "warning", "notice"]


class AttentionSubject(TypedDict):
    """What an item is about."""

    database_object: str | None
    database_warning: DatabaseWarningCode | str | None
    engine_id: str | None
    engine_software_version: str | None
    engine_type: str | None
    event_id: str | None


# What was changed, and to what: members by action.
AuditDetails = dict[str, Any]


class AuditEntry(TypedDict):
    """A change."""

    action: OperationId | str
    actor: str
    address: str | None
    audit_id: str
    details: AuditDetails
    recorded_at: str
    request_id: str | None
    role: Role | str | None
    subject: str
    token_id: str | None
    via: str | None


class AuditEntryPage(TypedDict):
    """A page of a list."""

    items: list[AuditEntry]
    next_cursor: str | None


class AwaitedEvents(TypedDict):
    """How the events stand, in the order in which they were asked for."""

    events: list[BriefEvent]
    open: list[str]
    unknown: list[str]


class BriefEvent(TypedDict):
    """An event in brief: where it stands, without what its engine reported."""

    attempt: int
    created_at: str
    engine_type: str
    event_id: str
    event_type: str
    finished_at: str | None
    status: EventStatus


class BriefQueue(TypedDict):
    """A queue in brief. `GET /queues/{engine_type}` has more, as of now."""

    dead_letters: int
    delayed: int
    due: int
    due_by_minute: list[int | None]
    engine_type: str
    engines: QueueEngines
    is_approximate: bool
    next_due_at: str | None
    oldest_due_age_seconds: float
    pause: QueuePause | None
    processing: int
    quarantined_versions: int
    rates: QueueRates
    slots: QueueSlots
    suspects: int


class Canary(TypedDict):
    """The dead letters that are tried first: the oldest ones. The others follow when all of these have ended, enough
    of them with success.
    """

    continue_at_success_ratio: NotRequired[float | None]
    count: int
    wait_seconds: NotRequired[int | None]


class CancelEvents(TypedDict):
    """Which queued events to cancel. Exactly one of `filter` and `all`."""

    all: NotRequired[bool | None]
    dry_run: NotRequired[bool | None]
    expected_count: NotRequired[int | None]
    filter: NotRequired[QueuedEventFilter | None]
    limit: NotRequired[int | None]


class CancelledEvents(TypedDict):
    """How far it came."""

    cancelled: int
    matched: int
    remaining: int


class CancelledRun(TypedDict):
    cancel_requested: int
    cancelled: int


class ChangeEvent(TypedDict):
    """What is to be different about a queued event; at least one member."""

    available_at: NotRequired[str | None]
    priority: NotRequired[int | None]


class ClockDifference(TypedDict):
    """Only the database's clock counts for events and leases; the replica's is in its logs."""

    database_time: str
    difference_ms: int
    replica_time: str
    round_trip_ms: float


class CompletedSettlement(TypedDict):
    """Done for good."""

    enqueue: NotRequired[list[NewEvent] | None]
    lease_token: NotRequired[str | None]
    result: NotRequired[Any]
    status: Literal["completed"]


class CompletedSettlementEntry(TypedDict):
    """Done for good."""

    enqueue: NotRequired[list[NewEvent] | None]
    event_id: str
    lease_token: NotRequired[str | None]
    result: NotRequired[Any]
    status: Literal["completed"]


class CreateRedriveJob(TypedDict):
    """Which dead letters to redrive, how fast, and what changes with it. Exactly one of `filter` and `all`."""

    all: NotRequired[bool | None]
    canary: NotRequired[Canary | None]
    dry_run: NotRequired[bool | None]
    events_per_second: NotRequired[float | None]
    expected_count: NotRequired[int | None]
    filter: NotRequired[DeadLetterFilter | None]
    payload_patch: NotRequired[PayloadPatch | None]
    priority: NotRequired[int | None]
    retry_policy: NotRequired[RetryPolicy | None]
    stop_at_failure_ratio: NotRequired[float | None]
    visibility_timeout_seconds: NotRequired[int | None]


class CreatedRedriveJob(TypedDict):
    """What was counted, and the job."""

    job: RedriveJob | None
    matched: int


class CreatedToken(TypedDict):
    """A token that was made."""

    created_at: str
    created_by: str
    engine_id: str | None
    engine_types: list[str] | None
    expires_at: str | None
    last_used_at: str | None
    name: str
    revoked_at: str | None
    role: Role | str
    session_of: str | None
    state: TokenState | str
    token: str
    token_id: str


class DatabaseHealth(TypedDict):
    """What holds for every replica."""

    durability: Durability
    is_autovacuum_on: bool
    is_read_only: bool
    is_standby: bool
    partitions: list[PartitionsAhead]
    pending_migrations: int
    sees_other_users: bool
    server_encoding: str
    server_version: str
    snapshots: list[OldSnapshot]
    tables: list[TableHealth]
    user: str


class DatabaseHealthReport(TypedDict):
    """How the database stands."""

    database: DatabaseHealth
    replica: ReplicaHealth
    warnings: list[DatabaseWarning]


class DatabaseLook(TypedDict):
    """What was found when the database was last examined."""

    as_of: str
    warnings: list[DatabaseWarning]


class DatabaseWarning(TypedDict):
    """Something to look after: what it is, what comes of it, and what to do."""

    code: DatabaseWarningCode | str
    message: str


# The stable codes of warnings, the worst first.
DatabaseWarningCode = Literal[
    "database_is_standby",
    "database_read_only",
    "replica_cannot_write",
    "postgresql_too_old",
    "database_not_utf8",
    "migrations_pending",
    "partition_missing",
    "synchronous_standby_missing",
    "fsync_off",
    "full_page_writes_off",
    "synchronous_commit_off",
    "asynchronous_standby",
    "few_partitions_ahead",
    "old_snapshot",
    "autovacuum_off",
    "many_dead_rows",
    "pool_saturated",
    "listener_down",
    "clock_skew",
    "limited_view",
]


class DeadLetter(TypedDict):
    """An event that used up a budget or was refused as hopeless."""

    attempt: int
    attempts: NotRequired[list[Attempt]]
    attempts_next_cursor: NotRequired[str | None]
    created_at: str
    dead_lettered_at: str
    engine_software_version: str | None
    engine_type: str
    error: Any
    error_bytes: int
    error_fingerprint: str | None
    error_message: str | None
    error_type: str | None
    event_id: str
    event_type: str
    failures: int
    lease_losses: int
    payload: NotRequired[Any]
    payload_bytes: int
    priority: int
    reason: DeadLetterReason | str
    redriven_as: str | None
    redriven_from: str | None
    redrives: int
    scenario_run_id: str | None


class DeadLetterFilter(TypedDict):
    """Which dead letters are meant: those that are all of it. At least one member."""

    dead_lettered_after: NotRequired[str | None]
    dead_lettered_before: NotRequired[str | None]
    engine_software_version: NotRequired[str | None]
    engine_type: NotRequired[str | None]
    error_contains: NotRequired[str | None]
    error_fingerprint: NotRequired[str | None]
    error_type: NotRequired[str | None]
    event_type: NotRequired[str | None]
    reason: NotRequired[DeadLetterReason | None]
    redrives_max: NotRequired[int | None]
    scenario_run_id: NotRequired[ScenarioRunId | None]


class DeadLetterGroup(TypedDict):
    """Dead letters that have something in common. Members they are not grouped by are left out."""

    count: int
    engine_software_version: NotRequired[str | None]
    engine_type: NotRequired[str]
    error_fingerprint: NotRequired[str | None]
    error_type: NotRequired[str | None]
    event_type: NotRequired[str]
    filter: DeadLetterFilter
    first_dead_lettered_at: str
    last_dead_lettered_at: str
    reason: NotRequired[DeadLetterReason | str]
    redrivable: int
    sample_event_id: str
    sample_message: str | None


class DeadLetterGroups(TypedDict):
    """The largest groups of dead letters."""

    has_more: bool
    items: list[DeadLetterGroup]
    versions: list[AttemptsOfVersion]


class DeadLetterPage(TypedDict):
    """A page of a list."""

    items: list[DeadLetter]
    next_cursor: str | None


# Why an event became a dead letter.
DeadLetterReason = Literal["retries_exhausted", "not_retryable", "lease_losses_exhausted"]


class DrainEngine(TypedDict):
    """Why an engine is to drain, and what it is to do then."""

    reason: NotRequired[str | None]
    then: NotRequired[AfterDrain | None]


class DrainEngines(TypedDict):
    """Which engines to drain."""

    dry_run: NotRequired[bool | None]
    filter: DrainFilter
    reason: NotRequired[str | None]
    then: NotRequired[AfterDrain | None]


class DrainFilter(TypedDict):
    """Those that are all of it. At least one member."""

    engine_software_version: NotRequired[str | None]
    engine_type: NotRequired[str | None]


class DrainedEngines(TypedDict):
    """The engines that were meant."""

    draining: int
    engine_ids: list[str]
    matched: int


# By which of its keys an event is the same as one that is there.
DuplicateOf = Literal["idempotency_key", "unique_key"]


class Durability(TypedDict):
    """What becomes of committed work when PostgreSQL's machine crashes."""

    fsync: bool
    full_page_writes: bool
    standbys: list[Standby]
    synchronous_commit: str
    synchronous_standby_names: str


class Engine(TypedDict):
    """What the service knows of an engine."""

    current_workload: int | None
    drain: EngineDrain | None
    engine_id: str
    engine_type: str
    heartbeat_interval_seconds: int | None
    heartbeat_timeout_seconds: int | None
    holding_off: EngineHoldingOff | None
    incarnation: int
    is_quarantined: bool
    last_heartbeat: str | None
    last_poll_at: str | None
    last_seen_at: str
    leases_held: int
    may_enqueue: list[str]
    metadata: EngineMetadataReply
    registered_at: str
    scenario_run_id: str | None
    status: EngineStatus | str


EngineCapability = str


# What a heartbeat's reply asks of the engine.
EngineCommand = Literal["continue", "drain", "stop"]


class EngineDrain(TypedDict):
    """Why an engine is given no more events, and what it is to do."""

    reason: str | None
    since: str
    then: AfterDrain | str


# Anything that changes while the engine runs, like `resource_utilization`.
EngineDynamicState = dict[str, Any]


class EngineGroup(TypedDict):
    """The engines of one type, version and status. One engine can be counted under several of the members below
    `engines`.
    """

    engine_software_version: str | None
    engine_type: str
    engines: int
    full: int
    holding_off: int
    idle: int
    leases_held: int
    quarantined: int
    status: EngineStatus | str
    zombie: int


class EngineHoldingOff(TypedDict):
    reason: str
    until: str


class EngineMetadata(TypedDict):
    """What an engine says of itself."""

    dynamic_state: NotRequired[EngineDynamicState | None]
    static_config: NotRequired[EngineStaticConfig | None]


class EngineMetadataPatch(TypedDict):
    """What to change of an engine's metadata."""

    static_config: NotRequired[EngineStaticConfig | None]


class EngineMetadataReply(TypedDict):
    dynamic_state: EngineDynamicState
    static_config: EngineStaticConfig


class EnginePage(TypedDict):
    """A page of a list."""

    items: list[Engine]
    next_cursor: str | None


class EnginePatch(TypedDict):
    """What to change of an engine: what is left out stays as it was sent, null removes (RFC 7396)."""

    metadata: NotRequired[EngineMetadataPatch | None]


# What an engine can take at a time. Members beside these are kept as they are.
EngineResourceLimits = dict[str, Any]


# What the engine can do. Further members are kept as they are.
EngineStaticConfig = dict[str, Any]


# Whether an engine is given events.
EngineStatus = Literal["active", "draining", "unresponsive"]


class EngineSummary(TypedDict):
    """Engines, counted."""

    groups: list[EngineGroup]
    has_more: bool


class EngineToken(TypedDict):
    """What an engine goes on with."""

    engine_id: str
    engine_token: NotRequired[str]
    incarnation: int
    server: Server


# What kind of engine works on an event: the name of its queue.
EngineType = str


class EnqueuedEvent(TypedDict):
    """An event as it was taken in."""

    available_at: str | None
    created_at: str
    duplicate: NotRequired[bool]
    duplicate_of: NotRequired[DuplicateOf | str]
    engine_type: str
    event_id: str
    event_type: str
    notice: NotRequired[EnqueueNotice]
    outcome: EnqueueOutcome | str
    payload_bytes: int
    priority: int
    scenario_run_id: str | None
    status: EventStatus
    unique_key: NotRequired[str]


class EventOfAnotherCaller(TypedDict):
    """The event that one of the keys stands for, which another caller brought: no more is told of it."""

    duplicate: bool
    duplicate_of: DuplicateOf | str
    event_id: str
    outcome: EnqueueOutcome | str


# What a producer is answered for one event.
EnqueueAnswer = Union["EnqueuedEvent", "EventOfAnotherCaller"]


class EnqueueNotice(TypedDict):
    """Something a producer may want to know."""

    code: EnqueueNoticeCode | str
    detail: str


EnqueueNoticeCode = Literal["no_engine_of_type"]


# Whether the event is new.
EnqueueOutcome = Literal["enqueued", "duplicate"]


class RefusedEvent(TypedDict):
    error: Problem
    event_id: str | None


EnqueueResult = Union["EnqueuedEvent", "EventOfAnotherCaller", "RefusedEvent"]


class EnqueuedBatch(TypedDict):
    accepted: int
    rejected: int
    results: list[EnqueueResult]


class EnqueuedFollowUp(TypedDict):
    duplicate: NotRequired[bool]
    duplicate_of: NotRequired[DuplicateOf | str]
    event_id: str


# At most 256 KiB as JSON unless configured otherwise.
ErrorMessage = str


class Event(TypedDict):
    """An event: what was sent, and where it stands."""

    attempt: int
    available_at: str | None
    cancel_requested: bool
    caused_by: str | None
    created_at: str
    dead_letter_reason: DeadLetterReason | str | None
    discard_at: str | None
    engine_type: str
    error: Any
    error_bytes: int
    error_message: str | None
    error_type: str | None
    event_id: str
    event_type: str
    failures: int
    finished_at: str | None
    is_suspect: bool
    lease_deadline_at: str | None
    lease_expires_at: str | None
    lease_losses: int
    leased_at: str | None
    leased_by: str | None
    lock: str | None
    losses_left: int | None
    payload: NotRequired[Any]
    payload_bytes: int
    priority: int
    progress: Any
    progress_at: str | None
    progress_bytes: int
    redriven_as: str | None
    redriven_from: str | None
    redrives: int
    result: Any
    result_bytes: int
    retries_left: int | None
    retry_policy: RetryPolicyInForce | None
    scenario_run_id: str | None
    status: EventStatus
    traceparent: str | None
    unique_key: str | None


class EventPage(TypedDict):
    """A page of a list."""

    items: list[Event]
    next_cursor: str | None


# The five words a reader meets.
EventStatus = Literal["queued", "processing", "completed", "failed", "cancelled"]


class EventTypePolicy(TypedDict):
    """An event type's own retry policy; what is missing is inherited."""

    event_type: str
    retry_policy: OwnRetryPolicy


class EventTypePolicyPage(TypedDict):
    """A page of a list."""

    items: list[EventTypePolicy]
    next_cursor: str | None


class Exchange(TypedDict):
    """A poll, and what the engine has to say first. Everything may be left out."""

    limit: NotRequired[int | None]
    poll_id: NotRequired[str | None]
    settlements: NotRequired[list[SettlementEntry] | None]
    visibility_timeout_seconds: NotRequired[int | None]
    wait_seconds: NotRequired[int | None]


class Exchanged(TypedDict):
    events: list[LeasedEvent]
    lease_error: NotRequired[Problem]
    notice: LeaseNotice | None
    results: list[SettlementResult]


class Explanation(TypedDict):
    """All that explains an event or a queue."""

    as_of: str
    expected_start_at: str | None
    measured_at: str | None
    reasons: list[ExplanationReason]
    verdict: ExplanationVerdict


# The stable codes: first those of events, in the order in which the service decides, then those of queues.
ExplanationCode = Literal[
    "ended",
    "held",
    "lease_over",
    "engine_silent",
    "progress_old",
    "lease_ends_soon",
    "near_longest_lease",
    "cancel_requested",
    "not_due_yet",
    "queue_paused",
    "queue_capped",
    "no_engine_registered",
    "none_active",
    "version_quarantined",
    "engines_holding_off",
    "engines_do_not_ask",
    "engines_full",
    "travels_alone",
    "behind_others",
    "would_be_soon",
    "discarded_at",
    "database",
    "paused",
    "capped",
    "all_full",
    "zombies",
    "failing",
    "losing",
    "late",
    "more_in_than_out",
    "retries",
    "suspects",
    "slower_than_before",
    "not_taken",
    "flows",
]


class ExplanationReason(TypedDict):
    """Why an event is not worked on, or why a queue grows."""

    code: ExplanationCode | str
    is_decisive: bool
    message: str
    since: str | None
    subject: AttentionSubject
    until: str | None
    what_to_do: str | None


class ExplanationVerdict(TypedDict):
    """What decides."""

    code: ExplanationCode | str
    message: str


class FailedSettlement(TypedDict):
    """Tried again by the retry policy, or a dead letter."""

    delay_seconds: NotRequired[int | None]
    error: ReportedError
    lease_token: NotRequired[str | None]
    progress: NotRequired[Any]
    retryable: NotRequired[bool | None]
    status: Literal["failed"]


class FailedSettlementEntry(TypedDict):
    """Tried again by the retry policy, or a dead letter."""

    delay_seconds: NotRequired[int | None]
    error: ReportedError
    event_id: str
    lease_token: NotRequired[str | None]
    progress: NotRequired[Any]
    retryable: NotRequired[bool | None]
    status: Literal["failed"]


class RefusedFollowUp(TypedDict):
    """Its run is cancelled. The completion stands."""

    error: Problem
    event_id: str | None


# What became of a follow-up event.
FollowUpResult = Union["EnqueuedFollowUp", "RefusedFollowUp"]


class Health(TypedDict):
    status: str


class Heartbeat(TypedDict):
    """A heartbeat, with what has changed."""

    current_workload: NotRequired[int | None]
    dynamic_state: NotRequired[EngineDynamicState | None]
    holding_off: NotRequired[HoldOff | None]
    leases: NotRequired[list[HeldLease] | None]
    resource_utilization: NotRequired[ResourceUtilization | None]
    wait_seconds: NotRequired[int | None]


class HeartbeatAnswer(TypedDict):
    command: EngineCommand | str
    drain: NotRequired[EngineDrain]
    events_to_cancel: list[str]
    leases: list[HeldLeaseAnswer]
    leases_held: int
    max_concurrent_events: int | None
    status: EngineStatus | str


class HeldEvent(TypedDict):
    """An event in an engine's hands, as those who list its leases see it."""

    attempt: int
    created_at: str
    engine_type: str
    event_id: str
    event_type: str
    lease: HeldLeaseTerms
    losses_left: int
    max_attempts: int
    payload: Any
    payload_bytes: int
    previous: PreviousAttempt | None
    priority: int
    releases_in_row: int
    retries_left: int
    scenario_run_id: str | None
    traceparent: str | None
    tracestate: NotRequired[str]


class HeldEventPage(TypedDict):
    """A page of a list."""

    items: list[HeldEvent]
    next_cursor: str | None


class HeldLease(TypedDict):
    """A lease that the engine holds."""

    event_id: str
    lease_token: str
    progress: NotRequired[Any]
    renew: NotRequired[bool | None]


class HeldLeaseAnswer(TypedDict):
    """How a lease stands that the engine listed."""

    cancel_requested: NotRequired[bool]
    event_id: str
    expires_at: NotRequired[str]
    expires_in_seconds: NotRequired[float]
    outcome: HeldLeaseOutcome | str
    reason: NotRequired[AttemptOutcome | str]


HeldLeaseOutcome = Literal["renewed", "held", "lost"]


class HeldLeaseTerms(TypedDict):
    deadline_at: str
    expires_at: str
    expires_in_seconds: float
    lease_token: NotRequired[str]
    leased_at: str
    leased_by: str | None
    lock: str
    visibility_timeout_seconds: int


History = TypedDict(
    "History",
    {
        "attempt_p50_seconds": "list[float | None]",
        "attempt_p99_seconds": "list[float | None]",
        "busy": "list[int | None]",
        "cancelled": "list[int | None]",
        "completed": "list[int | None]",
        "dead_lettered": "list[int | None]",
        "dead_letters": "list[int | None]",
        "delayed": "list[int | None]",
        "due": "list[int | None]",
        "engine_type": "str | None",
        "enqueued": "list[int | None]",
        "failed": "list[int | None]",
        "from": "str",
        "late": "list[int | None]",
        "lost": "list[int | None]",
        "oldest_due_age_seconds": "list[float | None]",
        "processing": "list[int | None]",
        "released": "list[int | None]",
        "slots": "list[int | None]",
        "step_seconds": "int",
        "to": "str",
        "wait_p50_seconds": "list[float | None]",
        "wait_p99_seconds": "list[float | None]",
    },
)


class HoldOff(TypedDict):
    """An engine's own wish to be given no events for a while, as when what it calls refuses calls."""

    reason: str
    until: str


class InputError(TypedDict):
    """One bad place of a request: a pointer, a parameter or a header."""

    detail: str
    header: NotRequired[str]
    parameter: NotRequired[str]
    pointer: NotRequired[str]


class Installation(TypedDict):
    """The installation as people see it."""

    audit_retention_days: int
    history_hours: int
    max_page_items: int
    name: str | None
    retention_days: int


class IntegerOfPolicy(TypedDict):
    """A part of a policy, and which level says it."""

    source: RetryPolicySource | str
    value: int


class IntegerSetting(TypedDict):
    source: SettingSource | str
    value: int


class LeaseNotice(TypedDict):
    """Why a poll got nothing."""

    code: LeaseNoticeCode | str
    detail: str
    engine_software_version: NotRequired[str]
    held: NotRequired[int]
    reason: NotRequired[str]
    retry_after_seconds: int
    until: NotRequired[str]


LeaseNoticeCode = Literal[
    "engine_draining",
    "engine_at_capacity",
    "queue_paused",
    "queue_at_max_processing",
    "version_quarantined",
    "engine_holding_off",
    "server_stopping",
]


class LeaseTerms(TypedDict):
    """One engine's exclusive right to one event."""

    deadline_at: str
    expires_at: str
    expires_in_seconds: float
    lease_token: str
    leased_at: str
    leased_by: str | None
    lock: str
    visibility_timeout_seconds: int


# Whether a settlement must carry the token of its lease.
LeaseTokens = Literal["optional", "required"]


class Leased(TypedDict):
    events: list[LeasedEvent]
    notice: LeaseNotice | None


class LeasedEvent(TypedDict):
    """An event in an engine's hands."""

    attempt: int
    created_at: str
    engine_type: str
    event_id: str
    event_type: str
    lease: LeaseTerms
    losses_left: int
    max_attempts: int
    payload: Any
    payload_bytes: int
    previous: PreviousAttempt | None
    priority: int
    releases_in_row: int
    retries_left: int
    scenario_run_id: str | None
    traceparent: str | None
    tracestate: NotRequired[str]


class ListedScenarioRun(TypedDict):
    """A scenario run in a list, or the part of it that the token reaches."""

    cancelled_at: str | None
    cancelled_by: str | None
    cancelled_in: list[str]
    has_open_events: bool
    scenario_run_id: str
    status: ScenarioRunStatus | str


class ListedScenarioRunPage(TypedDict):
    """A page of a list."""

    items: list[ListedScenarioRun]
    next_cursor: str | None


class ListenerHealth(TypedDict):
    """The connection that hears of events that come by SQL or other replicas."""

    interruptions: int
    is_connected: bool
    pid: int | None
    since: str | None


class NewEvent(TypedDict):
    """An event to take in."""

    available_at: NotRequired[str | None]
    delay_seconds: NotRequired[int | None]
    discard_after_seconds: NotRequired[int | None]
    engine_type: str
    event_type: str
    idempotency_key: NotRequired[str | None]
    payload: Any
    priority: NotRequired[int | None]
    retry_policy: NotRequired[RetryPolicy | None]
    scenario_run_id: NotRequired[ScenarioRunId | None]
    traceparent: NotRequired[str | None]
    tracestate: NotRequired[str | None]
    unique_key: NotRequired[str | None]
    visibility_timeout_seconds: NotRequired[int | None]


class NewEventBatch(TypedDict):
    """Several events to take in, each with a verdict of its own."""

    atomic: NotRequired[bool | None]
    events: list[NewEvent]


class NewToken(TypedDict):
    """A token to make."""

    engine_id: NotRequired[str | None]
    engine_types: NotRequired[list[EngineType] | None]
    expires_in_seconds: NotRequired[int | None]
    name: str
    role: Role


class NumberOfPolicy(TypedDict):
    """A part of a policy, and which level says it."""

    source: RetryPolicySource | str
    value: float


class NumberSetting(TypedDict):
    source: SettingSource | str
    value: float


class OldSnapshot(TypedDict):
    """Something that dead rows are kept for."""

    age_seconds: float | None
    application_name: str | None
    held_by: SnapshotHolder | str
    name: str | None
    pid: int | None
    since: str | None
    state: str | None
    transactions_behind: int
    user: str | None


# Every operation, by its `operation_id`.
OperationId = Literal[
    "register_engine",
    "list_engines",
    "summarize_engines",
    "read_engine",
    "change_engine",
    "deregister_engine",
    "send_heartbeat",
    "drain_engine",
    "resume_engine",
    "drain_engines",
    "renew_engine_token",
    "list_engine_leases",
    "lease_events",
    "exchange_leases",
    "settle_event",
    "settle_batch",
    "enqueue_event",
    "enqueue_batch",
    "list_events",
    "read_event",
    "explain_event",
    "read_event_payload",
    "read_event_result",
    "change_event",
    "list_attempts",
    "wait_for_events",
    "cancel_event",
    "cancel_events",
    "reschedule_events",
    "list_scenario_runs",
    "read_scenario_run",
    "cancel_scenario_run",
    "reopen_scenario_run",
    "list_dead_letters",
    "group_dead_letters",
    "read_dead_letter",
    "redrive_dead_letter",
    "discard_dead_letter",
    "redrive_dead_letters",
    "purge_dead_letters",
    "create_redrive_job",
    "list_redrive_jobs",
    "read_redrive_job",
    "pause_redrive_job",
    "continue_redrive_job",
    "cancel_redrive_job",
    "list_queues",
    "read_overview",
    "read_history",
    "read_queue_history",
    "read_queue",
    "explain_queue",
    "change_queue",
    "delete_queue",
    "pause_queue",
    "resume_queue",
    "quarantine_version",
    "list_quarantines",
    "lift_quarantine",
    "peek_queue",
    "list_event_types",
    "read_retry_policy",
    "set_retry_policy",
    "remove_retry_policy",
    "create_token",
    "list_tokens",
    "revoke_token",
    "create_session",
    "read_session",
    "delete_session",
    "list_audit",
    "read_database_health",
    "read_metrics",
    "read_server",
    "read_openapi_document",
    "read_docs",
    "read_dashboard",
    "check_health",
    "check_readiness",
]


class OptionalIntegerSetting(TypedDict):
    source: SettingSource | str
    value: None | int


class Overview(TypedDict):
    """How the service stands."""

    as_of: str
    attention: list[AttentionItem]
    database: DatabaseLook | None
    queues: list[BriefQueue]
    totals: OverviewTotals


class OverviewTotals(TypedDict):
    """All queues together."""

    dead_letters: int
    delayed: int
    due: int
    engines: QueueEngines
    is_approximate: bool
    oldest_due_age_seconds: float
    paused_queues: int
    processing: int
    queues: int
    rates: QueueRates
    slots: QueueSlots
    suspects: int


class OwnRetryDelay(TypedDict):
    """In seconds, but for the multiplier."""

    initial: NotRequired[int]
    max: NotRequired[int]
    multiplier: NotRequired[float]


class OwnRetryPolicy(TypedDict):
    """What an event type says of its own; what is left out is inherited."""

    dead_letter_threshold: NotRequired[int]
    jitter: NotRequired[float]
    max_retries: NotRequired[int]
    retry_delay: NotRequired[OwnRetryDelay]


class PartitionsAhead(TypedDict):
    """A partition a day (UTC) is made, a week ahead."""

    days_ahead: int
    has_today: bool
    table: str


class PauseQueue(TypedDict):
    """Why the queue is paused, and for how long."""

    reason: NotRequired[str | None]
    resume_after_seconds: NotRequired[int | None]


# A merge patch (RFC 7396): its members replace those of a payload, objects are merged, and null removes a member.
PayloadPatch = dict[str, Any]


class PeekedEvent(TypedDict):
    """An event that waits to be leased."""

    attempt: int
    available_at: str
    created_at: str
    event_id: str
    event_type: str
    is_suspect: bool
    payload: NotRequired[Any]
    payload_bytes: int
    priority: int


class PeekedEventPage(TypedDict):
    """A page of a list."""

    items: list[PeekedEvent]
    next_cursor: str | None


class PoolUse(TypedDict):
    """Connections to the database that calls share; of two looks, the one that found more idle."""

    idle: int
    max: int
    size: int


class PreviousAttempt(TypedDict):
    code: str | None
    ended_at: str
    error: Any
    outcome: AttemptOutcome | str
    progress: Any
    reason: str | None


class Problem(TypedDict):
    """The body of every error reply."""

    actual_count: NotRequired[int]
    allowed_roles: NotRequired[list[Role | str]]
    code: ProblemCode | str
    current_attempt: NotRequired[int]
    detail: str
    engine_type: NotRequired[str]
    errors: NotRequired[list[InputError]]
    event_id: NotRequired[str]
    event_status: NotRequired[EventStatus]
    expected_count: NotRequired[int]
    has_dead_letters: NotRequired[bool]
    has_engines: NotRequired[bool]
    has_open_events: NotRequired[bool]
    lease_ended_at: NotRequired[str | None]
    lease_ended_by: NotRequired[AttemptOutcome | str | None]
    limit: NotRequired[int]
    redrive_job_state: NotRequired[RedriveJobState | str]
    redriven_as: NotRequired[str]
    registered_at: NotRequired[str]
    retry_after_seconds: NotRequired[int]
    scenario_run_id: NotRequired[str]
    settled_as: NotRequired[EventStatus]
    settled_at: NotRequired[str]
    status: int
    title: str
    type: str


# The stable codes; the only thing a program should tell problems apart by.
ProblemCode = Literal[
    "malformed_json",
    "unauthenticated",
    "forbidden",
    "not_for_browsers",
    "cross_site_refused",
    "host_not_allowed",
    "not_found",
    "token_not_found",
    "engine_not_found",
    "event_not_found",
    "queue_not_found",
    "redrive_job_not_found",
    "method_not_allowed",
    "lease_lost",
    "already_settled",
    "engine_type_mismatch",
    "engine_id_taken",
    "engine_superseded",
    "event_is_final",
    "event_not_queued",
    "not_a_dead_letter",
    "unique_key_held",
    "queue_in_use",
    "run_cancelled",
    "count_changed",
    "redrive_job_over",
    "payload_too_large",
    "request_timeout",
    "unsupported_media_type",
    "invalid_input",
    "idempotency_key_reused",
    "follow_up_refused",
    "poll_id_reused",
    "too_many_queues",
    "too_many_event_types",
    "overloaded",
    "rate_limited",
    "internal",
    "database_unavailable",
    "shutting_down",
    "database_timeout",
]


class PurgeDeadLetters(TypedDict):
    """Which dead letters to remove. Exactly one of `filter` and `all`."""

    all: NotRequired[bool | None]
    dry_run: NotRequired[bool | None]
    expected_count: NotRequired[int | None]
    filter: NotRequired[DeadLetterFilter | None]
    limit: NotRequired[int | None]


class PurgedDeadLetters(TypedDict):
    """How far a purge came."""

    event_ids: list[str]
    matched: int
    purged: int
    remaining: int


class Quantiles(TypedDict):
    p50: float | None
    p99: float | None


class Quarantine(TypedDict):
    """A version of engines that is given nothing of a queue."""

    by: str | None
    engine_software_version: str | None
    lift_at: str | None
    reason: str
    since: str


class QuarantinePage(TypedDict):
    """A page of a list."""

    items: list[Quarantine]
    next_cursor: str | None


class QuarantineVersion(TypedDict):
    """Which engines get nothing, and why."""

    engine_software_version: str | None
    lift_after_seconds: NotRequired[int | None]
    reason: str


class Queue(TypedDict):
    """A queue. Counts of events are exact to 10,000, for due and delayed events of each priority; what is larger is
    an estimate, and `is_approximate` says so. A list shows queues with more than 1,000 waiting events or dead
    letters as they were some seconds ago.
    """

    attempt_seconds: Quantiles
    clear_in_seconds: float | None
    dead_letters: int
    delayed: int
    due: int
    due_by_priority: list[int]
    engine_type: str
    engines: QueueEngines
    is_approximate: bool
    next_due_at: str | None
    oldest_due_age_seconds: float
    pause: QueuePause | None
    processing: int
    quarantines: list[Quarantine]
    rates: QueueRates
    settings: QueueSettings
    slots: QueueSlots
    suspects: int
    wait_seconds: Quantiles
    wanted_slots: int


class QueueDelaySettings(TypedDict):
    initial: IntegerSetting
    max: IntegerSetting
    multiplier: NumberSetting


class QueueEngines(TypedDict):
    """Its engines, by what they are doing."""

    active: int
    draining: int
    holding_off: int
    quarantined: int
    unresponsive: int


class QueuePage(TypedDict):
    """A page of a list."""

    items: list[Queue]
    next_cursor: str | None


class QueuePatch(TypedDict):
    """What to change of a queue's settings: what is left out stays, null is inherited (RFC 7396)."""

    default_limit: NotRequired[int | None]
    max_lease_seconds: NotRequired[int | None]
    max_processing: NotRequired[int | None]
    retry_policy: NotRequired[RetryPolicy | None]
    target_clear_seconds: NotRequired[int | None]
    visibility_timeout_seconds: NotRequired[int | None]


class QueuePause(TypedDict):
    """Why and for how long a queue gives out nothing."""

    by: str | None
    reason: str | None
    resume_at: str | None
    since: str


class QueuePolicySettings(TypedDict):
    dead_letter_threshold: IntegerSetting
    jitter: NumberSetting
    max_retries: IntegerSetting
    retry_delay: QueueDelaySettings


class QueueRates(TypedDict):
    cancelled_per_second: float
    completed_per_second: float
    dead_lettered_per_second: float
    enqueued_per_second: float
    failed_per_second: float
    late_per_second: float
    lost_per_second: float
    released_per_second: float


class QueueSettings(TypedDict):
    """Every setting in force, with its source."""

    default_limit: IntegerSetting
    max_lease_seconds: IntegerSetting
    max_processing: OptionalIntegerSetting
    retry_policy: QueuePolicySettings
    target_clear_seconds: IntegerSetting
    visibility_timeout_seconds: IntegerSetting


class QueueSlots(TypedDict):
    """How many events the active engines can hold. `total` minus `busy` is what engines with a limit can still take."""

    busy: int
    total: int
    unlimited_engines: int


class QueuedEventFilter(TypedDict):
    """Which queued events are meant: those that are all of it. At least one member."""

    engine_type: NotRequired[EngineType | None]
    event_ids: NotRequired[list[str] | None]
    event_type: NotRequired[str | None]
    scenario_run_id: NotRequired[ScenarioRunId | None]


class Redrive(TypedDict):
    """What a redrive may change."""

    delay_seconds: NotRequired[int | None]
    payload: NotRequired[Any]
    priority: NotRequired[int | None]
    retry_policy: NotRequired[RetryPolicy | None]
    visibility_timeout_seconds: NotRequired[int | None]


class RedriveDeadLetters(TypedDict):
    """Which dead letters to redrive, and what changes with it. Exactly one of `filter` and `all`."""

    all: NotRequired[bool | None]
    delay_seconds: NotRequired[int | None]
    dry_run: NotRequired[bool | None]
    expected_count: NotRequired[int | None]
    filter: NotRequired[DeadLetterFilter | None]
    limit: NotRequired[int | None]
    priority: NotRequired[int | None]
    retry_policy: NotRequired[RetryPolicy | None]
    spread_seconds: NotRequired[int | None]
    visibility_timeout_seconds: NotRequired[int | None]


class RedriveJob(TypedDict):
    """A redrive job, and how far it is."""

    canary: RedriveJobCanary | None
    cancelled: int
    completed: int
    created_at: str
    created_by: str | None
    died_again: int
    engine_types: list[str] | None
    events_per_second: float | None
    filter: DeadLetterFilter
    job_id: str
    last_redriven_at: str | None
    matched: int
    open: int
    payload_patch: PayloadPatch | None
    priority: int | None
    redriven: int
    redriven_per_second: float | None
    retry_policy: OwnRetryPolicy | None
    skipped: SkippedByRedriveJob
    state: RedriveJobState | str
    state_changed_at: str
    state_reason: RedriveJobStateReason | str | None
    stop_at_failure_ratio: float | None
    unknown: int
    visibility_timeout_seconds: int | None


class RedriveJobCanary(TypedDict):
    """The dead letters that are tried first."""

    continue_at_success_ratio: float
    count: int
    wait_seconds: int


class RedriveJobPage(TypedDict):
    """A page of a list."""

    items: list[RedriveJob]
    next_cursor: str | None


# Where a job stands.
RedriveJobState = Literal["canary", "redriving", "watching", "paused", "stopped", "cancelled", "finished"]


# Why a job is paused or stopped.
RedriveJobStateReason = Literal["operator", "canary_undecided", "canary_failed", "failure_ratio"]


class RedrivenDeadLetters(TypedDict):
    """How far a redrive came."""

    event_ids: list[str]
    matched: int
    redriven: int
    remaining: int
    skipped: SkippedDeadLetters


class RefusedSettlement(TypedDict):
    error: Problem
    event_id: str | None


class RegisteredEngine(TypedDict):
    """An engine that has registered."""

    current_workload: int | None
    drain: EngineDrain | None
    engine_id: str
    engine_token: NotRequired[str]
    engine_type: str
    heartbeat_interval_seconds: int | None
    heartbeat_timeout_seconds: int | None
    holding_off: EngineHoldingOff | None
    incarnation: int
    is_quarantined: bool
    last_heartbeat: str | None
    last_poll_at: str | None
    last_seen_at: str
    leases_held: int
    may_enqueue: list[str]
    metadata: EngineMetadataReply
    registered_at: str
    scenario_run_id: str | None
    server: Server
    status: EngineStatus | str


class Registration(TypedDict):
    """An engine that makes itself known."""

    engine_id: NotRequired[str | None]
    engine_type: str
    heartbeat_timeout_seconds: NotRequired[int | None]
    may_enqueue: NotRequired[list[str] | None]
    metadata: NotRequired[EngineMetadata | None]
    scenario_run_id: NotRequired[ScenarioRunId | None]


class ReleasedSettlement(TypedDict):
    """Handed back; spends nothing."""

    code: NotRequired[str | None]
    delay_seconds: NotRequired[int | None]
    lease_token: NotRequired[str | None]
    progress: NotRequired[Any]
    reason: NotRequired[str | None]
    status: Literal["queued"]


class ReleasedSettlementEntry(TypedDict):
    """Handed back; spends nothing."""

    code: NotRequired[str | None]
    delay_seconds: NotRequired[int | None]
    event_id: str
    lease_token: NotRequired[str | None]
    progress: NotRequired[Any]
    reason: NotRequired[str | None]
    status: Literal["queued"]


class RenewedSettlement(TypedDict):
    """Renewed from now on."""

    lease_token: NotRequired[str | None]
    progress: NotRequired[Any]
    status: Literal["processing"]
    visibility_timeout_seconds: NotRequired[int | None]


class RenewedSettlementEntry(TypedDict):
    """Renewed from now on."""

    event_id: str
    lease_token: NotRequired[str | None]
    progress: NotRequired[Any]
    status: Literal["processing"]
    visibility_timeout_seconds: NotRequired[int | None]


class ReopenedRun(TypedDict):
    reopened: bool
    scenario_run_id: str


class ReplicaHealth(TypedDict):
    """What holds for the replica that answers."""

    clock: ClockDifference
    listener: ListenerHealth
    pool: PoolUse
    reading_pool: PoolUse
    seconds_since_start: float
    seconds_since_write: float | None
    version: str


class StructuredError(TypedDict):
    details: NotRequired[Any]
    fingerprint: NotRequired[str | None]
    message: str
    type: NotRequired[str | None]


# What went wrong: a message, or more. It is kept as it was sent, whatever its strings hold.
ReportedError = Union["ErrorMessage", "StructuredError"]


class RescheduleEvents(TypedDict):
    """Which queued events to change, and how. Exactly one of `filter` and `all`; at least one of `available_at`,
    `delay_seconds` and `priority`.
    """

    all: NotRequired[bool | None]
    available_at: NotRequired[str | None]
    delay_seconds: NotRequired[int | None]
    dry_run: NotRequired[bool | None]
    expected_count: NotRequired[int | None]
    filter: NotRequired[QueuedEventFilter | None]
    limit: NotRequired[int | None]
    priority: NotRequired[int | None]


class RescheduledEvents(TypedDict):
    """How far it came."""

    matched: int
    remaining: int
    rescheduled: int


# What the engine measures of itself: members of its own choosing.
ResourceUtilization = dict[str, Any]


class RetryDelay(TypedDict):
    """Retry n waits `min(initial × multiplier^(n−1), max)` seconds."""

    initial: NotRequired[int | None]
    max: NotRequired[int | None]
    multiplier: NotRequired[float | None]


class RetryDelayInForce(TypedDict):
    """Seconds, but for the multiplier."""

    initial: IntegerOfPolicy
    max: IntegerOfPolicy
    multiplier: NumberOfPolicy


class RetryPolicy(TypedDict):
    """When a failed event is tried again. What is left out is inherited from the event type's policy, the queue's,
    the server's.
    """

    dead_letter_threshold: NotRequired[int | None]
    jitter: NotRequired[float | None]
    max_retries: NotRequired[int | None]
    retry_delay: NotRequired[RetryDelay | None]


class RetryPolicyInForce(TypedDict):
    """The policy that holds for one event, with the source of each part."""

    dead_letter_threshold: IntegerOfPolicy
    jitter: NumberOfPolicy
    max_retries: IntegerOfPolicy
    retry_delay: RetryDelayInForce


# The level that says a part of a policy.
RetryPolicySource = Literal["event", "event_type", "queue", "server"]


# What a token is for.
Role = Literal["engine", "producer", "orchestrator", "operator", "admin", "reader", "registrar"]


class ScenarioRun(TypedDict):
    """A scenario run, or the part of it that the token reaches."""

    cancelled_at: str | None
    cancelled_by: str | None
    cancelled_in: list[str]
    counts: ScenarioRunCounts
    first_created_at: str | None
    is_approximate: bool
    last_ended_at: str | None
    scenario_run_id: str
    status: ScenarioRunStatus | str


class ScenarioRunCounts(TypedDict):
    """The events of a run, by their status."""

    cancelled: int
    completed: int
    failed: int
    processing: int
    queued: int


ScenarioRunIdText = str


# A text of 1 to 64 characters, or a whole number, which is kept as its decimal text.
ScenarioRunId = Union["ScenarioRunIdText", int]


# How a run stands.
ScenarioRunStatus = Literal["active", "idle", "cancelled"]


class Server(TypedDict):
    """What the server says of itself."""

    auth: bool
    lease_tokens: LeaseTokens | str
    limits: ServerLimits
    version: str


class ServerLimits(TypedDict):
    """The limits on requests that a client can keep to before it sends anything."""

    max_batch_events: int
    max_body_bytes: int
    max_detail_bytes: int
    max_json_depth: int
    max_payload_bytes: int


class Session(TypedDict):
    """Who is calling, and what they may do."""

    engine_id: str | None
    engine_types: list[str] | None
    expires_at: str | None
    installation: Installation
    is_session: bool
    name: str | None
    operations: list[OperationId | str]
    role: Role | str | None
    server: Server


SettingSource = Literal["queue", "server"]


class Settled(TypedDict):
    """An event after a report."""

    attempt: int
    available_at: NotRequired[str]
    cancel_requested: NotRequired[bool]
    enqueued: NotRequired[list[FollowUpResult]]
    event_id: str
    expires_at: NotRequired[str]
    expires_in_seconds: NotRequired[float]
    outcome: SettlementOutcome | str
    status: EventStatus


class SettledBatch(TypedDict):
    results: list[SettlementResult]


# An engine's report on an event it holds. Which members go with it depends on `status`.
Settlement = Union["CompletedSettlement", "FailedSettlement", "ReleasedSettlement", "RenewedSettlement"]


class SettlementBatch(TypedDict):
    """Several reports, each with a verdict of its own."""

    settlements: list[SettlementEntry]


# A settlement, with the event it is about.
SettlementEntry = Union["CompletedSettlementEntry", "FailedSettlementEntry", "ReleasedSettlementEntry", "RenewedSettlementEntry"]


# What a report came to.
SettlementOutcome = Literal["completed", "retry_scheduled", "dead_lettered", "released", "renewed", "cancelled"]


SettlementResult = Union["Settled", "RefusedSettlement"]


class SkippedByRedriveJob(TypedDict):
    """Dead letters that a job passed over, by the code of why."""

    payload_patch: int
    run_cancelled: int
    unique_key_held: int


class SkippedDeadLetters(TypedDict):
    """Dead letters that were passed over, by the code of why."""

    run_cancelled: int
    unique_key_held: int


# What keeps an old snapshot open.
SnapshotHolder = Literal["session", "prepared_transaction", "replication_slot"]


class Standby(TypedDict):
    """A server that gets this one's changes. All is null where the role may not see it."""

    application_name: str | None
    replay_lag_seconds: float | None
    state: str | None
    sync_state: str | None


class TableHealth(TypedDict):
    """Null times: not since PostgreSQL's counts were last reset."""

    dead_rows: int | None
    last_analyze_at: str | None
    last_autovacuum_at: str | None
    last_vacuum_at: str | None
    live_rows: int | None
    table: str
    vacuum_age_seconds: float | None


class Token(TypedDict):
    """What is known of a token."""

    created_at: str
    created_by: str
    engine_id: str | None
    engine_types: list[str] | None
    expires_at: str | None
    last_used_at: str | None
    name: str
    revoked_at: str | None
    role: Role | str
    session_of: str | None
    state: TokenState | str
    token_id: str


class TokenPage(TypedDict):
    """A page of a list."""

    items: list[Token]
    next_cursor: str | None


# Whether a token is good.
TokenState = Literal["active", "expired", "revoked"]


class WaitForEvents(TypedDict):
    """Which events to wait for, and for how long."""

    event_ids: list[str]
    until: NotRequired[WaitUntil | None]
    wait_seconds: NotRequired[int | None]


# What a wait lasts for, unless its time is over before.
WaitUntil = Literal["any", "all"]
