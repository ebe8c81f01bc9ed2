import createClient from "openapi-fetch";
import type { paths } from "./eventlease.js";

const client = createClient<paths>({ baseUrl: process.argv[2] ?? "http://127.0.0.1:8080" });
const resource_utilization = { cpu_usage_percent: 45.2, memory_usage_mb: 512 };
const { data: engine, error } = await client.POST("/api/v1/engines", { body: {
  engine_type: "first_engine",
  metadata: { static_config: { capabilities: ["dialogue_generation"], resource_limits: { max_concurrent_events: 5, memory_limit_mb: 1024 } }, dynamic_state: { resource_utilization } },
} });
if (!engine) throw new Error(error.detail);
const { engine_id } = engine;
const header = { "X-Engine-Id": engine_id };
await client.POST("/api/v1/engines/{engine_id}/heartbeat", { params: { path: { engine_id } }, body: { current_workload: 0, resource_utilization } });
const { data: leased } = await client.GET("/api/v1/events/queue/{engine_type}", { params: { path: { engine_type: engine.engine_type }, query: { limit: 1 }, header } });
for (const { event_id, lease: { lease_token } } of leased?.events ?? []) {
  await client.PUT("/api/v1/events/{event_id}/status", { params: { path: { event_id }, header }, body: { status: "completed", lease_token, result: { text: "Hello to you" } } });
}
