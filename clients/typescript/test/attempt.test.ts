import assert from "node:assert/strict";
import { test } from "node:test";
import type { Event } from "../src/event.js";
import { Hold, NotRetryable, Release, RetryAfter } from "../src/outcomes.js";
import { until, Workshop } from "./handling.js";

/** The lines about an event whose handler threw this. */
async function saidOf(thrown: unknown, options: ConstructorParameters<typeof Workshop>[0] = {}) {
  const workshop = new Workshop(options);
  workshop.on("x", () => {
    throw thrown;
  });
  const row = workshop.put("x", { secret: "password" });
  await workshop.reported(row);
  for (const { message } of workshop.lines) assert.ok(!message.includes("password"));
  return workshop.said.map((line) => ({ ...line, message: line.message.replace(row.toString(), "EVENT") }));
}

test("an error that nobody has foreseen is a warning with its stack", async () => {
  const error = new TypeError("broken\nin two lines");
  const [line, ...others] = await saidOf(error);
  assert.ok(line);
  assert.deepEqual(others, []);
  assert.deepEqual([line.level, line.message], ["warn", "EVENT failed: TypeError: broken in two lines"]);
  assert.equal(line.fields["err"], error);
  assert.equal(line.fields["engineType"], "dialogue");
  assert.equal(line.fields["attempt"], 1);
});

test("what the handler has decided is one line", async () => {
  for (const [thrown, level, message] of [
    [new NotRetryable("hopeless"), "warn", "EVENT failed: NotRetryable: hopeless"],
    [new RetryAfter(60, "later"), "info", "EVENT failed, and is retried in 60 s: later"],
    [new Release({ delaySeconds: 3, reason: "back" }), "info", "EVENT goes back, for 3 s at least: back"],
    [new Hold(7, "busy"), "info", "EVENT goes back, and the engine holds off for 7 s: busy"],
  ] as const) {
    const lines = await saidOf(thrown);
    assert.deepEqual(
      lines.map((line) => [line.level, line.message, "err" in line.fields]),
      [[level, message, false]],
    );
  }
});

test("a failure with a delay on the last attempt is a warning that says so", async () => {
  const workshop = new Workshop();
  workshop.on("x", () => {
    throw new RetryAfter(9, "busy");
  });
  await workshop.reported(workshop.put("x", null, { attempt: 4, retriesLeft: 0 }));
  const [line] = workshop.said;
  assert.equal(line?.level, "warn");
  assert.match(line.message, /becomes a dead letter, because no retries are left: RetryAfter: busy/);
});

test("a long message is cut", async () => {
  const [line] = await saidOf(new Error("x".repeat(5000)));
  assert.ok(line!.message.length < 600);
});

test("failures are not logged where the author does not want it", async () => {
  assert.deepEqual(await saidOf(new Error("x"), { logFailures: false }), []);
});

test("stacks are not reported where the author does not want it", async () => {
  const workshop = new Workshop({ reportTraceback: false });
  const sent = await workshop.sent(() => {
    throw new Error("x");
  });
  assert.deepEqual((sent["error"] as { details: unknown }).details, { handler: "once" });
});

test("a result that cannot be sent is one warning", async () => {
  const workshop = new Workshop();
  workshop.on("x", () => ({ share: NaN }));
  const row = workshop.put();
  await workshop.reported(row);
  assert.deepEqual(
    workshop.said.map(({ level }) => level),
    ["warn"],
  );
  assert.match(workshop.said[0]!.message, /NaN/);
  assert.deepEqual([workshop.leases.stats.failed, workshop.leases.stats.completed], [1, 0]);
});

test("a handler that ends because it was told to is no news, but for its time limit", async () => {
  for (const [reason, lines] of [
    ["cancel_requested", 0],
    ["stopping", 0],
    ["timeout", 1],
  ] as const) {
    const workshop = new Workshop();
    workshop.on("x", async (event) => {
      await new Promise((_, reject) => {
        event.signal.addEventListener("abort", () => {
          reject(event.signal.reason as Error);
        });
      });
    });
    const row = workshop.put();
    await until(() => row.state === "running" && row.wake !== null);
    workshop.leases.tell([row], reason);
    await workshop.reported(row);
    assert.equal(workshop.said.length, lines, reason);
    assert.ok(workshop.said.every(({ fields }) => !("err" in fields)));
  }
});

test("a lost lease reports nothing, but a value counts", async () => {
  const workshop = new Workshop();
  const lose = ({ eventId }: Event): void => {
    workshop.leases.lose([{ row: workshop.leases.table.rows.get(eventId)!, reason: "expired" }]);
  };
  workshop.on("throws", (event) => {
    lose(event);
    event.check();
  });
  workshop.on("returns", (event) => {
    lose(event);
    return "done all the same";
  });
  const rows = [workshop.put("throws"), workshop.put("returns")];
  await workshop.reported(rows[1]!);
  await until(() => workshop.slots.running === 0);
  assert.deepEqual(
    workshop.leases.outbox.map(({ row }) => row),
    [rows[1]],
  );
});
