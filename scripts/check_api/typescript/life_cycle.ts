// Lives of events by the generated TypeScript types and openapi-fetch: no cast, no `any`.
//
//     node life_cycle.js URL

import assert from "node:assert/strict";
import createClient from "openapi-fetch";
import type { components, paths } from "./eventlease.js";

type Settlement = components["schemas"]["Settlement"];
type LeasedEvent = components["schemas"]["LeasedEvent"];
type NewEvent = components["schemas"]["NewEvent"];

// Not that of earlier versions, whose clients are tried beside it.
const QUEUE = "typescript_life_cycle_2";
const resource_utilization = { cpu_usage_percent: 45.2 };
const client = createClient<paths>({ baseUrl: process.argv[2] ?? "http://127.0.0.1:8080" });

const registered = await client.POST("/api/v1/engines", {
  body: {
    engine_type: QUEUE,
    metadata: {
      static_config: {
        capabilities: ["dialogue_generation"],
        resource_limits: { max_concurrent_events: 5, memory_limit_mb: 1024 },
        engine_software_version: "1.0.0",
      },
      dynamic_state: { resource_utilization, current_scenario_run_id: "run-12" },
    },
  },
});
if (!registered.data) throw new Error(registered.error.detail);
const { engine_id, metadata, heartbeat_timeout_seconds } = registered.data;
assert.equal(heartbeat_timeout_seconds, 45);
assert.equal(metadata.static_config.resource_limits?.max_concurrent_events, 5);
assert.deepEqual(metadata.dynamic_state["resource_utilization"], resource_utilization);
const header = { "X-Engine-Id": engine_id };

function newEvent(payload: unknown): NewEvent {
  const retry_policy = { max_retries: 1, retry_delay: { initial: 0 } };
  return { engine_type: QUEUE, event_type: "dialogue.requested", payload, scenario_run_id: 12, retry_policy };
}

async function enqueue(payload: unknown): Promise<string> {
  const params = { header: { "Idempotency-Key": crypto.randomUUID() } };
  const { data, error } = await client.POST("/api/v1/events", { params, body: newEvent(payload) });
  if (!data) throw new Error(error.detail);
  return data.event_id;
}

async function lease(): Promise<LeasedEvent> {
  const query = { limit: 1, wait_seconds: 5, poll_id: crypto.randomUUID() };
  const params = { path: { engine_type: QUEUE }, query, header };
  const { data, error } = await client.GET("/api/v1/events/queue/{engine_type}", { params });
  if (!data) throw new Error(error.detail);
  const [event] = data.events;
  assert.ok(event && data.notice === null);
  return event;
}

async function settle({ event_id }: LeasedEvent, body: Settlement): Promise<components["schemas"]["Settled"]> {
  const params = { path: { event_id }, header };
  const { data, error } = await client.PUT("/api/v1/events/{event_id}/status", { params, body });
  if (!data) throw new Error(error.detail);
  return data;
}

const changed = await client.PATCH("/api/v1/queues/{engine_type}", {
  params: { path: { engine_type: QUEUE } },
  body: { visibility_timeout_seconds: 120, retry_policy: { retry_delay: { max: 60 } } },
});
assert.equal(changed.data?.settings.visibility_timeout_seconds.value, 120);
assert.equal(changed.data.settings.retry_policy.max_retries.source, "server");

