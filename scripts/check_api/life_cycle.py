"""Lives of events by the generated Python client: every member is set by its type, nothing is built from raw dicts.

    life_cycle.py FOLDER_OF_THE_CLIENT URL
"""
import sys
import uuid

folder, url = sys.argv[1:]
sys.path.insert(0, folder)

from eventlease_client import Client, models  # noqa: E402
from eventlease_client.api.dead_letters import list_dead_letters, redrive_dead_letter  # noqa: E402
from eventlease_client.api.engines import (  # noqa: E402
    change_engine, deregister_engine, list_engine_leases, register_engine, send_heartbeat)
from eventlease_client.api.events import enqueue_batch, enqueue_event, list_attempts, read_event  # noqa: E402
from eventlease_client.api.leases import exchange_leases, lease_events, settle_batch, settle_event  # noqa: E402
from eventlease_client.api.queues import change_queue  # noqa: E402
from eventlease_client.types import UNSET  # noqa: E402

# Not that of earlier versions, whose clients are tried beside it.
QUEUE = "python_life_cycle_2"

client = Client(base_url=url, raise_on_unexpected_status=True)


def utilization() -> models.ResourceUtilization:
    measured = models.ResourceUtilization()
    measured["cpu_usage_percent"] = 45.2
    return measured


def register() -> models.RegisteredEngine:
    limits = models.EngineResourceLimits(max_concurrent_events=5)
    limits["memory_limit_mb"] = 1024
    state = models.EngineDynamicState()
    state["resource_utilization"] = {"cpu_usage_percent": 45.2}
    registration = models.Registration(engine_type=QUEUE, metadata=models.EngineMetadata(
        static_config=models.EngineStaticConfig(
            capabilities=["dialogue_generation"], resource_limits=limits, engine_software_version="1.0.0"),
        dynamic_state=state))
    registered = register_engine.sync(client=client, body=registration)
    assert isinstance(registered, models.RegisteredEngine), registered
    # The server's own time-out, which a client that sent a default of its document would replace.
    assert registration.heartbeat_timeout_seconds is UNSET and registered.heartbeat_timeout_seconds == 45, registered
    config = registered.metadata.static_config
    assert config.resource_limits.max_concurrent_events == 5, config
    assert config.resource_limits["memory_limit_mb"] == 1024, config
    assert registered.metadata.dynamic_state["resource_utilization"] == {"cpu_usage_percent": 45.2}, registered
    return registered


def new_event(payload: object) -> models.NewEvent:
    return models.NewEvent(
        engine_type=QUEUE, event_type="dialogue.requested", payload=payload, scenario_run_id="run-12",
        retry_policy=models.RetryPolicy(max_retries=1, retry_delay=models.RetryDelay(initial=0)))


def enqueue(payload: object) -> models.EnqueuedEvent:
    enqueued = enqueue_event.sync(client=client, body=new_event(payload), idempotency_key=str(uuid.uuid4()))
    assert isinstance(enqueued, models.EnqueuedEvent), enqueued
    return enqueued


def lease() -> models.LeasedEvent:
    leased = lease_events.sync(QUEUE, client=client, limit=1, wait_seconds=5, poll_id=uuid.uuid4(), x_engine_id=me)
    assert isinstance(leased, models.Leased) and leased.notice is None, leased
    [event] = leased.events
    return event


def settle(event: models.LeasedEvent, body: object) -> models.Settled:
    settled = settle_event.sync(event.event_id, client=client, body=body, x_engine_id=me)
    assert isinstance(settled, models.Settled), settled
    return settled


engine = register()
me = str(engine.engine_id)
changed = change_queue.sync(QUEUE, client=client, body=models.QueuePatch(
    visibility_timeout_seconds=120, retry_policy=models.RetryPolicy(retry_delay=models.RetryDelay(max_=60))))
assert changed.settings.visibility_timeout_seconds.value == 120, changed
assert changed.settings.visibility_timeout_seconds.source == models.SettingSource.QUEUE, changed
assert changed.settings.retry_policy.max_retries.source == models.SettingSource.SERVER, changed

# Renewed by a heartbeat and by itself, then completed.
enqueued = enqueue({"text": "Hello"})
event = lease()
token = event.lease.lease_token
assert event.event_id == enqueued.event_id and event.payload == {"text": "Hello"}, event
assert event.retries_left == 1 and event.lease.visibility_timeout_seconds == 120, event
answer = send_heartbeat.sync(engine.engine_id, client=client, body=models.Heartbeat(
    current_workload=1, resource_utilization=utilization(),
    leases=[models.HeldLease(event_id=event.event_id, lease_token=token, progress={"words": 2})]))
