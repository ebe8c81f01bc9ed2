/** Traces: what producers send of theirs, and the span of an attempt. */

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { after, beforeEach, test } from "node:test";
import { fileURLToPath } from "node:url";

import { ROOT_CONTEXT, SpanKind, SpanStatusCode, context, trace } from "@opentelemetry/api";
import { AsyncLocalStorageContextManager } from "@opentelemetry/context-async-hooks";
import { BasicTracerProvider, InMemorySpanExporter, SimpleSpanProcessor } from "@opentelemetry/sdk-trace-base";

import type { LeasedEvent } from "../src/leased-event.js";
import { FakeServer } from "../src/testing/fake-server/index.js";
import { loadTracing, processing, traceContext } from "../src/tracing.js";
import { NEW, clientOf, sentEvents } from "./producing.js";
import { programOf } from "./program.js";

const PARENT = `00-${"1".repeat(32)}-${"2".repeat(16)}-01`;
const EVENT = {
  event_id: "e1",
  event_type: "asked",
  attempt: 2,
  traceparent: PARENT,
  tracestate: "a=b",
} as unknown as LeasedEvent;
const exporter = new InMemorySpanExporter();
const provider = new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] });
context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
trace.setGlobalTracerProvider(provider);

beforeEach(() => {
  exporter.reset();
});
after(() => {
  trace.disable();
  context.disable();
});

/** Calls a function in a new trace, whose id is returned. */
async function inTrace(run: () => Promise<unknown>): Promise<string> {
  return trace.getTracer("test").startActiveSpan("outer", {}, ROOT_CONTEXT, async (span) => {
    await run();
    span.end();
    return span.spanContext().traceId;
  });
}

test("events belong to the trace in which they are enqueued, from the first on", async () => {
  await using server = new FakeServer();
  await using client = clientOf(server);
  const ids = [
    await inTrace(() => client.enqueue("dialogue", "asked", 1)),
    await inTrace(() => client.enqueueMany([NEW, NEW])),
    await inTrace(() => Promise.all([client.enqueue("q", "t", 1), client.enqueue("q", "t", 2)])),
  ];
  const sent = sentEvents(server).map((event) => String(event["traceparent"]).split("-")[1]);
  assert.deepEqual(sent, [ids[0], ids[1], ids[1], ids[2], ids[2]]);
});

test("an event's own trace is left to it", async () => {
  await using server = new FakeServer();
  await using client = clientOf(server);
  await inTrace(() => client.enqueue("q", "t", 1, { traceparent: PARENT }));
  assert.equal(sentEvents(server)[0]!["traceparent"], PARENT);
});

test("outside of a trace an event has none", async () => {
  await using server = new FakeServer();
  await using client = clientOf(server);
  await client.enqueue("q", "t", 1);
  assert.ok(!("traceparent" in sentEvents(server)[0]!));
});

test("an attempt is a span below its event", async () => {
  await loadTracing();
  const inner = await processing(EVENT, "dialogue", async (ended) => {
    await new Promise(setImmediate);
    ended("completed");
    return { ...trace.getActiveSpan()!.spanContext(), ...traceContext() };
  });
  const [span] = exporter.getFinishedSpans();
  assert.deepEqual([span!.name, span!.kind], ["process asked", SpanKind.CONSUMER]);
  const parent = span!.parentSpanContext!;
  assert.equal(`00-${parent.traceId}-${parent.spanId}-01`, PARENT);
  assert.equal(parent.isRemote, true);
  assert.deepEqual(
    span!.links.map((link) => link.context.spanId),
    [parent.spanId],
  );
  assert.equal(span!.spanContext().spanId, inner.spanId);
  assert.deepEqual([inner.traceparent, inner.tracestate], [`00-${parent.traceId}-${inner.spanId}-01`, "a=b"]);
  assert.deepEqual(span!.attributes, {
    "messaging.system": "eventlease",
    "messaging.operation.name": "process",
    "messaging.operation.type": "process",
    "messaging.destination.name": "dialogue",
    "messaging.message.id": "e1",
    "eventlease.event_type": "asked",
    "eventlease.attempt": 2,
    "eventlease.outcome": "completed",
  });
  assert.equal(span!.status.code, SpanStatusCode.UNSET);
});

test("a failure is in the span, also what is no error", async () => {
  await loadTracing();
  for (const thrown of [new TypeError("no"), { odd: true }]) {
    exporter.reset();
    processing({ ...EVENT, traceparent: null }, "dialogue", (ended) => {
      ended("failed", thrown);
    });
    const [span] = exporter.getFinishedSpans();
    const name = thrown instanceof Error ? "TypeError" : "NonError";
    assert.deepEqual(span!.status, { code: SpanStatusCode.ERROR, message: name });
    assert.deepEqual([span!.parentSpanContext, span!.links], [undefined, []]);
    assert.deepEqual(
      span!.events.map((event) => event.attributes!["exception.type"]),
      [name],
    );
  }
});

test("a function that throws ends its span, too", async () => {
  await loadTracing();
  const fail = (): never => {
    throw new RangeError("a bug");
  };
  assert.throws(() => processing(EVENT, "dialogue", fail), RangeError);
  await assert.rejects(
    processing(EVENT, "dialogue", () => Promise.resolve().then(fail)),
    RangeError,
  );
  assert.equal(exporter.getFinishedSpans().length, 2);
});

test("without OpenTelemetry nothing is traced, and it is not imported", () => {
  const module = fileURLToPath(new URL("../src/tracing.js", import.meta.url));
  const program = `
    const { loadTracing, processing, traceContext } = await import(${JSON.stringify(module)});
    if (loadTracing() !== null || Object.keys(traceContext()).length > 0) throw new Error("traced");
    if (processing({}, "dialogue", (ended) => (ended("completed"), 7)) !== 7) throw new Error("not called");
    if (Symbol.for("opentelemetry.js.api.1") in globalThis) throw new Error("imported");
  `;
  const { status, stderr } = spawnSync(process.execPath, [programOf(program)], { encoding: "utf8" });
  assert.equal(status, 0, stderr);
});
