import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import type { Event } from "../src/event.js";
import { Completed, Released, type Failed } from "../src/outcomes.js";
import { gate, until, Workshop } from "./handling.js";

/** Handlers that run until the test lets one go, by the payload. */
function gated(concurrency: number) {
  const workshop = new Workshop({ concurrency });
  const begun: number[] = [];
  const gates = Array.from({ length: 10 }, gate);
  workshop.on("x", async (event) => {
    const number = event.payload as number;
    begun.push(number);
    await gates[number]!.opened;
    return number;
  });
  return { workshop, begun, gates };
}

const turn = () => new Promise((resolve) => setImmediate(resolve));

test("so many handlers run at once, in the order of their events", async () => {
  const { workshop, begun, gates } = gated(2);
  const rows = [0, 1, 2, 3].map((number) => workshop.put("x", number));
  await until(() => begun.length === 2);
  await turn();
  assert.deepEqual(begun, [0, 1]);
  assert.deepEqual([workshop.slots.running, workshop.slots.waiting], [2, 2]);
  gates[1]!.open();
  await until(() => begun.length === 3);
  assert.deepEqual(begun, [0, 1, 2]);
  for (const each of gates) each.open();
  for (const row of rows) assert.ok((await workshop.reported(row)) instanceof Completed);
  await until(() => workshop.slots.running === 0);
  assert.equal(workshop.slots.waiting, 0);
});

test("what waits can be taken back", async () => {
  const { workshop, begun, gates } = gated(1);
  const rows = [0, 1, 2].map((number) => workshop.put("x", number));
  await until(() => begun.length === 1);
  assert.deepEqual(
    workshop.slots.takeWaiting((row) => row === rows[1]),
    [rows[1]],
  );
  assert.deepEqual(
    workshop.slots.takeWaiting((row) => row === rows[1]),
    [],
  );
  for (const each of gates) each.open();
  await workshop.reported(rows[2]!);
  assert.deepEqual(begun, [0, 2]);
});

test("a handler does not begin once its lease may have ended, and its slot goes on", async () => {
  const { workshop, begun, gates } = gated(1);
  const [, late] = [workshop.put("x", 0), workshop.put("x", 1)];
  await until(() => begun.length === 1);
  workshop.now += 300;
  const next = workshop.put("x", 2);
  for (const each of gates) each.open();
  assert.equal(((await workshop.reported(late)) as Released).code, "not_begun");
  await workshop.reported(next);
  assert.deepEqual(begun, [0, 2]);
});

test("a handler that ignores its signal is given up, and its slot goes on", async () => {
  const { workshop, begun, gates } = gated(1);
  const [hanging, next] = [workshop.put("x", 0), workshop.put("x", 1)];
  await until(() => begun.length === 1);
  workshop.slots.giveUp(hanging);
  assert.equal(workshop.slots.hung, 0); // it was not told to stop
  workshop.leases.tell([hanging], "timeout");
  workshop.slots.giveUp(hanging);
  workshop.slots.giveUp(hanging);
  assert.equal(((await workshop.reported(hanging)) as Failed).error.type, "HandlerTimeout");
  await until(() => begun.length === 2);
  assert.deepEqual([workshop.slots.running, workshop.slots.hung, workshop.slots.isStuck()], [1, 1, true]);
  gates[0]!.open();
  await until(() => workshop.slots.hung === 0);
  assert.equal(workshop.slots.isStuck(), false);
  gates[1]!.open();
  await workshop.reported(next);
  await until(() => workshop.slots.running === 0);
  assert.equal(workshop.leases.outbox.filter(({ row }) => row === hanging).length, 1);
});

test("a handler that was given up and fails at last is nobody's unhandled rejection", async (t) => {
  const unhandled = t.mock.fn();
  process.on("unhandledRejection", unhandled);
  t.after(() => process.off("unhandledRejection", unhandled));
  const workshop = new Workshop({ concurrency: 1 });
  const over = gate();
  workshop.on("x", async () => {
    await over.opened;
    throw new Error("too late");
  });
  const row = workshop.put();
  await until(() => workshop.slots.running === 1 && row.state === "running");
  workshop.leases.tell([row], "stopping");
  workshop.slots.giveUp(row);
  over.open();
  await until(() => workshop.slots.hung === 0);
  await sleep(5);
  assert.equal(unhandled.mock.callCount(), 0);
  assert.ok(workshop.leases.outbox[0]!.report instanceof Released);
});

test("an unhandled rejection that a handler leaves behind stays one", async (t) => {
  const unhandled = t.mock.fn();
  const others = process.listeners("unhandledRejection");
  process.removeAllListeners("unhandledRejection");
  process.on("unhandledRejection", unhandled);
  t.after(() => {
    process.off("unhandledRejection", unhandled);
    for (const listener of others) process.on("unhandledRejection", listener);
  });
  const workshop = new Workshop();
  workshop.on("x", () => {
    void Promise.reject(new Error("forgotten"));
  });
  assert.ok((await workshop.reported(workshop.put())) instanceof Completed);
  await until(() => unhandled.mock.callCount() === 1);
  assert.equal((unhandled.mock.calls[0]!.arguments[0] as Error).message, "forgotten");
});

test("handlers that never pause let timers have their turn", async () => {
  const workshop = new Workshop({ concurrency: 1, prefetch: 1000 });
  let ended = 0;
  let seen = -1;
  workshop.on("x", () => {
    workshop.now += 0.001; // as if it had computed
    ended += 1;
  });
  setTimeout(() => (seen = ended), 0);
  const rows = workshop.putMany(1000);
  await workshop.reported(rows.at(-1)!);
  assert.ok(seen >= 0 && seen < 1000, `a timer had its turn after ${seen} of 1000 handlers`);
});

test("what a handler throws at once is reported as what its promise rejects with", async () => {
  const workshop = new Workshop();
  workshop.on("sync", () => {
    throw new TypeError("broken");
  });
  workshop.on("async", () => Promise.reject(new TypeError("broken")));
  workshop.on("then", () => ({
    get then(): unknown {
      throw new TypeError("broken");
    },
  }));
  for (const type of ["sync", "async", "then"]) {
    const report = (await workshop.reported(workshop.put(type))) as Failed;
    assert.deepEqual([report.error.type, report.error.message, report.retryable], ["TypeError", "broken", true]);
  }
});

test("what the library cannot cope with costs neither the event nor the slot", async () => {
  const workshop = new Workshop({ concurrency: 1 });
  workshop.on("x", () => {
    throw new Proxy(new Error("x"), {
      getPrototypeOf() {
        throw new Error("hostile");
      },
    });
  });
  workshop.on("y", () => "fine");
  const [broken, next] = [workshop.put("x"), workshop.put("y")];
  assert.equal(((await workshop.reported(broken)) as Failed).error.type, "ClientBug");
  assert.ok((await workshop.reported(next)) instanceof Completed);
  assert.deepEqual(
    workshop.said.map(({ level }) => level),
    ["error"],
  );
});

test("a logger that throws harms no event", async () => {
  const broken = () => {
    throw new Error("the disk is full");
  };
  const workshop = new Workshop({ logger: { debug: broken, info: broken, warn: broken, error: broken } });
  workshop.on("x", () => {
    throw new Error("x");
  });
  assert.equal(((await workshop.reported(workshop.put())) as Failed).error.type, "Error");
});

test("state is what the lifespan has yielded", async () => {
  const workshop = new Workshop();
  workshop.slots.state = { pool: 1 };
  workshop.on("x", (event: Event) => event.state);
  assert.deepEqual(await workshop.reported(workshop.put()), new Completed({ pool: 1 }));
});
