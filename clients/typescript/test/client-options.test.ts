/** Wrong options, which programs without types may pass, are refused by name. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { Client } from "../src/client.js";
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
