/** The replies of the fake server beside the server's document. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { Ajv2020 } from "ajv/dist/2020.js";
import { FakeServer } from "../../src/testing/index.js";
import { readJson } from "../vectors.js";

type Members = Record<string, unknown>;
type Media = Record<string, unknown>;
interface Document {
  paths: Record<string, Record<string, { responses: Record<string, { content?: Media; $ref?: string }> }>>;
}

const ADMIN = "el_" + "a".repeat(64);
const DOCUMENT = readJson("../docs/openapi.json") as Document;
const AJV = new Ajv2020({ strict: false, validateFormats: false, allErrors: true });
AJV.addSchema(DOCUMENT, "document");

/** Calls the server, and compares each reply with what the document says of that operation and status. */
class Caller {
  readonly wrong: string[] = [];
  readonly #server: FakeServer;

  constructor(server: FakeServer) {
    this.#server = server;
  }

  async call(
    method: string,
    template: string,
    ids: string[],
    body?: unknown,
    headers: Record<string, string> = {},
  ): Promise<Members> {
    let index = 0;
    const path = template.replace(/\{\w+\}/g, () => ids[index++] ?? "");
    const text = body === undefined ? null : JSON.stringify(body);
    const init = { method, body: text, headers: { authorization: `Bearer ${ADMIN}`, ...headers } };
    const reply = await this.#server.fetch(`http://fake/api/v1${path}`, init);
    const content = await reply.text();
    const read = (content === "" ? {} : JSON.parse(content)) as Members;
    const operation = DOCUMENT.paths[`/api/v1${template}`]?.[method.toLowerCase()];
    const response = operation?.responses[String(reply.status)];
    const name = `${method} ${template} ${reply.status}`;
    if (response === undefined) this.wrong.push(`${name}: the document has no such reply`);
    const type = reply.headers.get("content-type") ?? "";
    if (content === "" || response?.content?.[type] === undefined) return read;
    const pointer = [
      "paths",
      `/api/v1${template}`,
      method.toLowerCase(),
      "responses",
      String(reply.status),
      "content",
      type,
      "schema",
    ];
    const escaped = pointer.map((part) => encodeURIComponent(part.replaceAll("~", "~0").replaceAll("/", "~1")));
    const check = AJV.compile({ $ref: `document#/${escaped.join("/")}` });
    if (!check(read)) {
      for (const { instancePath, message } of check.errors ?? [])
        this.wrong.push(`${name}: ${instancePath} ${message ?? ""}`);
    }
    return read;
  }
}

test("every reply is one that the document knows", async () => {
  const server = new FakeServer();
  const caller = new Caller(server);
  const call = caller.call.bind(caller);
  const registration = { engine_type: "dialogue", metadata: { static_config: { capabilities: ["speaking"] } } };
  const engine = await call("POST", "/engines", [], registration);
  const id = String(engine["engine_id"]);
  const own = { "x-engine-id": id };
  const run = { scenario_run_id: "run-1" };
  const event = { engine_type: "dialogue", event_type: "asked", payload: { npc: "Mira" }, ...run };
  const enqueued = await call("POST", "/events", [], { ...event, unique_key: "u", discard_after_seconds: 60 });
  const eventId = String(enqueued["event_id"]);
  await call("POST", "/events", [], { ...event, unique_key: "u" });
  await call("POST", "/events", [], { ...event, priority: 10 });
  await call("POST", "/events/batch", [], { events: [event, event, { ...event, priority: 10 }] });
  await call("GET", "/events/{event_id}", [eventId]);
  const lease: [string, string, string[]] = ["POST", "/events/queue/{engine_type}/lease", ["dialogue"]];
  const { events } = (await call(...lease, { limit: 3 }, own)) as {
    events: { event_id: string; lease: { lease_token: string } }[];
  };
  const reports = events.map((each) => ({ event_id: each.event_id, lease_token: each.lease.lease_token }));
  const leases = reports.map((each) => ({ ...each, progress: 1 }));
  await call("POST", "/engines/{engine_id}/heartbeat", [id], { leases, current_workload: 3 }, own);
  await call("GET", "/engines/{engine_id}", [id]);
  await call("GET", "/events/{event_id}", [eventId]);
  await call("POST", "/events/{event_id}/cancel", [eventId]);
  const [first, second, third] = reports;
  const completed = { ...first, status: "completed", result: { line: "Hello" }, enqueue: [event] };
  const failed = { ...second, status: "failed", error: { type: "Bad", message: "no" }, delay_seconds: 0 };
  const released = { ...third, status: "queued", code: "hold", reason: "busy" };
  await call(...lease, { settlements: [{ ...completed, typo: 1 }, completed, failed] }, own);
  await call("PUT", "/events/status", [], { settlements: [completed, { ...second, status: "queued" }, released] }, own);
  const { lease_token } = third ?? {};
  await call("PUT", "/events/{event_id}/status", [third?.event_id ?? ""], { lease_token, status: "completed" }, own);
  for (const { event_id } of events) {
    await call("GET", "/events/{event_id}", [event_id]);
    await call("GET", "/events/{event_id}/attempts", [event_id]);
  }
  await call(...lease, {}, own);
  server.expireLeases();
  await call(...lease, {}, own);
  const ids = [...events.map((each) => each.event_id), "01900000-0000-7000-8000-000000000000"];
  await call("POST", "/events/wait", [], { event_ids: ids, until: "any" });
  await call("GET", "/scenario-runs/{scenario_run_id}", ["run-1"]);
  await call("POST", "/scenario-runs/{scenario_run_id}/cancel", ["run-1"]);
  await call("GET", "/scenario-runs/{scenario_run_id}", ["run-1"]);
  await call("POST", "/scenario-runs/{scenario_run_id}/reopen", ["run-1"]);
  await call(
    "POST",
    "/engines/{engine_id}/heartbeat",
    [id],
    { holding_off: { until: "2100-01-01T00:00:00Z", reason: "busy" } },
    own,
  );
  await call(...lease, {}, own);
  await call("PATCH", "/engines/{engine_id}", [id], { metadata: { static_config: { capabilities: [] } } });
  await call("POST", "/engines/{engine_id}/drain", [id], { reason: "a new version" });
  await call(...lease, {}, own);
  await call("POST", "/engines/{engine_id}/heartbeat", [id], {}, own);
  await call("POST", "/engines/{engine_id}/resume", [id]);
  await call("POST", "/engines/{engine_id}/token", [id]);
  await call("GET", "/server", []);
  await call("DELETE", "/engines/{engine_id}", [id]);
  await call("GET", "/engines/{engine_id}", [id]);
  await server.close();
  assert.deepEqual([...new Set(caller.wrong)], []);
});

test("so are those about tokens", async () => {
  const server = new FakeServer({ adminToken: ADMIN });
  const caller = new Caller(server);
  const call = caller.call.bind(caller);
  const made = await call("POST", "/tokens", [], { role: "registrar", name: "r", engine_types: ["dialogue"] });
  const registrar = { authorization: `Bearer ${String(made["token"])}` };
  const engine = await call("POST", "/engines", [], { engine_type: "dialogue" }, registrar);
  await call("POST", "/engines/{engine_id}/token", [String(engine["engine_id"])], undefined, registrar);
  await call("POST", "/engines", [], { engine_type: "voice" }, registrar);
  await call("POST", "/engines", [], {}, { authorization: "" });
  await call("GET", "/server", []);
  await call("GET", "/tokens", []);
  await call("DELETE", "/tokens/{token_id}", [String(made["token_id"])]);
  assert.deepEqual([...new Set(caller.wrong)], []);
});
