/** A client against the real server, over sockets. */

import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { Client } from "../src/client.js";
import { EventCancelled, InvalidInput, NotFound, TimeoutError, Unavailable } from "../src/errors.js";
import { startServer } from "../src/testing/real-server.js";
import type { RealServer } from "../src/testing/real-server.js";
import type { Schemas } from "../src/wire.js";
import { SILENT, UNKNOWN, thrown } from "./producing.js";

const PROGRAM = process.env["EVENTLEASE_BINARY"] ?? "";
const skip = PROGRAM === "" ? "EVENTLEASE_BINARY names no program of the server" : false;
let server: RealServer;

before(async () => {
  if (skip === false) server = await startServer({ binary: PROGRAM });
});
after(async () => {
  if (skip === false) await server.close();
});

test("many events of many callers are stored once each", { skip }, async () => {
  await using client = new Client({ url: server.url, logger: SILENT });
  const events = await Promise.all(
    Array.from({ length: 3000 }, (_, number) => client.enqueue("many", "asked", { number }, { scenarioRunId: "many" })),
  );
  assert.equal(new Set(events.map(({ eventId }) => eventId)).size, 3000);
  assert.ok(!events.some(({ isDuplicate }) => isDuplicate));
  assert.equal((await client.readRun("many")).counts.queued, 3000);
});

test("events are refused, waited for and cancelled", { skip }, async () => {
  await using client = new Client({ url: server.url, logger: SILENT });
  const { eventId } = await client.enqueue("one", "asked", { npc: "Mira" }, { priority: 7, scenarioRunId: "one" });
  const refused = await thrown(InvalidInput, client.enqueue("one", "", 1, { priority: 70 }));
  assert.deepEqual(new Set(refused.errors.map(({ pointer }) => pointer)), new Set(["/event_type", "/priority"]));
  await thrown(TimeoutError, client.wait(eventId, { timeoutSeconds: 0.1 }));
  const waited = thrown(EventCancelled, client.wait(eventId));
  const run = client.waitForRun("one");
  assert.equal((await client.cancel(eventId)).status, "cancelled");
  await waited;
  assert.equal((await run).counts.cancelled, 1);
  await thrown(NotFound, client.wait(UNKNOWN));
  const queue: Schemas["Queue"] = await client.call("GET", "/queues/one");
  assert.equal(queue.due, 0);
});

test("a server that is killed and started again keeps nobody from enqueuing once", { skip }, async () => {
  await using client = new Client({ url: server.url, logger: SILENT, timeoutSeconds: 60 });
  const calls = Array.from({ length: 200 }, async (_, number) => {
    await new Promise((resolve) => setTimeout(resolve, number * 5));
    return client.enqueue("killed", "asked", number, { scenarioRunId: "killed" });
  });
  await calls[20];
  await server.kill();
  await server.start();
  const events = await Promise.all(calls);
  assert.equal(new Set(events.map(({ eventId }) => eventId)).size, 200);
  assert.equal((await client.readRun("killed")).counts.queued, 200);
});

test("one that is away is unavailable, and says that nothing was enqueued", { skip }, async () => {
  await server.kill();
  await using client = new Client({ url: server.url, logger: SILENT, timeoutSeconds: 0.2 });
  assert.equal((await thrown(Unavailable, client.enqueue("away", "asked", 1))).isUnknown, false);
});
