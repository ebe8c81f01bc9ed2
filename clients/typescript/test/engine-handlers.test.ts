/** Handlers at work for an engine, from the events of a server to what it has recorded of them. */
import assert from "node:assert/strict";
import { afterEach, beforeEach, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import {
  CancelRequested, Client, Completed, Engine, Failed, Hold, LeaseUncertain, NotRetryable, Release, RetryAfter,
  type EngineOptions, type Report,
} from "../src/index.js"; // prettier-ignore
import { FakeServer } from "../src/testing/index.js";
import { gate, until } from "./handling.js";

const QUEUE = "dialogue";
const SILENT = { debug: nothing, info: nothing, warn: nothing, error: nothing };
let server: FakeServer;
let client: Client;
let engines: Engine[];
let settled: { eventId: string; report: Report; outcome: string }[];

beforeEach(() => {
  server = new FakeServer();
  client = new Client({ url: "http://fake", fetch: server.fetch, logger: SILENT });
  engines = [];
  settled = [];
});

afterEach(async () => {
  await Promise.all(engines.map((engine) => engine.stop().catch(nothing)));
  await client.close();
  await server.close();
});

function nothing(): void {
  // Neither lines nor errors of this engine matter.
}

function engineOf(options: EngineOptions = {}): Engine {
  const engine = new Engine(QUEUE, {
    url: "http://fake", fetch: server.fetch, heartbeatTimeoutSeconds: 3, graceSeconds: 0, drainSeconds: 0, logger: SILENT,
    ...options,
  }); // prettier-ignore
  engine.onSettled(({ eventId }, report, { outcome = "" }) => {
    settled.push({ eventId, report, outcome });
  });
  engines.push(engine);
  return engine;
}

async function put(eventType = "x", payload: unknown = null): Promise<string> {
  return (await client.enqueue(QUEUE, eventType, payload)).eventId;
}

/** What was reported of an event, and what the server made of it. */
async function settlementOf(eventId: string) {
  await until(() => settled.some((each) => each.eventId === eventId));
  return settled.find((each) => each.eventId === eventId)!;
}

async function lastAttempt(eventId: string): Promise<Record<string, unknown>> {
  const { items } = (await client.call("GET", `/events/${eventId}/attempts` as `/${string}`)) as {
    items: Record<string, unknown>[];
  };
  return items[0]!;
}

test("a result is recorded", async () => {
  const engine = engineOf();
  engine.on<{ npc: string }>("x", (event) => ({ line: `Hello, ${event.payload.npc}!` }));
  engine.start();
  assert.deepEqual(await client.wait(await put("x", { npc: "Mira" })), { line: "Hello, Mira!" });
});

test("what a handler throws decides what becomes of its event", async () => {
  const engine = engineOf();
  const errors = [
    [new TypeError("broken"), "retry_scheduled"],
    [new RetryAfter(60, "later"), "retry_scheduled"],
    [new NotRetryable("hopeless"), "dead_lettered"],
    [new RangeError("listed"), "dead_lettered"],
    [new Release({ delaySeconds: 60 }), "released"],
    [new LeaseUncertain(), "released"],
    ["no error", "retry_scheduled"],
    [new Hold(0.01, "busy"), "released"],
  ] as const;
  engine.on<number>("x", { notRetryable: [RangeError] }, (event) => {
    throw errors[event.payload]![0]; // eslint-disable-line @typescript-eslint/only-throw-error -- authors may
  });
  engine.start();
  for (const [number, [, outcome]] of errors.entries()) {
    assert.equal((await settlementOf(await put("x", number))).outcome, outcome, String(number));
  }
});

test("a failure says what and where", async () => {
  const engine = engineOf();
  engine.on("x", function speak() {
    throw new NotRetryable("outer", { details: { hint: 1 }, fingerprint: "same", cause: new TypeError("inner") });
  });
  engine.start();
  const eventId = await put();
  await settlementOf(eventId);
  const error = (await lastAttempt(eventId))["error"] as Record<string, Record<string, unknown>>;
  assert.deepEqual([error["type"], error["message"], error["fingerprint"]], ["NotRetryable", "outer", "same"]);
  assert.deepEqual(error["details"]!["details"], { hint: 1 });
  assert.deepEqual(error["details"]!["cause"], [{ type: "TypeError", message: "inner" }]);
  assert.equal(error["details"]!["handler"], "speak");
  assert.match(String(error["details"]!["stack"]), /at .*speak/);
});

test("a result that the server refuses is a dead letter that says why", async () => {
  const engine = engineOf();
  let deep: unknown = 0;
  for (let level = 0; level < 70; level++) deep = [deep];
  const results: Record<string, unknown> = { deep, "too large": "x".repeat(300_000), NaN, surrogate: "a\ud800" };
  engine.on<string>("x", (event) => results[event.payload]);
  engine.start();
  for (const [name, type] of [
    ["deep", "ResultRefused"],
    ["too large", "ResultRefused"],
    ["NaN", "ResultNotJson"],
  ] as const) {
    const eventId = await put("x", name);
    const { report, outcome } = await settlementOf(eventId);
    assert.ok(report instanceof Failed);
    assert.deepEqual([report.error.type, outcome], [type, "dead_lettered"], name);
  }
  assert.equal(await client.wait(await put("x", "surrogate")), "a\ufffd");
});

test("a handler that is cancelled has its signal aborted, and its event is cancelled", async () => {
  const engine = engineOf();
  const begun = gate();
  const reasons: unknown[] = [];
  engine.on("x", async (event) => {
    begun.open();
    await sleep(3_600_000, undefined, { signal: event.signal }).catch((error: unknown) => {
      reasons.push(event.signal.reason);
      throw error;
    });
  });
  engine.start();
  const eventId = await put();
  await begun.opened;
  await client.cancel(eventId);
  assert.equal((await settlementOf(eventId)).outcome, "cancelled");
  assert.ok(reasons[0] instanceof CancelRequested);
});

test("a handler that ignores its time limit is given up after the grace, and its slot goes on", async () => {
  const engine = engineOf({ concurrency: 2, heartbeatTimeoutSeconds: 30 });
  const over = gate();
  engine.on("busy", () => over.opened);
  engine.on("hangs", { timeoutSeconds: 0.1 }, () => over.opened);
  engine.on("next", () => "worked");
  const busy = await put("busy");
  const [hanging, next] = [await put("hangs"), await put("next")];
  engine.start();
  const { report, outcome } = await settlementOf(hanging);
  assert.ok(report instanceof Failed);
  assert.deepEqual([report.error.type, outcome], ["HandlerTimeout", "retry_scheduled"]);
  assert.equal((await settlementOf(next)).outcome, "completed");
  assert.ok(!settled.some(({ eventId }) => eventId === busy));
  over.open();
  await settlementOf(busy);
  assert.equal(settled.length, 3);
});

test("progress is found by the next attempt", async () => {
  const engine = engineOf();
  engine.on("x", (event) => {
    if (event.attempt > 1) return event.previous?.progress;
    event.progress({ lines: 3 });
    throw new RetryAfter(0, "again");
  });
  engine.start();
  assert.deepEqual(await client.wait(await put()), { lines: 3 });
});

test("follow-ups are enqueued with the completion", async () => {
  const engine = engineOf();
  engine.on(
    "first",
    () => new Completed("done", { enqueue: [{ engineType: QUEUE, eventType: "second", payload: { n: 1 } }] }),
  );
  const got: unknown[] = [];
  engine.on("second", (event) => got.push(event.payload));
  engine.start();
  assert.equal(await client.wait(await put("first")), "done");
  await until(() => got.length === 1);
  assert.deepEqual(got, [{ n: 1 }]);
});

test("events without a handler go back, or fail where that is wished, or have the handler of all others", async () => {
  const engine = engineOf();
  engine.on("known", nothing);
  engine.start();
  const released = await settlementOf(await put("unknown"));
  assert.deepEqual([released.outcome, (released.report as { code?: string }).code], ["released", "no_handler"]);
  await engine.stop();

  const strict = engineOf({ onUnknownType: "fail" });
  strict.on("known", nothing);
  strict.start();
  assert.equal((await settlementOf(await put("unknown"))).outcome, "dead_lettered");
  await strict.stop();

  const open = engineOf();
  open.on("*", (event) => event.eventType);
  open.start();
  assert.equal(await client.wait(await put("anything")), "anything");
});

test("handlers share what the lifespan has yielded, which is closed after the last of them", async () => {
  const order: string[] = [];
  const engine = new Engine(QUEUE, {
    url: "http://fake",
    fetch: server.fetch,
    logger: SILENT,
    async *lifespan() {
      await sleep(1);
      yield { name: "pool" };
      order.push("closed");
    },
  });
  engine.on("x", async (event) => {
    await sleep(20);
    order.push(event.state.name);
    return event.state.name;
  });
  engine.start();
  const ended = client.wait(await put());
  await until(() => engine.stats().running === 1);
  await engine.stop();
  assert.equal(await ended, "pool");
  assert.deepEqual(order, ["pool", "closed"]);
});

test("nothing of the library's is an unhandled rejection, whatever handlers and callbacks do", async (t) => {
  const unhandled = t.mock.fn();
  process.on("unhandledRejection", unhandled);
  t.after(() => process.off("unhandledRejection", unhandled));
  const engine = engineOf({ drainSeconds: 0 });
  engine.onSettled(() => {
    throw new Error("a callback is broken");
  });
  engine.onSettled(() => Promise.reject(new Error("an async callback is broken")));
  engine.on("throws", () => {
    throw new Error("x");
  });
  engine.on("hangs", () => new Promise(nothing));
  engine.start();
  await settlementOf(await put("throws"));
  await put("hangs");
  await until(() => engine.stats().running === 1);
  server.goAway();
  await engine.stop();
  await sleep(10);
  assert.equal(unhandled.mock.callCount(), 0);
});

test("handlers and layers are added before the start", () => {
  const engine = engineOf().on("x", () => 1);
  engine.start();
  assert.throws(() => engine.on("y", () => 2), /add handlers before it starts/);
  assert.throws(() => engine.around((event, call) => call(event)), /add layers before it starts/);
  assert.throws(() => {
    engine.start();
  }, /works already: stop it/);
});

test("a refused report tells the producer the place and what is wrong there", async () => {
  const engine = engineOf();
  engine.on("x", () => new Completed(1, { enqueue: [{ engineType: "q", eventType: "y", payload: 1, priority: 10 }] }));
  engine.start();
  const error = await client.wait(await put()).catch((thrown: unknown) => thrown as Error);
  assert.match(String(error), /ResultRefused: \/enqueue\/0\/priority: must be a whole number from 0 to 9/);
});

test("progress after the end of the handler is a warning", async () => {
  const said: string[] = [];
  const logger = { ...SILENT, warn: (_: object, message: string): void => void said.push(message) };
  const engine = engineOf({ logger });
  const late = gate();
  const done = gate();
  engine.on("x", (event) => {
    void late.opened.then(() => {
      event.progress(1);
      done.open();
    });
    return 1;
  });
  engine.start();
  await settlementOf(await put());
  late.open();
  await done.opened;
  assert.ok(said.some((message) => message.includes("has progress after its end")));
});

test("the previous attempt can be printed", async () => {
  const { inspect } = await import("node:util");
  const engine = engineOf();
  engine.on("x", (event) => {
    if (event.attempt === 1) throw new RetryAfter(0, "again");
    return [inspect(event.previous), JSON.stringify(event.previous)];
  });
  engine.start();
  assert.deepEqual(await client.wait(await put()), [
    "[Previous attempt (failed)]",
    '{"outcome":"failed","code":null,"reason":null}',
  ]);
});
