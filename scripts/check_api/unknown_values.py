"""The generated Python client and a server of a later version: values and members that the client does not know.

    unknown_values.py FOLDER_OF_THE_CLIENT URL VALUE MEMBER
"""
import sys

folder, url, value, member = sys.argv[1:]
sys.path.insert(0, folder)

from eventlease_client import Client, models  # noqa: E402
from eventlease_client.api.dead_letters import list_dead_letters  # noqa: E402
from eventlease_client.api.engines import drain_engine, register_engine, send_heartbeat  # noqa: E402
from eventlease_client.api.events import enqueue_event, list_attempts, read_event  # noqa: E402
from eventlease_client.api.leases import exchange_leases, lease_events, settle_event  # noqa: E402
from eventlease_client.api.queues import pause_queue, read_queue, resume_queue  # noqa: E402
from eventlease_client.api.scenario_runs import read_scenario_run  # noqa: E402

QUEUE = "python_unknown_values"

client = Client(base_url=url, raise_on_unexpected_status=True)
enqueued = enqueue_event.sync(client=client, body=models.NewEvent(engine_type=QUEUE, event_type="e", payload=1))
assert enqueued.outcome == value and enqueued.notice.code == value, enqueued
engine = register_engine.sync(client=client, body=models.Registration(engine_type=QUEUE))
assert engine.status == value and engine[member] == value, engine
me = str(engine.engine_id)
[event] = lease_events.sync(QUEUE, client=client, x_engine_id=me).events
token = event.lease.lease_token
answer = send_heartbeat.sync(engine.engine_id, client=client, body=models.Heartbeat(
    leases=[models.HeldLease(event_id=event.event_id, lease_token=token)]))
assert answer.command == value and answer.leases[0].outcome == value, answer
failed = models.FailedSettlement(
    status=models.FailedSettlementStatus.FAILED, lease_token=token, error="hopeless", retryable=False)
settled = settle_event.sync(event.event_id, client=client, body=failed)
assert settled.outcome == value and settled.status == models.EventStatus.FAILED and settled[member] == value, settled
read = read_event.sync(event.event_id, client=client)
assert read.dead_letter_reason == value and read[member] == value, read
[attempt] = list_attempts.sync(event.event_id, client=client).items
assert attempt.outcome == value and attempt.answer == value, attempt
[letter] = list_dead_letters.sync(client=client, engine_type=QUEUE).items
assert letter.reason == value, letter
problem = settle_event.sync(event.event_id, client=client, body=models.CompletedSettlement(
    status=models.CompletedSettlementStatus.COMPLETED, lease_token=token))
assert isinstance(problem, models.Problem) and problem.code == value, problem
assert problem.settled_as == models.EventStatus.FAILED, problem
pause_queue.sync(QUEUE, client=client)
exchanged = exchange_leases.sync(QUEUE, client=client, x_engine_id=me, body=models.Exchange(limit=1))
assert exchanged.notice.code == value and exchanged[member] == value, exchanged
resume_queue.sync(QUEUE, client=client)
queue = read_queue.sync(QUEUE, client=client)
assert queue.settings.default_limit.source == value, queue
once = models.NewEvent(engine_type=QUEUE, event_type="e", payload=1, idempotency_key="once", scenario_run_id="run")
enqueue_event.sync(client=client, body=once)
again = enqueue_event.sync(client=client, body=once)
assert again.duplicate_of == value, again
run = read_scenario_run.sync("run", client=client)
assert run.status == value and run[member] == value, run
drain_engine.sync(engine.engine_id, client=client, body=models.DrainEngine(reason="a new version"))
drain = send_heartbeat.sync(engine.engine_id, client=client, body=models.Heartbeat()).drain
assert drain.then == value and drain[member] == value, drain
print("nothing raised")