// Renewed by a heartbeat and by itself, then completed.
const event_id = await enqueue({ text: "Hello" });
let event = await lease();
let { lease_token } = event.lease;
assert.equal(event.event_id, event_id);
const heartbeat = await client.POST("/api/v1/engines/{engine_id}/heartbeat", {
  params: { path: { engine_id } },
  body: { current_workload: 1, resource_utilization, leases: [{ event_id, lease_token, progress: { words: 2 } }] },
});
assert.equal(heartbeat.data?.command, "continue");
assert.deepEqual(heartbeat.data.leases.map((held) => held.outcome), ["renewed"]);
const held = await client.GET("/api/v1/engines/{engine_id}/leases", { params: { path: { engine_id } } });
assert.deepEqual(held.data?.items.map(({ lease }) => lease.lease_token), [undefined]);
const renewed = await settle(event, { status: "processing", lease_token, visibility_timeout_seconds: 60 });
assert.equal(renewed.outcome, "renewed");
assert.equal((await settle(event, { status: "completed", lease_token, result: "Hello to you" })).outcome, "completed");
const read = await client.GET("/api/v1/events/{event_id}", { params: { path: { event_id } } });
assert.equal(read.data?.result, "Hello to you");

// Released; failed and tried again; failed for good, and redriven.
await enqueue({ text: "Nobody can answer this" });
event = await lease();
({ lease_token } = event.lease);
assert.equal((await settle(event, { status: "queued", lease_token, delay_seconds: 0 })).outcome, "released");
event = await lease();
({ lease_token } = event.lease);
const retried = await settle(event, { status: "failed", lease_token, error: "no answer yet" });
assert.deepEqual([retried.status, retried.outcome], ["queued", "retry_scheduled"]);
event = await lease();
({ lease_token } = event.lease);
const error = { type: "Unanswerable", message: "there is no answer", details: { tried: 2 } };
const dead = await settle(event, { status: "failed", lease_token, error, retryable: false });
assert.equal(dead.outcome, "dead_lettered");
const letters = await client.GET("/api/v1/dead-letters", { params: { query: { engine_type: QUEUE } } });
assert.deepEqual(letters.data?.items.map((letter) => letter.reason), ["not_retryable"]);
const params = { path: { event_id: event.event_id } };
const redriven = await client.POST("/api/v1/dead-letters/{event_id}/redrive", { params, body: { priority: 9 } });
assert.equal(redriven.data?.priority, 9);

// In batches, and settled and leased in one call.
event = await lease();
({ lease_token } = event.lease);
const batch = await client.POST("/api/v1/events/batch", { body: { events: [newEvent(1), newEvent([2])] } });
assert.equal(batch.data?.accepted, 2);
const exchanged = await client.POST("/api/v1/events/queue/{engine_type}/lease", {
  params: { path: { engine_type: QUEUE }, header },
  body: { limit: 2, settlements: [{ status: "completed", event_id: event.event_id, lease_token }] },
});
const [completed] = exchanged.data?.results ?? [];
assert.ok(completed && "outcome" in completed && completed.outcome === "completed");
const [first, second] = exchanged.data?.events ?? [];
assert.ok(first && second);
const settled = await client.PUT("/api/v1/events/status", {
  params: { header },
  body: {
    settlements: [
      { status: "failed", event_id: first.event_id, lease_token: first.lease.lease_token, error: "no", retryable: false },
      { status: "completed", event_id: second.event_id, lease_token: "0".repeat(32) },
    ],
  },
});
const [lost, refused] = settled.data?.results ?? [];
assert.ok(lost && "outcome" in lost && lost.outcome === "dead_lettered");
assert.ok(refused && "error" in refused && refused.error.code === "lease_lost");
assert.equal(refused.error.lease_ended_by, null);

const patched = await client.PATCH("/api/v1/engines/{engine_id}", {
  params: { path: { engine_id } },
  body: { metadata: { static_config: { resource_limits: { max_concurrent_events: 2 } } } },
});
assert.equal(patched.data?.metadata.static_config.resource_limits?.max_concurrent_events, 2);
const gone = await client.DELETE("/api/v1/engines/{engine_id}", { params: { path: { engine_id }, header } });
assert.equal(gone.response.status, 204);
const missing = await client.GET("/api/v1/events/{event_id}", {
  params: { path: { event_id: "00000000-0000-7000-8000-000000000000" } },
});
assert.equal(missing.error?.code, "event_not_found");
console.log("registered, enqueued, leased, renewed, released, retried, completed, dead-lettered, redriven, exchanged");
