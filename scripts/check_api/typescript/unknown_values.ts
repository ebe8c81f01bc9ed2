// The generated TypeScript types and a server of a later version: values and members that the client does not know.
//
//     node unknown_values.js URL VALUE

import assert from "node:assert/strict";
import createClient from "openapi-fetch";
import type { paths } from "./eventlease.js";

const [url, value] = process.argv.slice(2);
assert.ok(url && value);
const client = createClient<paths>({ baseUrl: url });
const engine_type = "typescript_unknown_values";

const enqueued = await client.POST("/api/v1/events", { body: { engine_type, event_type: "e", payload: 1 } });
assert.ok(enqueued.data && "created_at" in enqueued.data, "an event of this caller");
assert.deepEqual([enqueued.data.outcome, enqueued.data.notice?.code], [value, value]);
const engine = await client.POST("/api/v1/engines", { body: { engine_type } });
assert.ok(engine.data && engine.data.status === value);
const { engine_id } = engine.data;
const header = { "X-Engine-Id": engine_id };
const leased = await client.GET("/api/v1/events/queue/{engine_type}", { params: { path: { engine_type }, header } });
const [event] = leased.data?.events ?? [];
assert.ok(event);
const { event_id, lease: { lease_token } } = event;
const heartbeat = await client.POST("/api/v1/engines/{engine_id}/heartbeat", {
  params: { path: { engine_id } },
  body: { leases: [{ event_id, lease_token }] },
});
// What a client does not know it treats as it treats what needs nothing of it.
switch (heartbeat.data?.command) {
  case "continue":
  case "drain":
  case "stop":
    throw new Error("known");
  default:
    assert.equal(heartbeat.data?.command, value);
}
const params = { path: { event_id } };
const settled = await client.PUT("/api/v1/events/{event_id}/status", {
  params,
  body: { status: "failed", lease_token, error: "hopeless", retryable: false },
});
assert.deepEqual([settled.data?.status, settled.data?.outcome], ["failed", value]);
const attempts = await client.GET("/api/v1/events/{event_id}/attempts", { params });
assert.equal(attempts.data?.items[0]?.outcome, value);
const letters = await client.GET("/api/v1/dead-letters", { params: { query: { engine_type } } });
assert.equal(letters.data?.items[0]?.reason, value);
const problem = await client.PUT("/api/v1/events/{event_id}/status", { params, body: { status: "completed", lease_token } });
assert.deepEqual([problem.error?.code, problem.error?.settled_as], [value, "failed"]);
await client.POST("/api/v1/queues/{engine_type}/pause", { params: { path: { engine_type } } });
const paused = await client.POST("/api/v1/events/queue/{engine_type}/lease", { params: { path: { engine_type }, header } });
assert.equal(paused.data?.notice?.code, value);
await client.POST("/api/v1/queues/{engine_type}/resume", { params: { path: { engine_type } } });
console.log("nothing raised");
