/** What tests of producers share. */

import assert from "node:assert/strict";
import { inspect } from "node:util";

import { Client } from "../src/client.js";
import type { FakeServer } from "../src/testing/fake-server/index.js";

/** An event that no server has. */
export const UNKNOWN = "01926f5e-7a3c-7d2e-9b54-3f1c8a6d2e10";
export const NEW = { engineType: "dialogue", eventType: "asked", payload: 1 as unknown };
export const SILENT = { debug: quiet, info: quiet, warn: quiet, error: quiet };

function quiet(): void {
  // Lines are of no interest here.
}

export function clientOf(server: FakeServer): Client {
  return new Client({ fetch: server.fetch, logger: SILENT });
}

/** The error that a promise is rejected with, of exactly this class. */
export async function thrown<E extends Error>(
  kind: abstract new (...args: never[]) => E,
  promise: Promise<unknown>,
): Promise<E> {
  const error = await promise.then(
    (value) => assert.fail(`resolved with ${inspect(value)}`),
    (each: unknown) => each,
  );
  assert.ok(error instanceof kind, inspect(error));
  assert.equal(error.constructor, kind);
  return error;
}

/** The name of an error's class, else the type of a value. */
export function kindOf(value: unknown): string {
  return value instanceof Error ? value.constructor.name : typeof value;
}

/** Leases an event as an engine, and settles it. */
export async function end(server: FakeServer, eventId: string, settlement: object): Promise<void> {
  const engine = clientOf(server);
  const { engine_id } = await engine.call("POST", "/engines", { engine_type: "dialogue" });
  const headers = { "X-Engine-Id": engine_id };
  const leased = await engine.call("POST", "/events/queue/dialogue/lease", { limit: 100 }, { headers });
  const { lease } = leased.events.find((event) => event.event_id === eventId)!;
  const report = { event_id: eventId, lease_token: lease.lease_token, ...settlement };
  await engine.call("PUT", "/events/status", { settlements: [report] }, { headers });
  await engine.close();
}

/** The events of all requests that enqueued some. */
export function sentEvents(server: FakeServer): Record<string, unknown>[] {
  return server.requests
    .filter(({ operation }) => operation.startsWith("enqueue"))
    .flatMap(
      ({ body }) => (body as { events?: Record<string, unknown>[] }).events ?? [body as Record<string, unknown>],
    );
}

/** How many events each request enqueued. */
export function sizes(server: FakeServer): number[] {
  return server.requests.map(({ body }) => (body as { events?: unknown[] }).events?.length ?? 1);
}
