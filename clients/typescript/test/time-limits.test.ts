/** A server that accepts calls and never answers holds up nobody for longer than was asked for. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { Client } from "../src/client.js";
import { Unavailable } from "../src/errors.js";
import { LEAST_TRY_SECONDS, Tries } from "../src/tries.js";
import { SILENT, UNKNOWN, thrown } from "./producing.js";
import { Pauses, SocketServer } from "./scripted.js";

// Far above what a call takes, and far below the limit of a single try.
const LIMIT_SECONDS = 10;

for (const [name, call] of Object.entries<(client: Client) => Promise<unknown>>({
  enqueue: (client) => client.enqueue("q", "x", 1),
  enqueueMany: async (client) => {
    const [first] = await client.enqueueMany([{ engineType: "q", eventType: "x", payload: 1 }]);
    throw first as Error;
  },
  read: (client) => client.read(UNKNOWN),
  cancel: (client) => client.cancel(UNKNOWN),
  call: (client) => client.call("GET", "/server"),
  wait: (client) => client.wait(UNKNOWN, { timeoutSeconds: 0.1 }),
  waitForRun: (client) => client.waitForRun("r", { timeoutSeconds: 0.1 }),
})) {
  test(`${name} ends though the server is silent`, async () => {
    await using server = await SocketServer.listen(...Array.from({ length: 20 }, () => [undefined]));
    await using client = new Client({ url: server.url, logger: SILENT, timeoutSeconds: 0.1 });
    const since = performance.now();
    await thrown(Unavailable, call(client));
    assert.ok((performance.now() - since) / 1000 < LIMIT_SECONDS);
  });
}

test("a try has what is left, but at least some seconds, and its own limit at most", () => {
  const pauses = new Pauses();
  const triesWithin = (withinSeconds: number | null): Tries =>
    new Tries("GET /x", { isSafe: true, withinSeconds }, pauses, SILENT, null);
  const tries = triesWithin(20);
  assert.equal(tries.trySeconds(30, 0), 20);
  assert.equal(tries.trySeconds(15, 0), 15);
  void pauses.sleep(12);
  assert.equal(tries.trySeconds(30, 0), 8);
  assert.equal(tries.trySeconds(30, 2), 10);
  void pauses.sleep(7.5);
  assert.equal(tries.trySeconds(30, 0), LEAST_TRY_SECONDS);
  assert.equal(triesWithin(null).trySeconds(30, 0), 30);
  assert.equal(triesWithin(0).trySeconds(9, 9), 9); // a heartbeat, which is never repeated
});
