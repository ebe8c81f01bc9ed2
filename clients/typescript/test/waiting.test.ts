/** Waiting for the ends of events: it says that something is open only where the server has said so. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { Client } from "../src/client.js";
import type { Enqueued } from "../src/enqueuing.js";
import {
  EventCancelled,
  EventFailed,
  EventLeaseError,
  InvalidInput,
  NotFound,
  TimeoutError,
  Unavailable,
} from "../src/errors.js";
import { FakeServer } from "../src/testing/fake-server/index.js";
import type { WaitOptions } from "../src/waiting.js";
import { NEW, SILENT, UNKNOWN, clientOf, end, kindOf, thrown } from "./producing.js";

async function idsOf(client: Client, count: number): Promise<string[]> {
  const stored = await client.enqueueMany(Array.from({ length: count }, () => NEW));
  return stored.map((event) => (event as Enqueued).eventId);
}

async function until(isTrue: () => boolean): Promise<void> {
  while (!isTrue()) await new Promise((resolve) => setTimeout(resolve, 2));
}

function waits(server: FakeServer): { event_ids: string[]; wait_seconds: number }[] {
  const found = server.requests.filter(({ operation }) => operation === "wait");
  return found.map(({ body }) => body as { event_ids: string[]; wait_seconds: number });
}

test("waiting for a result", async () => {
  await using server = new FakeServer();
  await using client = clientOf(server);
  const { eventId } = await client.enqueue("dialogue", "asked", 1);
  const waited = client.wait<{ line: string }>(eventId, { timeoutSeconds: 30 });
  await until(() => waits(server).length === 1);
  await end(server, eventId, { status: "completed", result: { line: "Hello!" } });
  assert.equal((await waited).line, "Hello!");
});

test("an event that has ended already is answered at once, also one without a result", async () => {
  await using server = new FakeServer();
  await using client = clientOf(server);
  const { eventId } = await client.enqueue("dialogue", "asked", 1);
  await end(server, eventId, { status: "completed" });
  assert.equal(await client.wait(eventId), null);
});

test("waiting for what does not succeed", async () => {
  await using server = new FakeServer();
  await using client = clientOf(server);
  const [failed, cancelled] = await idsOf(client, 2);
  await client.cancel(cancelled!);
  const error = { type: "TooLate", message: "it was too late", details: { by: 7 } };
  await end(server, failed!, { status: "failed", error, retryable: false });
  const raised = await thrown(EventFailed, client.wait(failed!));
  assert.match(raised.message, /TooLate: it was too late/);
  assert.deepEqual(
    [raised.errorType, raised.error, raised.eventId, raised.event.status],
    ["TooLate", error, failed, "failed"],
  );
  assert.equal((await thrown(EventCancelled, client.wait(cancelled!))).event.status, "cancelled");
  await thrown(NotFound, client.wait(UNKNOWN));
  assert.match((await thrown(InvalidInput, client.wait("../tokens"))).message, /UUID/);
});

test("what an event failed with is in no print of the error", async () => {
  await using server = new FakeServer();
  await using client = clientOf(server);
  const { eventId } = await client.enqueue("dialogue", "asked", 1);
  await end(server, eventId, { status: "failed", error: { message: "short", details: "secret" }, retryable: false });
  const { inspect } = await import("node:util");
  const raised = await thrown(EventFailed, client.wait(eventId));
  assert.ok(!inspect(raised, { depth: 9 }).includes("secret"));
  assert.ok(!JSON.stringify(raised).includes("secret"));
});

test("a wait ends with its time limit and holds up no other", async () => {
  await using server = new FakeServer();
  await using client = clientOf(server);
  const { eventId } = await client.enqueue("dialogue", "asked", 1);
  const error = await thrown(TimeoutError, client.wait(eventId, { timeoutSeconds: 0.05 }));
  assert.match(error.message, new RegExp(`event ${eventId} is still open`));
  assert.deepEqual(await client.waitMany([]), []);
  const values = await client.waitMany([eventId, UNKNOWN, "1"], { timeoutSeconds: 0.2 });
  assert.deepEqual(values.map(kindOf), ["TimeoutError", "NotFound", "InvalidInput"]);
});

test("waiting for many, with some twice", async () => {
  await using server = new FakeServer();
  await using client = clientOf(server);
  const [open, completed, cancelled] = (await idsOf(client, 3)) as [string, string, string];
  await client.cancel(cancelled);
  await end(server, completed, { status: "completed", result: 7 });
  const values = await client.waitMany([open, completed, cancelled, UNKNOWN, "x", completed.toUpperCase()], {
    timeoutSeconds: 0.2,
  });
  assert.deepEqual(values.map(kindOf), [
    "TimeoutError",
    "number",
    "EventCancelled",
    "NotFound",
    "InvalidInput",
    "number",
  ]);
});

test("waiting for more than a request takes", async () => {
  await using server = new FakeServer();
  await using client = clientOf(server);
  const ids = await idsOf(client, 250);
  for (const id of ids) await client.cancel(id);
  const kinds = (await client.waitMany(ids, { timeoutSeconds: 60 })).map(kindOf);
  assert.deepEqual(new Set(kinds), new Set(["EventCancelled"]));
  assert.equal(Math.max(...waits(server).map(({ event_ids }) => event_ids.length)), 100);
});

test("callers that wait for events share requests", async () => {
  await using server = new FakeServer();
  await using client = clientOf(server);
  const ids = await idsOf(client, 300);
  const waited = Promise.allSettled(ids.map((id) => client.wait(id)));
  await until(() => waits(server).length >= 3);
  await Promise.all(ids.map((id) => client.cancel(id)));
  const kinds = (await waited).map((answer) => kindOf((answer as { reason: unknown }).reason));
  assert.deepEqual(new Set(kinds), new Set(["EventCancelled"]));
  assert.ok(waits(server).length < 300, `${waits(server).length}`);
});

test("two callers wait for the same event in one request", async () => {
  await using server = new FakeServer();
  await using client = clientOf(server);
  const { eventId } = await client.enqueue("dialogue", "asked", 1);
  const waited = [client.wait(eventId), client.waitMany([eventId])];
  await until(() => waits(server).length === 1);
  await end(server, eventId, { status: "completed", result: 7 });
  assert.deepEqual(await Promise.all(waited), [7, [7]]);
  assert.deepEqual(
    waits(server).map(({ event_ids }) => event_ids),
    [[eventId]],
  );
});

test("more events than all requests take are all asked for", async () => {
  await using server = new FakeServer();
  await using client = clientOf(server);
  const ids = await idsOf(client, 1000);
  const waited = client.waitMany(ids, { timeoutSeconds: 60 });
  await until(() => waits(server).length >= 8);
  for (const id of ids.slice(-50)) await client.cancel(id); // those of no request under way
  const asked = (): Set<string> => new Set(waits(server).flatMap(({ event_ids }) => event_ids));
  await until(() => asked().size === 1000);
  for (const id of ids.slice(0, -50)) await client.cancel(id);
  assert.deepEqual(new Set((await waited).map(kindOf)), new Set(["EventCancelled"]));
});

type Wait = (client: Client, eventId: string, options: WaitOptions) => Promise<unknown>;
const WAITS: Record<string, Wait> = {
  wait: (client, eventId, options) => client.wait(eventId, options),
  waitMany: async (client, eventId, options) => {
    const [value] = await client.waitMany([eventId], options);
    if (value instanceof EventLeaseError) throw value;
    return value;
  },
  waitForRun: (client, _, options) => client.waitForRun("r", options),
};

for (const [name, wait] of Object.entries(WAITS)) {
  for (const timeoutSeconds of [0, 0.05]) {
    test(`${name} for ${timeoutSeconds} s: a server that is away is unavailable`, async () => {
      await using server = new FakeServer();
      await using client = clientOf(server);
      const { eventId } = await client.enqueue("dialogue", "asked", 1, { scenarioRunId: "r" });
      server.goAway();
      await thrown(Unavailable, wait(client, eventId, { timeoutSeconds }));
    });
  }

  test(`${name} ends with its signal, and so does its request`, async () => {
    await using server = new FakeServer();
    let underWay = 0;
    const fetch = async (url: string, init: RequestInit): Promise<Response> => {
      underWay++;
      try {
        return await server.fetch(url, init);
      } finally {
        underWay--;
      }
    };
    await using client = new Client({ fetch, logger: SILENT });
    const { eventId } = await client.enqueue("dialogue", "asked", 1, { scenarioRunId: "r" });
    const why = new Error("nobody waits any more");
    const controller = new AbortController();
    const waited = thrown(Error, wait(client, eventId, { signal: controller.signal }));
    await until(() => underWay === 1);
    controller.abort(why);
    assert.equal(await waited, why);
    await until(() => underWay === 0);
    assert.equal(await thrown(Error, wait(client, eventId, { signal: controller.signal })), why);
  });

  test(`${name} goes on after an outage`, async () => {
    await using server = new FakeServer();
    await using client = clientOf(server);
    const { eventId } = await client.enqueue("dialogue", "asked", 1, { scenarioRunId: "r" });
    const waited = wait(client, eventId, {}).then(kindOf, kindOf);
    await until(() => server.requests.length > 1);
    server.restart();
    await client.cancel(eventId);
    assert.equal(await waited, name === "waitForRun" ? "object" : "EventCancelled");
  });

  test(`${name} ends when the client is closed`, async () => {
    await using server = new FakeServer();
    const client = clientOf(server);
    const { eventId } = await client.enqueue("dialogue", "asked", 1, { scenarioRunId: "r" });
    const waited = thrown(Unavailable, wait(client, eventId, {}));
    await until(() => server.requests.length > 1);
    await client.close();
    await waited;
  });
}

test("the end of a wait is no guess: even one of no length asks the server", async () => {
  await using server = new FakeServer();
  await using client = clientOf(server);
  const { eventId } = await client.enqueue("dialogue", "asked", 1);
  assert.match((await thrown(TimeoutError, client.wait(eventId, { timeoutSeconds: 0 }))).message, /still open/);
  await client.cancel(eventId);
  await thrown(EventCancelled, client.wait(eventId, { timeoutSeconds: 0 }));
});

test("nothing is asked for once nobody waits", async () => {
  await using server = new FakeServer();
  await using client = clientOf(server);
  const ids = await idsOf(client, 3);
  await Promise.allSettled(ids.map((id) => client.wait(id, { timeoutSeconds: 0.02 })));
  const before = server.requests.length;
  server.advance(100);
  await new Promise((resolve) => setTimeout(resolve, 50));
  assert.equal(server.requests.length, before);
});

test("waits for runs do not hold up the end of another", async () => {
  await using server = new FakeServer();
  await using client = clientOf(server);
  const { eventId } = await client.enqueue("dialogue", "asked", 1, { scenarioRunId: "r" });
  const runs = Array.from({ length: 40 }, () => client.waitForRun("r"));
  await thrown(TimeoutError, client.wait(eventId, { timeoutSeconds: 0.05 }));
  await client.cancelRun("r");
  assert.equal((await Promise.all(runs)).length, 40);
});
