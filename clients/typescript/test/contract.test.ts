/** The library beside the server's document: its limits, the calls it makes, and the bodies it sends. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { Ajv2020 } from "ajv/dist/2020.js";

import { Client } from "../src/client.js";
import { Engine } from "../src/engine.js";
import { MAX_BATCH_BYTES, MAX_BATCH_EVENTS } from "../src/enqueuing.js";
import { EventLeaseError, problemError } from "../src/errors.js";
import { MAX_LEASES } from "../src/keeper/heartbeat.js";
import { Completed, Hold, NotRetryable, Release, RetryAfter } from "../src/outcomes.js";
import { MAX_EVENTS, WAIT_SECONDS } from "../src/poller.js";
import { MAX_DELAY_SECONDS, MAX_DETAIL_BYTES, MAX_JSON_DEPTH, MAX_REASON_CHARS } from "../src/reports.js";
import { MAX_CHARS, MAX_ENTRIES } from "../src/settlements.js";
import { FakeServer } from "../src/testing/fake-server/index.js";
import type { Fetch } from "../src/transport.js";
import { MAX_AWAITED, MAX_WAIT_SECONDS } from "../src/waiting.js";
import { SILENT } from "./producing.js";
import { readJson } from "./vectors.js";

interface Operation {
  method: string;
  path: string;
  parameters: Record<string, { in: string }>;
  body: string | null;
}
type Bounds = Record<string, { maxItems: number; maximum: number; maxLength: number }>;

const CONTRACT = readJson("contract.json") as {
  operations: Record<string, Operation>;
  enumerations: Record<string, string[]>;
  bounds: Bounds;
  limits: Record<string, number>;
};
const { bounds, limits } = CONTRACT;
const AJV = new Ajv2020({ strict: false, validateFormats: false, allErrors: true });
AJV.addSchema(readJson("../docs/openapi.json") as object, "document");

for (const [name, ours, theirs] of [
  ["events of a batch", MAX_BATCH_EVENTS, limits["max_batch_events"]],
  ["events of a batch's body", MAX_BATCH_EVENTS, bounds["NewEventBatch.events"]?.maxItems],
  ["bytes of a batch", MAX_BATCH_BYTES, limits["max_body_bytes"]],
  ["awaited events", MAX_AWAITED, bounds["WaitForEvents.event_ids"]?.maxItems],
  ["seconds of a wait", MAX_WAIT_SECONDS, bounds["WaitForEvents.wait_seconds"]?.maximum],
  ["leases of a heartbeat", MAX_LEASES, bounds["Heartbeat.leases"]?.maxItems],
  ["leased events", MAX_EVENTS, bounds["Exchange.limit"]?.maximum],
  ["seconds of a poll", WAIT_SECONDS, bounds["Exchange.wait_seconds"]?.maximum],
  ["settlements of a request", MAX_ENTRIES, bounds["SettlementBatch.settlements"]?.maxItems],
  ["settlements of an exchange", MAX_ENTRIES, bounds["Exchange.settlements"]?.maxItems],
  ["characters of settlements", MAX_CHARS, limits["max_body_bytes"]],
  ["the delay of a release", MAX_DELAY_SECONDS, bounds["ReleasedSettlement.delay_seconds"]?.maximum],
  ["the delay of a retry", MAX_DELAY_SECONDS, bounds["FailedSettlement.delay_seconds"]?.maximum],
  ["the reason of a release", MAX_REASON_CHARS, bounds["ReleasedSettlement.reason"]?.maxLength],
  ["bytes of a result", MAX_DETAIL_BYTES, limits["max_detail_bytes"]],
  ["levels of a result", MAX_JSON_DEPTH, limits["max_json_depth"]],
] as const) {
  test(`limits are within those of the server: ${name}`, () => {
    assert.ok(theirs !== undefined && ours <= theirs, `${ours} of ${theirs}`);
  });
}

test("every code is an error", () => {
  const codes = CONTRACT.enumerations["ProblemCode"]!;
  assert.ok(codes.length > 20);
  for (const code of codes) assert.ok(problemError({ code, status: 409, detail: "" }) instanceof EventLeaseError, code);
});

/** Compares every request with the document before it is answered. */
class Checked {
  readonly seen = new Set<string>();
  readonly wrong: string[] = [];
  readonly fetch: Fetch;

  constructor(inner: Fetch) {
    this.fetch = (url, init) => {
      try {
        this.seen.add(this.#operation(new URL(url), init));
      } catch (error) {
        this.wrong.push(`${init.method} ${url}: ${String(error)}`);
      }
      return inner(url, init);
    };
  }

  /** The operation of a request that is as the document has it. */
  #operation(url: URL, init: RequestInit): string {
    const found = Object.entries(CONTRACT.operations)
      .filter(([, { method, path }]) => method === init.method && pattern(path).test(url.pathname))
      .sort(([, one], [, other]) => one.path.split("{").length - other.path.split("{").length);
    assert.ok(found[0] !== undefined, "there is no such operation");
    const [name, { parameters, body }] = found[0];
    for (const parameter of url.searchParams.keys()) assert.equal(parameters[parameter]?.in, "query", parameter);
    if (typeof init.body === "string") {
      const validate = AJV.getSchema(`document#/components/schemas/${body}`)!;
      assert.ok(validate(JSON.parse(init.body)), `${AJV.errorsText(validate.errors)} in ${init.body.slice(0, 500)}`);
    } else {
      assert.ok(body === null || ["resume_engine", "cancel_event", "drain_engine"].includes(name), "it needs a body");
    }
    return name;
  }
}

