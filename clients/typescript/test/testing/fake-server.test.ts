/** The fake server as authors use it: with an engine and a client in one process, and misfortunes on order. */

import assert from "node:assert/strict";
import { afterEach, beforeEach, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import {
  Client,
  Engine,
  LeaseLost,
  Unavailable,
  type EngineOptions,
  type Enqueued,
  type Event,
} from "../../src/index.js";
import { FakeServer } from "../../src/testing/index.js";
import { until } from "../handling.js";

const QUEUE = "dialogue";
const URL = "http://fake/api/v1";
const nothing = (): void => undefined;
const logger = { debug: nothing, info: nothing, warn: nothing, error: nothing };
let server: FakeServer;
let client: Client;
let engine: Engine | undefined;

beforeEach(() => {
  server = new FakeServer();
  client = new Client({ url: "http://fake", fetch: server.fetch, timeoutSeconds: 10, logger });
  engine = undefined;
});

afterEach(async () => {
  await engine?.stop();
  await client.close();
  await server.close();
});

function start(handler: (event: Event) => unknown, options: EngineOptions = {}): void {
  engine = new Engine(QUEUE, {
    url: "http://fake",
    fetch: server.fetch,
    heartbeatTimeoutSeconds: 3,
    logger,
    ...options,
  });
  engine.on("tried", handler);
  engine.start();
}

async function post(
  path: string,
  body: unknown,
  headers: Record<string, string> = {},
  signal?: AbortSignal,
): Promise<Response> {
  return server.fetch(URL + path, { method: "POST", body: JSON.stringify(body), headers, ...(signal && { signal }) });
}

async function registered(): Promise<Record<string, string>> {
  const { engine_id } = (await (await post("/engines", { engine_type: QUEUE })).json()) as { engine_id: string };
  return { "x-engine-id": engine_id };
}

test("an engine and a client work without a socket", async () => {
  start((event) => Number(event.payload) * 2);
  const { eventId } = await client.enqueue(QUEUE, "tried", 21);
  assert.equal(await client.wait(eventId), 42);
  await engine?.stop();
  assert.deepEqual(server.engines(), []);
});

for (const operation of ["register", "exchange", "settleMany", "heartbeat", "enqueueBatch"] as const) {
  test(`a lost reply to ${operation} costs nothing`, async () => {
    const handled: string[] = [];
    server.loseNextReply(operation);
    start(async (event) => {
      handled.push(event.eventId);
      await sleep(10); // meanwhile the engine polls again, so that its report goes by itself
    });
    const put = (number: number): Promise<Enqueued> => client.enqueue(QUEUE, "tried", number);
    const ids = (await Promise.all([1, 2, 3, 4, 5].map(put))).map((event) => event.eventId);
    for (const id of ids) await client.wait(id);
    while (server.requests.filter((request) => request.operation === operation).length < 2) {
      const { eventId } = await put(6);
      ids.push(eventId);
      await client.wait(eventId);
    }
    assert.deepEqual(handled.sort(), ids.sort());
    assert.ok(server.events().every((event) => event.lease_losses === 0));
  });
}

test("a refused call is repeated", async () => {
  server.refuseNext("enqueue", "database_unavailable", { times: 2 });
  await client.enqueue(QUEUE, "tried", 1);
  assert.deepEqual(
    server.requests.map(({ operation }) => operation),
    Array(3).fill("enqueue"),
  );
});

test("a refusal says when to try again", async () => {
  server.refuseNext("readServer", "overloaded", { retryAfter: 7 });
  const reply = await server.fetch(`${URL}/server`);
  assert.equal(reply.status, 429);
  assert.equal(reply.headers.get("retry-after"), "7");
  assert.equal((await server.fetch(`${URL}/server`)).status, 200);
});

test("a lost lease is told to the handler", async () => {
  const told: unknown[] = [];
  let hasBegun = false;
  start(async (event) => {
    if (event.attempt > 1) return;
    hasBegun = true;
    await new Promise((resolve) => {
      event.signal.addEventListener("abort", resolve);
    });
    told.push(event.signal.reason);
  });
  const { eventId } = await client.enqueue(QUEUE, "tried", 1);
  await until(() => hasBegun);
  server.expireLeases();
  assert.equal(server.event(eventId).lease_losses, 1);
  await until(() => told.length > 0);
  assert.ok(told[0] instanceof LeaseLost);
});

test("an engine that was removed registers again", async () => {
  start((event) => event.payload);
  await until(() => server.engines().length > 0);
  server.removeEngine(server.engines()[0]?.engine_id ?? "");
  const { eventId } = await client.enqueue(QUEUE, "tried", 7);
  assert.equal(await client.wait(eventId), 7);
});

test("a server that was away is found again", async () => {
  start((event) => event.payload);
  await until(() => server.engines().length > 0);
  server.goAway();
  const hasty = new Client({ url: "http://fake", fetch: server.fetch, timeoutSeconds: 0.1, logger });
  await assert.rejects(hasty.enqueue(QUEUE, "tried", 2), Unavailable);
  await hasty.close();
  server.comeBack();
  const { eventId } = await client.enqueue(QUEUE, "tried", 3);
  assert.equal(await client.wait(eventId), 3);
});

test("the tenth release in a row of an unknown type is a failure", async () => {
  start(nothing);
  const { eventId } = await client.enqueue(QUEUE, "of-a-newer-version", 1);
  await until(() => {
    if (new Date(server.event(eventId).available_at ?? 0) > server.now()) server.advance(301);
    return server.event(eventId).status === "failed";
  });
  const { attempt, error_type, dead_letter_reason } = server.event(eventId);
  assert.deepEqual([attempt, error_type, dead_letter_reason], [10, "NoHandler", "not_retryable"]);
});

test("its clock is moved: what is delayed is due, what is silent is lost", async () => {
  const headers = await registered();
  await client.enqueue(QUEUE, "tried", 1, { delaySeconds: 3600 });
  const lease = async (): Promise<unknown[]> => {
    const reply = await post(`/events/queue/${QUEUE}/lease`, {}, headers);
    return ((await reply.json()) as { events: unknown[] }).events;
  };
  assert.equal((await lease()).length, 0);
  server.advance(3600);
  assert.equal((await lease()).length, 1);
  server.advance(301);
  assert.equal(server.events()[0]?.lease_losses, 1);
});

test("an operation that does not exist cannot be ordered", () => {
  assert.throws(() => {
    server.loseNextReply("lease" as "exchange");
  }, /exchange/);
});

for (const end of ["abort", "goAway", "restart"] as const) {
  test(`a poll that waits ends at once by ${end}`, async () => {
    const headers = await registered();
    const controller = new AbortController();
    const polled = post(`/events/queue/${QUEUE}/lease`, { wait_seconds: 30 }, headers, controller.signal);
    await until(() => Boolean(server.engines()[0]?.last_poll_at));
    if (end === "abort") controller.abort(new Error("enough"));
    else server[end]();
    await assert.rejects(polled, end === "abort" ? /enough/ : /fetch failed/);
    if (end !== "goAway") assert.equal((await server.fetch(`${URL}/server`)).status, 200);
  });
}

test("a reply that comes late is given up", async () => {
  server.delayNext("readServer", 30);
  await assert.rejects(server.fetch(`${URL}/server`, { signal: AbortSignal.timeout(20) }), { name: "TimeoutError" });
});

test("closed, it answers what waits, and its port is free", async () => {
  const url = await server.listen();
  const { "x-engine-id": engineId = "" } = await registered();
  const polled = fetch(`${url}/api/v1/events/queue/${QUEUE}/lease`, {
    method: "POST",
    body: JSON.stringify({ wait_seconds: 30 }),
    headers: { "x-engine-id": engineId },
  });
  await until(() => Boolean(server.engines()[0]?.last_poll_at));
  await server.close();
  const { notice } = (await (await polled).json()) as { notice: { code: string } };
  assert.equal(notice.code, "server_stopping");
  await assert.rejects(fetch(`${url}/api/v1/server`), TypeError);
});

test("over HTTP, a lost reply is a cut connection", async () => {
  const url = await server.listen();
  server.loseNextReply("readServer");
  await assert.rejects(fetch(`${url}/api/v1/server`), TypeError);
  assert.equal((await fetch(`${url}/api/v1/server`)).status, 200);
});

test("numbers keep all their digits, and members their order", async () => {
  const headers = await registered();
  const payload =
    '{"b":118957991995039682933994,"a":[0.1234567890123456789,1e400,-0.5],"\\"9999999999999999":"9999999999999999"}';
  const event = `{"engine_type":"${QUEUE}","event_type":"tried","payload":${payload}}`;
  await server.fetch(`${URL}/events`, { method: "POST", body: event });
  const reply = await post(`/events/queue/${QUEUE}/lease`, {}, headers);
  assert.ok((await reply.text()).includes(`"payload":${payload}`));
});

test("every request and its body can be looked up", async () => {
  await client.enqueue(QUEUE, "tried", { npc: "Mira" });
  const [request] = server.requests;
  assert.equal(request?.operation, "enqueue");
  assert.match(JSON.stringify(request.body), /"npc":"Mira"/);
});
