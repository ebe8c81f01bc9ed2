/** An error shows the line of the program that made the call, also where callers share a request. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { Client } from "../src/client.js";
import { EventCancelled, EventFailed, InvalidInput, NotFound, TimeoutError, Unavailable } from "../src/errors.js";
import { FakeServer } from "../src/testing/fake-server/index.js";
import { SILENT, UNKNOWN, clientOf, end, thrown } from "./producing.js";
import { fetchFailed } from "./scripted.js";

async function placeOrder(call: () => Promise<unknown>): Promise<void> {
  await call();
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
