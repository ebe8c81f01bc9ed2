/** Many calls at once: they share the server with engines, and share one AbortSignal. */

import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";
import { test } from "node:test";

import { Client } from "../src/client.js";
import { Unavailable } from "../src/errors.js";
import { FakeServer } from "../src/testing/fake-server/index.js";
import { Turns } from "../src/turns.js";
import { SILENT, UNKNOWN, clientOf, thrown } from "./producing.js";
import { reply } from "./scripted.js";

const EVENT = { event_id: UNKNOWN, status: "queued" };

/** A `fetch` that answers once it is let go, and counts what is under way. */
class Slow {
  underWay = 0;
  most = 0;
  readonly #answers: (() => void)[] = [];

  readonly fetch = async (_: string, init: RequestInit): Promise<Response> => {
    this.most = Math.max(this.most, ++this.underWay);
    await new Promise<void>((resolve) => {
      this.#answers.push(resolve);
      init.signal?.addEventListener("abort", () => {
        resolve();
      });
    });
    this.underWay--;
    return reply(200, EVENT);
  };

  answer(): void {
    for (const answer of this.#answers.splice(0)) answer();
  }
}

test("a client has at most 16 requests under way, and makes the other calls as these end", async () => {
  const slow = new Slow();
  await using client = new Client({ fetch: slow.fetch, logger: SILENT });
  let done = 0;
  const calls = Array.from({ length: 50 }, () => client.cancel(UNKNOWN).then(() => done++));
  while (done < 50) {
    await sleep(1);
    slow.answer();
  }
  await Promise.all(calls);
  assert.equal(slow.most, 16);
});

test("a call whose turn does not come in time was not carried out", async () => {
  const slow = new Slow();
  await using client = new Client({ fetch: slow.fetch, logger: SILENT, timeoutSeconds: 0 });
  const first = Array.from({ length: 16 }, () => client.cancel(UNKNOWN));
  while (slow.underWay < 16) await sleep(1);
  const waiting = thrown(Unavailable, client.cancel(UNKNOWN));
  await client.close();
  assert.equal((await waiting).isUnknown, false);
  await Promise.allSettled(first);
});

test("a turn comes to the one who has waited longest, and not after its time", async () => {
  const turns = new Turns(1);
  assert.equal(await turns.take(0), true);
  assert.equal(await turns.take(0.001), false);
  const order: number[] = [];
  const waiting = [1, 2].map((number) => turns.take(60).then(() => order.push(number)));
  turns.give();
  turns.give();
  await Promise.all(waiting);
  assert.deepEqual(order, [1, 2]);
  turns.give();
  assert.equal(await turns.take(0), true);
});

test("calls that wait in the server do not keep others from being made", async () => {
  const slow = new Slow();
  await using client = new Client({ fetch: slow.fetch, logger: SILENT });
  const waiting = Array.from({ length: 20 }, () => client.call("GET", `/events/${UNKNOWN}?wait_seconds=20`));
  while (slow.underWay < 20) await sleep(1);
  const read = client.read(UNKNOWN);
  while (slow.underWay < 21) await sleep(1);
  slow.answer();
  await Promise.all([...waiting, read]);
});

test("any number of waits and calls share a signal without a warning of Node", async () => {
  const warnings: Error[] = [];
  const note = (warning: Error): void => void warnings.push(warning);
  process.on("warning", note);
  await using server = new FakeServer();
  await using client = clientOf(server);
  const stop = new AbortController();
  const events = await Promise.all(Array.from({ length: 30 }, () => client.enqueue("q", "x", 1)));
  const waits = events.map(({ eventId }) => client.wait(eventId, { signal: stop.signal }));
  const calls = events.map(() => client.call("GET", "/server", undefined, { signal: stop.signal }));
  await using away = new Client({ url: "http://127.0.0.1:1", logger: SILENT, timeoutSeconds: 0.5 });
  const repeated = Array.from({ length: 30 }, () => away.call("GET", "/server"));
  await Promise.allSettled(repeated);
  stop.abort(new Error("Ctrl-C"));
  for (const wait of await Promise.allSettled(waits))
    assert.match(String((wait as PromiseRejectedResult).reason), /Ctrl-C/);
  await Promise.allSettled(calls);
  await sleep(0); // warnings are emitted in a turn of their own
  process.off("warning", note);
  assert.deepEqual(warnings, []);
});