function pattern(path: string): RegExp {
  return new RegExp(`^${path.replace(/\{\w+\}/g, "[^/]+")}$`);
}

test("what a producer sends is as the document has it", async () => {
  await using server = new FakeServer();
  const checked = new Checked(server.fetch);
  await using client = new Client({ fetch: checked.fetch, logger: SILENT });
  const event = await client.enqueue(
    "dialogue",
    "asked",
    { npc: "Mira" },
    {
      priority: 9,
      delaySeconds: 3,
      scenarioRunId: 7,
      visibilityTimeoutSeconds: 60,
      idempotencyKey: "k",
      uniqueKey: "u",
      retryPolicy: {
        maxRetries: 1,
        retryDelay: { initial: 1, max: 2, multiplier: 1.5 },
        deadLetterThreshold: 2,
        jitter: 0,
      },
      discardAfterSeconds: 60,
      traceparent: `00-${"1".repeat(32)}-${"2".repeat(16)}-01`,
      tracestate: "a=b",
    },
  );
  const availableAt = new Date();
  await client.enqueueMany(
    [1, 2, 3].map((payload) => ({ engineType: "dialogue", eventType: "asked", payload, availableAt })),
  );
  await client.enqueueMany([{ engineType: "dialogue", eventType: "asked", payload: 1 }], { atomic: true });
  await client.cancel(event.eventId);
  await client.read(event.eventId);
  await client.waitMany([event.eventId]);
  await client.readRun(7);
  await client.waitForRun("unknown");
  await client.cancelRun(7);
  await client.reopenRun(7);
  await client.call("GET", "/server");
  assert.deepEqual(checked.wrong, []);
  assert.deepEqual([...checked.seen].sort(), [
    "cancel_event",
    "cancel_scenario_run",
    "enqueue_batch",
    "enqueue_event",
    "read_event",
    "read_scenario_run",
    "read_server",
    "reopen_scenario_run",
    "wait_for_events",
  ]);
});

test("what an engine sends is as the document has it", async () => {
  await using server = new FakeServer();
  const checked = new Checked(server.fetch);
  const followUp = {
    engineType: "other",
    eventType: "next",
    payload: 1,
    uniqueKey: "u",
    retryPolicy: { maxRetries: 1 },
  };
  const ends: Record<string, unknown> = {
    returns: { line: "Hello!" },
    "returns nothing": undefined,
    "follows up": new Completed(1, { enqueue: [followUp] }),
    fails: new TypeError("x".repeat(10_000), { cause: new Error("y") }),
    "is hopeless": new NotRetryable("no", { details: { a: 1 }, fingerprint: "f" }),
    "retries later": new RetryAfter(99_999_999, "later"),
    releases: new Release({ delaySeconds: 5, reason: "not now", code: "busy" }),
    holds: new Hold(30, "y".repeat(1000)),
  };
  await using client = new Client({ fetch: server.fetch, logger: SILENT });
  // The last one has the least priority, since the engine asks for nothing from then on.
  for (const name of Object.keys(ends))
    await client.enqueue("dialogue", "asked", name, { priority: name === "holds" ? 0 : 5 });
  await client.enqueue("dialogue", "of-no-handler", 1, { priority: 9 });
  const engine = new Engine("dialogue", {
    concurrency: 3,
    softwareVersion: "1.0",
    capabilities: ["speech"],
    scenarioRunId: "r",
    mayEnqueue: ["other"],
    visibilityTimeoutSeconds: 60,
    metadata: { region: "eu" },
    fetch: checked.fetch,
    logger: SILENT,
  });
  const left = new Set(Object.keys(ends));
  await new Promise<void>((resolve) => {
    engine.on<string>("asked", (event) => {
      event.progress({ half: true });
      const end = ends[event.payload];
      if (end instanceof Error) throw end;
      return end;
    });
    engine.onSettled((event) => {
      left.delete(event.payload as string);
      if (left.size === 0) resolve();
    });
    engine.start();
  });
  await engine.stop();
  assert.deepEqual(checked.wrong, []);
  for (const name of ["register_engine", "exchange_leases", "send_heartbeat", "deregister_engine"]) {
    assert.ok(checked.seen.delete(name), name);
  }
  for (const name of ["settle_batch", "drain_engine"]) checked.seen.delete(name);
  assert.deepEqual([...checked.seen], []);
});
