/** Wrong options, which programs without types may pass, are refused by name. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { Client } from "../src/client.js";
import { Engine } from "../src/engine.js";
import type { ClientOptions } from "../src/client.js";
import type { EnqueueOptions } from "../src/enqueuing.js";
import { ConfigurationError, InvalidInput } from "../src/errors.js";
import { FakeServer } from "../src/testing/fake-server/index.js";
import type { WaitOptions } from "../src/waiting.js";
import { SILENT, UNKNOWN, clientOf, thrown } from "./producing.js";

for (const [name, value] of [
  ["tokn", "x"],
  ["token", 5],
  ["json", {}],
  ["fetch", 5],
  ["logger", {}],
  ["onFull", "w"],
  ["timeoutSeconds", "x"],
  ["timeoutSeconds", NaN],
] as const) {
  test(`a client refuses ${name}: ${JSON.stringify(value)}`, () => {
    const options = { [name]: value } as unknown as ClientOptions;
    assert.throws(
      () => new Client(options),
      (error: unknown) => error instanceof ConfigurationError && error.message.includes(name),
    );
  });
}

test("a client without a logger refuses a wrong EVENTLEASE_LOG", () => {
  const before = process.env["EVENTLEASE_LOG"];
  process.env["EVENTLEASE_LOG"] = "loud";
  try {
    assert.throws(() => new Client(), /ConfigurationError: EVENTLEASE_LOG must be/);
    new Client({ logger: SILENT });
  } finally {
    if (before === undefined) delete process.env["EVENTLEASE_LOG"];
    else process.env["EVENTLEASE_LOG"] = before;
  }
});

for (const [name, value] of [
  ["timeoutSeconds", NaN],
  ["timeoutSeconds", "x"],
  ["timeoutSeconds", -1],
  ["timeout", 1],
  ["signal", {}],
] as const) {
  test(`a wait refuses ${name}: ${JSON.stringify(value)}`, async () => {
    await using server = new FakeServer();
    await using client = clientOf(server);
    const options = { [name]: value } as unknown as WaitOptions;
    for (const wait of [
      client.wait(UNKNOWN, options),
      client.waitMany([UNKNOWN], options),
      client.waitForRun("r", options),
    ]) {
      const error = await thrown(InvalidInput, wait);
      assert.ok(error.message.includes(name), error.message);
    }
    assert.equal(server.requests.length, 0);
  });
}

test("options of what is enqueued are checked", async () => {
  await using server = new FakeServer();
  await using client = clientOf(server);
  const options = { idempotency: "no" } as unknown as EnqueueOptions;
  assert.match((await thrown(InvalidInput, client.enqueue("q", "x", 1, options))).message, /idempotency/);
  const many = { atomic: "no" } as unknown as { atomic: boolean };
  assert.match((await thrown(InvalidInput, client.enqueueMany([], many))).message, /atomic/);
  assert.equal(server.requests.length, 0);
});

test("options of an event are an object, and waitMany takes a list", async () => {
  await using client = new Client({ fetch: () => Promise.reject(new Error("unused")) });
  await assert.rejects(client.enqueue("q", "x", 1, 9 as never), /the options must be an object/);
  await assert.rejects(client.waitMany(crypto.randomUUID()), /call wait/);
});

test("what is wrong with the environment is said of the environment", () => {
  const before = { ...process.env };
  try {
    process.env["EVENTLEASE_URL"] = "nowhere";
    assert.throws(() => new Client(), /EVENTLEASE_URL must be an address/);
    assert.throws(() => new Client({ url: "nowhere" }), /^ConfigurationError: url must be an address/);
    delete process.env["EVENTLEASE_URL"];
    process.env["EVENTLEASE_TOKEN"] = "a b";
    assert.throws(() => new Client(), /EVENTLEASE_TOKEN must consist/);
    process.env["EVENTLEASE_ENGINE_ID"] = "pod-1";
    assert.throws(() => {
      new Engine("x").on("x", () => 1).start();
    }, /engineId must be a UUID; it was read from EVENTLEASE_ENGINE_ID/);
  } finally {
    process.env = before;
  }
});
