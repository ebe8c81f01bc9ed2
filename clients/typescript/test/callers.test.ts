/** An error shows the line of the program that made the call, also where callers share a request. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { Client } from "../src/client.js";
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
import { NEW, SILENT, UNKNOWN, clientOf, end, thrown } from "./producing.js";
import { fetchFailed } from "./scripted.js";

async function placeOrder<T>(call: () => Promise<T>): Promise<T> {
  return await call();
}

async function otherOrder(call: () => Promise<unknown>): Promise<void> {
  await call();
}

test("a refused event", async () => {
  await using server = new FakeServer();
  await using client = clientOf(server);
  const error = await thrown(
    InvalidInput,
    placeOrder(() => client.enqueue("orders", "a b", {})),
  );
  assert.match(error.stack!, /^InvalidInput: .*\n[^]*placeOrder/);
  assert.deepEqual([error.code, error.status, error.errors.length], ["invalid_input", 422, 1]);
});

test("events of one request that failed", async () => {
  const fetch = (): Promise<Response> => Promise.reject(fetchFailed("ECONNREFUSED"));
  await using client = new Client({ fetch, logger: SILENT, timeoutSeconds: 1 });
  const [error, other] = await Promise.all([
    thrown(
      Unavailable,
      placeOrder(() => client.enqueue("q", "x", 1)),
    ),
    thrown(
      Unavailable,
      otherOrder(() => client.enqueue("q", "x", 2)),
    ),
  ]);
  assert.match(error.stack!, /placeOrder/);
  assert.match(other.stack!, /otherOrder/);
  assert.ok(error.cause instanceof Error && !error.isUnknown);
});

test("awaited events", async () => {
  await using server = new FakeServer();
  await using client = clientOf(server);
  const [failed, cancelled, open] = await Promise.all(
    [1, 2, 3].map((payload) => client.enqueue("dialogue", "asked", payload, { retryPolicy: { maxRetries: 0 } })),
  );
  await client.cancel(cancelled!.eventId);
  await end(server, failed!.eventId, { status: "failed", error: { type: "E", message: "m" }, retryable: false });
  for (const [kind, eventId] of [
    [EventFailed, failed!.eventId],
    [EventCancelled, cancelled!.eventId],
    [TimeoutError, open!.eventId],
    [NotFound, UNKNOWN],
  ] as const) {
    const waited = placeOrder(() => client.wait(eventId, { timeoutSeconds: 0.05 }));
    const error = await thrown(kind as typeof NotFound, waited);
    assert.match(error.stack!, /placeOrder/);
  }
});

test("the errors of many events", async () => {
  await using server = new FakeServer();
  await using client = clientOf(server);
  const events = [NEW, { ...NEW, priority: 10 }, { ...NEW, payload: undefined }];
  const [stored, ...refused] = await placeOrder(() => client.enqueueMany(events));
  assert.ok(stored !== undefined && "eventId" in stored);
  await client.cancel(stored.eventId);
  const ended = await placeOrder(() => client.waitMany([stored.eventId, UNKNOWN, "no id"]));
  assert.equal(refused.length + ended.length, 5);
  for (const error of [...refused, ...ended]) {
    assert.ok(error instanceof EventLeaseError);
    assert.match(error.stack!, /placeOrder/, error.message);
  }
});

test("one error of a whole request stays one", async () => {
  const fetch = (): Promise<Response> => Promise.reject(fetchFailed("ECONNREFUSED"));
  await using client = new Client({ fetch, logger: SILENT, timeoutSeconds: 0 });
  const [first, second] = await placeOrder(() => client.enqueueMany([NEW, NEW]));
  assert.ok(first instanceof Unavailable && first === second);
  assert.match(first.stack!, /placeOrder/);
});

const CALLS: Record<string, (client: Client) => Promise<unknown>> = {
  call: (client) => client.call("GET", "/server"),
  enqueue: (client) => client.enqueue("q", "x", 1),
  enqueueMany: (client) => client.enqueueMany([NEW], { atomic: true }),
  wait: (client) => client.wait(UNKNOWN, { timeoutSeconds: 0 }),
  read: (client) => client.read(UNKNOWN),
  cancel: (client) => client.cancel(UNKNOWN),
  readRun: (client) => client.readRun("r"),
  waitForRun: (client) => client.waitForRun("r", { timeoutSeconds: 0 }),
  cancelRun: (client) => client.cancelRun("r"),
  reopenRun: (client) => client.reopenRun("r"),
};

for (const [name, call] of Object.entries(CALLS)) {
  test(`a call that fails: ${name}`, async () => {
    const fetch = (): Promise<Response> => Promise.reject(fetchFailed("ECONNREFUSED"));
    await using client = new Client({ fetch, logger: SILENT, timeoutSeconds: 1 });
    const error = await thrown(
      Unavailable,
      placeOrder(() => call(client)),
    );
    assert.match(error.stack!, /^Unavailable: .*\n[^]*placeOrder/);
    assert.ok(error.cause instanceof Error);
    await client.close();
    const closed = await thrown(
      Unavailable,
      placeOrder(() => call(client)),
    );
    assert.match(closed.stack!, /placeOrder/);
  });
}
