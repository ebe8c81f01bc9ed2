"""One life of an event by the generated client: register, enqueue, lease, heartbeat, settle, read.

    life_cycle.py FOLDER_OF_THE_CLIENT URL
"""
import sys

folder, url = sys.argv[1:]
sys.path.insert(0, folder)

from eventlease_client import Client, models  # noqa: E402
from eventlease_client.api.dead_letters import list_dead_letters  # noqa: E402
from eventlease_client.api.engines import register_engine, send_heartbeat  # noqa: E402
from eventlease_client.api.events import enqueue_event, list_attempts, read_event  # noqa: E402
from eventlease_client.api.leases import lease_events, settle_event  # noqa: E402

client = Client(base_url=url, raise_on_unexpected_status=True)


def register() -> models.RegisteredEngine:
    registration = models.Registration.from_dict({
        "engine_type": "dialogue",
        "metadata": {"static_config": {"capabilities": ["dialogue_generation"],
                                       "resource_limits": {"max_concurrent_events": 5}}}})
    engine = register_engine.sync(client=client, body=registration)
    assert isinstance(engine, models.RegisteredEngine), engine
    return engine


def enqueue(payload: object) -> models.EnqueuedEvent:
    body = models.EnqueueBody(engine_type="dialogue", event_type="dialogue.requested", payload=payload)
    enqueued = enqueue_event.sync(client=client, body=body)
    assert isinstance(enqueued, models.EnqueuedEvent), enqueued
    return enqueued


def lease(engine: models.RegisteredEngine) -> models.LeasedEvent:
    leased = lease_events.sync("dialogue", client=client, limit=1, engine_id=engine.engine_id)
    assert isinstance(leased, models.Leased), leased
    [event] = leased.events
    return event


def settle(event: models.LeasedEvent, body: object) -> models.Settled:
    settled = settle_event.sync(event.event_id, client=client, body=body)
    assert isinstance(settled, models.Settled), settled
    return settled


engine = register()
enqueued = enqueue({"text": "Hello"})
leased = lease(engine)
assert leased.event_id == enqueued.event_id and leased.payload == {"text": "Hello"}, leased
held = models.HeldLease(event_id=leased.event_id, lease_token=leased.lease.lease_token)
answer = send_heartbeat.sync(engine.engine_id, client=client, body=models.Heartbeat(current_workload=1, leases=[held]))
assert [lease.outcome for lease in answer.leases] == ["renewed"], answer
settled = settle(leased, models.SettlementType0.from_dict(
    {"status": "completed", "lease_token": leased.lease.lease_token, "result": {"text": "Hello to you"}}))
assert settled.outcome == "completed", settled
event = read_event.sync(enqueued.event_id, client=client)
assert event.status == models.Status.COMPLETED and event.result == {"text": "Hello to you"}, event
assert len(list_attempts.sync(enqueued.event_id, client=client).items) == 1

enqueue({"text": "Nobody can answer this"})
refused = lease(engine)
settled = settle(refused, models.SettlementType1.from_dict(
    {"status": "failed", "lease_token": refused.lease.lease_token, "retryable": False,
     "error": {"type": "Unanswerable", "message": "there is no answer"}}))
assert settled.outcome == "dead_lettered", settled
letters = list_dead_letters.sync(client=client).items
assert [letter.event_id for letter in letters] == [refused.event_id], letters
missing = read_event.sync("00000000-0000-7000-8000-000000000000", client=client)
assert isinstance(missing, models.Problem) and missing.code == "event_not_found", missing
print("registered, enqueued, leased, renewed, completed, read; and one dead letter, listed")