assert answer.command == models.EngineCommand.CONTINUE and answer.status == models.EngineStatus.ACTIVE, answer
assert [held.outcome for held in answer.leases] == [models.HeldLeaseOutcome.RENEWED], answer
held = list_engine_leases.sync(engine.engine_id, client=client, x_engine_id=me)
assert [listed.lease.lease_token for listed in held.items] == [token], held
held = list_engine_leases.sync(engine.engine_id, client=client)
assert [listed.lease.lease_token for listed in held.items] == [UNSET], held
renewed = settle(event, models.RenewedSettlement(
    status=models.RenewedSettlementStatus.PROCESSING, lease_token=token, visibility_timeout_seconds=60))
assert renewed.outcome == models.SettlementOutcome.RENEWED, renewed
settled = settle(event, models.CompletedSettlement(
    status=models.CompletedSettlementStatus.COMPLETED, lease_token=token, result={"text": "Hello to you"}))
assert settled.outcome == models.SettlementOutcome.COMPLETED, settled
read = read_event.sync(event.event_id, client=client)
assert read.status == models.EventStatus.COMPLETED and read.result == {"text": "Hello to you"}, read
[attempt] = list_attempts.sync(event.event_id, client=client).items
assert attempt.outcome == models.AttemptOutcome.COMPLETED, attempt

# Released; failed and tried again; failed for good, and redriven.
enqueue({"text": "Nobody can answer this"})
event = lease()
settled = settle(event, models.ReleasedSettlement(
    status=models.ReleasedSettlementStatus.QUEUED, lease_token=event.lease.lease_token, delay_seconds=0))
assert settled.outcome == models.SettlementOutcome.RELEASED, settled
event = lease()
settled = settle(event, models.FailedSettlement(
    status=models.FailedSettlementStatus.FAILED, lease_token=event.lease.lease_token, error="no answer yet"))
assert settled.outcome == models.SettlementOutcome.RETRY_SCHEDULED, settled
assert settled.status == models.EventStatus.QUEUED and settled.available_at, settled
event = lease()
assert event.previous.outcome == models.AttemptOutcome.FAILED, event
hopeless = models.FailedSettlement(
    status=models.FailedSettlementStatus.FAILED, lease_token=event.lease.lease_token, retryable=False,
    error=models.StructuredError(message="there is no answer", type_="Unanswerable", details={"tried": 2}))
settled = settle(event, hopeless)
assert settled.outcome == models.SettlementOutcome.DEAD_LETTERED, settled
[letter] = list_dead_letters.sync(client=client, engine_type=QUEUE).items
assert letter.event_id == event.event_id and letter.reason == models.DeadLetterReason.NOT_RETRYABLE, letter
redriven = redrive_dead_letter.sync(event.event_id, client=client, body=models.Redrive(priority=9))
assert redriven.status == models.EventStatus.QUEUED and redriven.priority == 9, redriven

# In batches, and settled and leased in one call.
event = lease()
batch = enqueue_batch.sync(client=client, body=models.NewEventBatch(events=[new_event(1), new_event([2])]))
assert batch.accepted == 2 and isinstance(batch.results[0], models.EnqueuedEvent), batch
completed = models.CompletedSettlementEntry(
    status=models.CompletedSettlementEntryStatus.COMPLETED, event_id=event.event_id,
    lease_token=event.lease.lease_token)
exchanged = exchange_leases.sync(
    QUEUE, client=client, x_engine_id=me, body=models.Exchange(limit=2, settlements=[completed]))
assert isinstance(exchanged, models.Exchanged) and len(exchanged.events) == 2, exchanged
assert exchanged.results[0].outcome == models.SettlementOutcome.COMPLETED, exchanged
first, second = exchanged.events
answered = settle_batch.sync(client=client, x_engine_id=me, body=models.SettlementBatch(settlements=[
    models.FailedSettlementEntry(status=models.FailedSettlementEntryStatus.FAILED, event_id=first.event_id,
                                 lease_token=first.lease.lease_token, error="hopeless", retryable=False),
    models.CompletedSettlementEntry(status=models.CompletedSettlementEntryStatus.COMPLETED,
                                    event_id=second.event_id, lease_token="0" * 32)]))
assert answered.results[0].outcome == models.SettlementOutcome.DEAD_LETTERED, answered
refused = answered.results[1]
assert isinstance(refused, models.RefusedSettlement), refused
assert refused.error.code == models.ProblemCode.LEASE_LOST and refused.error.lease_ended_by is None, refused

engine = change_engine.sync(engine.engine_id, client=client, body=models.EnginePatch(
    metadata=models.EngineMetadataPatch(static_config=models.EngineStaticConfig(
        resource_limits=models.EngineResourceLimits(max_concurrent_events=2)))))
assert engine.metadata.static_config.resource_limits.max_concurrent_events == 2, engine
gone = deregister_engine.sync_detailed(engine.engine_id, client=client, x_engine_id=me)
assert gone.status_code == 204, gone
missing = read_event.sync(uuid.UUID("00000000-0000-7000-8000-000000000000"), client=client)
assert isinstance(missing, models.Problem) and missing.code == models.ProblemCode.EVENT_NOT_FOUND, missing
print("registered, enqueued, leased, renewed, released, retried, completed, dead-lettered, redriven, exchanged")
