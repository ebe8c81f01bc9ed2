/** Events that many callers enqueue: few requests, and each caller's own answer. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { Calls } from "../src/calls.js";
import { Client } from "../src/client.js";
import { Coalescer } from "../src/coalesce.js";
import { NewBody } from "../src/enqueuing.js";
import type { EnqueueOptions, EnqueueResult, Enqueued } from "../src/enqueuing.js";
import { Token } from "../src/credentials.js";
import { BufferFull, EventLeaseError, InvalidInput, Unavailable } from "../src/errors.js";
import { FakeServer } from "../src/testing/fake-server/index.js";
import { SILENT, clientOf, kindOf, sizes, thrown } from "./producing.js";
import { Lines, fetchFailed, reply } from "./scripted.js";

const MAX_WAITING_EVENTS = 10_000;

/** A server that answers once its gate is open, and then at once. */
class Gate {
  readonly batches: unknown[][] = [];
  open = (): void => undefined;
  reached: Promise<void>;
  #isReached = (): void => undefined;
  readonly #isOpen: Promise<void> = new Promise((resolve) => (this.open = resolve));

  constructor() {
    this.reached = new Promise((resolve) => (this.#isReached = resolve));
  }

  readonly fetch = async (_: string, { body }: RequestInit): Promise<Response> => {
    this.#isReached();
    await this.#isOpen;
    const sent = JSON.parse(body as string) as { events?: { payload: unknown }[]; payload: unknown };
    const events = sent.events ?? [sent];
    this.batches.push(events.map(({ payload }) => payload));
    const results = events.map(({ payload }) => ({ event_id: `event ${String(payload).slice(0, 9)}` }));
    return reply(201, sent.events === undefined ? results[0] : { results });
  };
}

function gated(options: { onFull?: "wait" | "throw" } = {}): { gate: Gate; client: Client } {
  const gate = new Gate();
  return { gate, client: new Client({ fetch: gate.fetch, logger: SILENT, ...options }) };
}

function enqueue(client: Client, payload: unknown, options?: EnqueueOptions): Promise<Enqueued> {
  return client.enqueue("q", "t", payload, options);
}

function range(from: number, to: number): number[] {
  return Array.from({ length: to - from }, (_, number) => from + number);
}

function reasonOf(answer: PromiseSettledResult<unknown>): unknown {
  return answer.status === "rejected" ? (answer.reason as unknown) : assert.fail("it was stored");
}

test("what arrives during a request goes with the next", async () => {
  const { gate, client } = gated();
  const first = enqueue(client, 0);
  await gate.reached;
  const others = range(1, 1501).map((number) => enqueue(client, number));
  gate.open();
  const events = await Promise.all([first, ...others]);
  assert.deepEqual(
    events.map(({ eventId }) => eventId),
    range(0, 1501).map((number) => `event ${number}`),
  );
  assert.deepEqual(
    gate.batches.map(({ length }) => length),
    [1, 1000, 500],
  );
});

test("what is enqueued in one moment goes together", async () => {
  const { gate, client } = gated();
  gate.open();
  await Promise.all(range(0, 300).map((number) => enqueue(client, number)));
  assert.deepEqual(gate.batches, [range(0, 300)]);
});

test("a refused event fails its own call only", async () => {
  await using server = new FakeServer();
  await using client = clientOf(server);
  const calls = range(0, 20).map((number) => enqueue(client, number, { priority: number === 7 ? 10 : 5 }));
  const answers = await Promise.allSettled(calls);
  assert.deepEqual(
    range(0, 20).filter((number) => answers[number]!.status === "rejected"),
    [7],
  );
  const reason = reasonOf(answers[7]!);
  assert.ok(reason instanceof InvalidInput);
  assert.deepEqual(
    reason.errors.map(({ pointer }) => pointer),
    ["/priority"],
  );
  assert.deepEqual(sizes(server), [20]);
});

test("a lost reply makes no second events", async () => {
  await using server = new FakeServer();
  await using client = clientOf(server);
  server.loseNextReply("enqueueBatch", 2);
  const events = await Promise.all(range(0, 20).map((number) => enqueue(client, number)));
  assert.deepEqual(
    events.map(({ eventId }) => eventId),
    server.events().map(({ event_id }) => event_id),
  );
  assert.ok(!events.some(({ isDuplicate }) => isDuplicate));
  assert.deepEqual(sizes(server), [20, 20, 20]);
});

test("events without keys are not mixed with others", async () => {
  const { gate, client } = gated();
  gate.open();
  const have = [true, true, true, false, false, true];
  await Promise.all(have.map((idempotency, number) => enqueue(client, number, { idempotency })));
  assert.deepEqual(gate.batches, [[0, 1, 2], [3, 4], [5]]);
});

test("a full buffer makes callers wait", async () => {
  const { gate, client } = gated();
  const count = MAX_WAITING_EVENTS + 3001;
  const calls = range(0, count).map((number) => enqueue(client, number));
  await gate.reached;
  gate.open();
  const events = await Promise.all(calls);
  assert.equal(new Set(events.map(({ eventId }) => eventId)).size, count);
  assert.deepEqual(gate.batches.flat(), range(0, count)); // in the order of the calls
  assert.equal(Math.max(...gate.batches.map(({ length }) => length)), 1000);
});

test("a full buffer may be an error", async () => {
  const { gate, client } = gated({ onFull: "throw" });
  const calls = range(0, MAX_WAITING_EVENTS).map((number) => enqueue(client, number));
  await thrown(BufferFull, enqueue(client, "too many"));
  gate.open();
  await Promise.all(calls);
  await enqueue(client, "there is room again");
});

test("large events fill the buffer, too", async () => {
  const { gate, client } = gated({ onFull: "throw" });
  const payload = "x".repeat(1_000_000);
  const calls = Promise.allSettled(range(0, 60).map(() => enqueue(client, payload)));
  await gate.reached;
  gate.open();
  const full = (await calls).filter(({ status }) => status === "rejected");
  assert.ok(full.length > 0 && full.length < 30, `${full.length}`);
  assert.ok(Math.max(...gate.batches.map(({ length }) => length)) <= 4);
});

test("every caller hears of an outage", async () => {
  await using server = new FakeServer();
  await using client = new Client({ fetch: server.fetch, logger: SILENT, timeoutSeconds: 0.1 });
  server.goAway();
  const answers = await Promise.allSettled(range(0, 20).map((number) => enqueue(client, number)));
  assert.deepEqual(new Set(answers.map((answer) => kindOf(reasonOf(answer)))), new Set(["Unavailable"]));
  server.comeBack();
  await enqueue(client, 1);
});

test("events that have waited for too long are not sent", async () => {
  const { gate } = gated();
  const client = new Client({ fetch: gate.fetch, logger: SILENT, timeoutSeconds: 0.05 });
  const first = enqueue(client, "first");
  await gate.reached;
  const late = thrown(Unavailable, enqueue(client, "late"));
  await new Promise((resolve) => setTimeout(resolve, 80));
  gate.open();
  await first;
  const error = await late;
  assert.match(error.message, /not sent in time/);
  assert.equal(error.isUnknown, false);
  assert.deepEqual(gate.batches, [["first"]]);
});

test("closing waits for what was enqueued", async () => {
  const { gate, client } = gated();
  const calls = range(0, 5).map((number) => enqueue(client, number));
  await gate.reached;
  const later = enqueue(client, 5);
  const closed = client.close();
  await thrown(Unavailable, enqueue(client, 6));
  gate.open();
  assert.equal(await closed, 0);
  assert.equal((await Promise.all([...calls, later])).length, 6);
});

test("closing says how many events were not acknowledged", async () => {
  const fetch = (): Promise<Response> => Promise.reject(fetchFailed("ECONNREFUSED"));
  const client = new Client({ fetch, logger: SILENT, timeoutSeconds: 600 });
  const calls = Promise.allSettled(range(0, 3).map((number) => enqueue(client, number)));
  await new Promise(setImmediate);
  const waiting = Promise.allSettled(range(0, 2).map((number) => enqueue(client, number)));
  await new Promise(setImmediate);
  assert.equal(await client.close(0.05), 5);
  const reasons = [...(await calls), ...(await waiting)].map(reasonOf);
  assert.deepEqual(
    reasons.map(kindOf),
    Array.from({ length: 5 }, () => "Unavailable"),
  );
});

for (const [name, options] of [
  ["events", {}],
  ["events that all are stored or none", { atomic: true }],
] as const) {
  test(`closing counts the ${name} of enqueueMany`, async () => {
    const fetch = (): Promise<Response> => Promise.reject(fetchFailed("ECONNREFUSED"));
    const lines = new Lines();
    const client = new Client({ fetch, logger: lines, timeoutSeconds: 600 });
    const count = name === "events" ? 1500 : 500;
    const events = range(0, count).map((payload) => ({ engineType: "q", eventType: "x", payload }));
    const many = client.enqueueMany(events, options).then((results) => results.map(kindOf), kindOf);
    await new Promise(setImmediate);
    assert.equal(await client.close(0.05), count);
    assert.ok(lines.texts.includes("the client was closed while events were not acknowledged"));
    assert.deepEqual(await many, name === "events" ? events.map(() => "Unavailable") : "Unavailable");
  });
}

test("closing waits for enqueueMany", async () => {
  const { gate, client } = gated();
  const many = client.enqueueMany(range(0, 3).map((payload) => ({ engineType: "q", eventType: "x", payload })));
  await gate.reached;
  const closed = client.close(60);
  gate.open();
  assert.equal(await closed, 0);
  assert.deepEqual((await many).map(kindOf), ["object", "object", "object"]);
});

test("closing sends what is beyond the limit of the buffer, too", async () => {
  const { gate, client } = gated();
  const calls = Promise.all(range(0, MAX_WAITING_EVENTS + 1005).map((number) => enqueue(client, number)));
  await gate.reached;
  const closed = client.close(60);
  gate.open();
  assert.equal(await closed, 0);
  assert.equal((await calls).length, MAX_WAITING_EVENTS + 1005);
});

const STORED: EnqueueResult = { eventId: "e", isDuplicate: false, notice: null, reply: {} as Enqueued["reply"] };
const BODY = new NewBody(new Calls([], { credentials: new Token(null) }), {
  engineType: "q",
  eventType: "t",
  payload: 1,
});

test("a request has the time that is left for its newest event", async () => {
  let answer!: (results: EnqueueResult[]) => void;
  const first = new Promise<EnqueueResult[]>((resolve) => (answer = resolve));
  const limits: number[] = [];
  const send = (bodies: NewBody[], seconds: number): Promise<EnqueueResult[]> => {
    limits.push(seconds);
    return limits.length === 1 ? first : Promise.resolve(bodies.map(() => STORED));
  };
  const coalescer = new Coalescer(send, 30, false);
  const added = [coalescer.add(BODY)];
  await new Promise(setImmediate);
  added.push(coalescer.add(BODY));
  await new Promise((resolve) => setTimeout(resolve, 60));
  answer([STORED]);
  await Promise.all(added);
  const [whole, left] = limits;
  assert.ok(whole! > 29 && whole! <= 30, `${whole}`);
  assert.ok(left! <= 30 - 0.05, `${left}`);
});

test("an event that waits for others has its own time limit", async (context) => {
  context.mock.timers.enable({ apis: ["setTimeout"] });
  const coalescer = new Coalescer(() => new Promise(() => undefined), 30, false);
  const ends: [string, EnqueueResult][] = [];
  const add = (name: string): void => void coalescer.add(BODY).then((end) => ends.push([name, end]));
  add("under way");
  await new Promise(setImmediate);
  context.mock.timers.tick(10_000);
  add("behind it");
  const seen = async (seconds: number): Promise<string[]> => {
    context.mock.timers.tick(seconds * 1000);
    await new Promise(setImmediate);
    return ends.map(([name, end]) => `${name}: ${end instanceof Unavailable ? `unknown ${end.isUnknown}` : "stored"}`);
  };
  assert.deepEqual(await seen(20), []); // the request that is under way may still be answered
  assert.deepEqual(await seen(2), ["under way: unknown true"]);
  assert.deepEqual(await seen(8), ["under way: unknown true", "behind it: unknown false"]);
});

test("an endless time limit is one", async () => {
  const coalescer = new Coalescer((bodies) => Promise.resolve(bodies.map(() => STORED)), Infinity, false);
  assert.equal(await coalescer.add(BODY), STORED);
});

test("an answer of no sense leaves nobody waiting", async () => {
  let count = 0;
  const send = (): Promise<never> => {
    count++;
    return Promise.reject(new RangeError("a bug"));
  };
  const coalescer = new Coalescer(send, 30, false);
  for (let number = 1; number <= 2; number++) {
    const answer = await coalescer.add(BODY);
    assert.ok(answer instanceof EventLeaseError && answer.cause instanceof RangeError);
    assert.equal(count, number);
  }
});

test("a client can be disposed of", async () => {
  const { gate, client } = gated();
  gate.open();
  {
    await using disposed = client;
    await enqueue(disposed, 1);
  }
  await thrown(Unavailable, enqueue(client, 2));
});
