import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { z } from "zod";
import { Engine } from "../src/engine.js";
import { Completed, Failed, Hold, NotRetryable, Release, Released, RetryAfter } from "../src/outcomes.js";
import { run } from "../src/testing/one-handler.js";

const engine = new Engine("dialogue", { url: "http://127.0.0.1:1" });

const Scene = z.object({ npc: z.string(), lines: z.number().default(1) });
engine.on("scene.requested", { schema: Scene }, (event) => {
  const progress = event.previous?.progress as { lines: number } | undefined;
  return { npc: event.payload.npc, lines: (progress?.lines ?? 0) + event.payload.lines, attempt: event.attempt };
});
engine.on<string>("scene.failed", { notRetryable: [RangeError] }, (event) => {
  const errors: Record<string, Error> = {
    hopeless: new NotRetryable("never", { details: [1] }),
    later: new RetryAfter(9, "later"),
    back: new Release({ delaySeconds: 3, reason: "back" }),
    busy: new Hold(60, "busy"),
    range: new RangeError("a"),
    other: new TypeError("b"),
  };
  throw errors[event.payload]!;
});
engine.on<number>("scene.waited", async (event) => {
  await sleep(event.payload, undefined, { signal: event.signal });
  return "waited";
});
engine.on("scene.limited", { timeoutSeconds: 0.01 }, async (event) => {
  await sleep(60_000, undefined, { signal: event.signal });
});
engine.on("scene.stubborn", async (event) => {
  while (event.cancelled === null) await sleep(1);
  return event.cancelled;
});
const followUp = { engineType: "voice", eventType: "voice.requested", payload: 1 };
engine.on("scene.chained", (event) => new Completed(event.state, { enqueue: [followUp] }));
engine.on("scene.lossy", (event) => ({ payload: event.payload, at: new Date(0), missing: undefined }));

test("the payload is checked and the result is reported", async () => {
  const report = await run(engine, "scene.requested", { npc: "Mira" });
  assert.deepEqual(report, new Completed({ npc: "Mira", lines: 1, attempt: 1 }));
});

test("a later attempt sees what was before", async () => {
  const options = { attempt: 2, previous: { outcome: "failed", progress: { lines: 2 } } };
  const report = await run(engine, "scene.requested", { npc: "Mira" }, options);
  assert.deepEqual(report, new Completed({ npc: "Mira", lines: 3, attempt: 2 }));
});

test("a payload that does not fit is not retried", async () => {
  const report = await run(engine, "scene.requested", { lines: "x" });
  assert.ok(report instanceof Failed);
  assert.deepEqual([report.retryable, report.error.type], [false, "PayloadInvalid"]);
});

test("what a handler throws is a failure, or gives the event back", async () => {
  for (const [payload, retryable, delay] of [
    ["hopeless", false, null],
    ["later", true, 9],
    ["range", false, null],
    ["other", true, null],
  ] as const) {
    const report = await run(engine, "scene.failed", payload);
    assert.ok(report instanceof Failed);
    assert.deepEqual([report.retryable, report.delaySeconds], [retryable, delay], payload);
  }
  assert.deepEqual(await run(engine, "scene.failed", "back"), new Released({ delaySeconds: 3, reason: "back" }));
  const held = new Released({ code: "hold", reason: "busy", holdSeconds: 60 });
  assert.deepEqual(await run(engine, "scene.failed", "busy"), held);
});

test("a handler can be cancelled, lose its lease and use up its time", async () => {
  const cancelled = await run(engine, "scene.waited", 60_000, { cancelAfterSeconds: 0.01 });
  assert.equal((cancelled as Released).code, "cancel_requested");
  assert.equal(await run(engine, "scene.waited", 60_000, { loseLeaseAfterSeconds: 0.01 }), null);
  assert.deepEqual(await run(engine, "scene.waited", 0), new Completed("waited"));
  assert.equal(((await run(engine, "scene.limited")) as Failed).error.type, "HandlerTimeout");
  const stubborn = await run(engine, "scene.stubborn", null, { loseLeaseAfterSeconds: 0.001 });
  assert.deepEqual(stubborn, new Completed("lease_lost"));
});

test("follow-ups and state", async () => {
  const living = new Engine("dialogue", {
    *lifespan() {
      yield { pool: 1 };
    },
  });
  living.on("x", (event) => event.state.pool);
  await assert.rejects(run(living, "x"), /state/);
  assert.deepEqual(await run(living, "x", null, { state: { pool: 2 } }), new Completed(2));
  assert.deepEqual(await run(engine, "scene.chained"), new Completed(undefined, { enqueue: [followUp] }));
});

test("payloads and results are those that went through JSON", async () => {
  const report = await run(engine, "scene.lossy", { at: new Date(0), missing: undefined });
  const at = "1970-01-01T00:00:00.000Z";
  assert.deepEqual(report, new Completed({ payload: { at }, at }));
  await assert.rejects(run(engine, "scene.lossy", NaN), /NaN/);
});

test("a type without a handler is released and in the end failed", async () => {
  assert.deepEqual(await run(engine, "scene.unknown"), new Released({ delaySeconds: 30, code: "no_handler" }));
  const last = await run(engine, "scene.unknown", null, { releasesInRow: 9 });
  assert.ok(last instanceof Failed);
  assert.deepEqual([last.error.type, last.retryable], ["NoHandler", false]);
});

test("wrong settings are said, as where the engine starts", async () => {
  const wrong = new Engine("dialogue", { concurrency: 0 });
  wrong.on("x", () => 1);
  await assert.rejects(run(wrong, "x"), /concurrency/);
});

test("a time limit longer than the longest timer is none", async () => {
  const patient = new Engine("dialogue", { timeoutSeconds: 3_600_000 });
  patient.on("x", async (event) => {
    await sleep(20, undefined, { signal: event.signal });
    return "done";
  });
  assert.deepEqual(await run(patient, "x"), new Completed("done"));
});

test("options that there are not are refused", async () => {
  await assert.rejects(run(engine, "scene.waited", 1, { atempt: 2 } as never), /no option atempt/);
});
