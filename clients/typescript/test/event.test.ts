import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { inspect } from "node:util";
import { CancelRequested, LeaseLost } from "../src/abort.js";
import { currentEvent } from "../src/current.js";
import type { Event } from "../src/event.js";
import { LeaseUncertain } from "../src/outcomes.js";
import { leasedEvent } from "../src/testing/one-handler.js";
import { gate, until, Workshop } from "./handling.js";

/** An event whose handler has begun and does not end by itself. */
async function begun(options: Parameters<Workshop["put"]>[2] = {}, payload: unknown = null) {
  const workshop = new Workshop();
  const over = gate();
  const events: Event[] = [];
  workshop.on("x", async (event) => {
    events.push(event);
    await over.opened;
  });
  const row = workshop.put("x", payload, options);
  await until(() => events.length === 1);
  return { workshop, row, event: events[0]!, over };
}

test("an event has what the server sent, in camelCase", async () => {
  const { event } = await begun(
    {
      attempt: 3,
      retriesLeft: 0,
      lossesLeft: 2,
      releasesInRow: 1,
      priority: 9,
      scenarioRunId: "run",
      createdAt: "2030-01-31T12:00:00.123456Z",
      traceparent: "00-1",
      tracestate: "a=b",
      previous: { outcome: "released", progress: { lines: 2 }, code: "hold", reason: "busy" },
    },
    { npc: "Mira" },
  );
  assert.deepEqual(event.payload, { npc: "Mira" });
  assert.equal(event.payloadText, '{"npc":"Mira"}');
  assert.deepEqual([event.attempt, event.maxAttempts, event.retriesLeft, event.isLastAttempt], [3, 3, 0, true]);
  assert.deepEqual([event.lossesLeft, event.releasesInRow, event.priority], [2, 1, 9]);
  assert.deepEqual([event.scenarioRunId, event.traceparent, event.tracestate], ["run", "00-1", "a=b"]);
  assert.equal(event.createdAt.toISOString(), "2030-01-31T12:00:00.123Z");
  assert.deepEqual([event.previous?.outcome, event.previous?.progress], ["released", { lines: 2 }]);
  assert.deepEqual([event.previous?.code, event.previous?.reason, event.previous?.error], ["hold", "busy", null]);
  assert.equal(event.previous?.endedAt.getUTCFullYear(), 2030);
});

test("a first attempt has nothing before it", async () => {
  const { event } = await begun();
  assert.equal(event.previous, null);
  assert.equal(event.isLastAttempt, false);
});

test("payloads and tokens stand in no text form", async () => {
  const { event, row } = await begun({}, { secret: "password" });
  const texts = [
    inspect(event, { depth: 9, showHidden: true }),
    JSON.stringify(event),
    event.toString(),
    inspect(row, { depth: 9 }),
  ];
  for (const text of texts) {
    assert.ok(text.includes(event.eventId));
    assert.ok(!text.includes("password") && !text.includes(row.leaseToken), text);
  }
});

test("a signal is aborted with the reason, whenever it is asked for", async () => {
  const { workshop, row, event } = await begun();
  const { signal } = event;
  assert.equal(signal, event.signal);
  assert.equal(signal.aborted, false);
  event.check();
  assert.equal(event.cancelled, null);
  workshop.leases.tell([row], "cancel_requested");
  assert.ok(signal.reason instanceof CancelRequested);
  assert.equal(event.cancelled, "cancel_requested");
  assert.throws(() => {
    event.check();
  }, CancelRequested);
});

test("a signal that is asked for afterwards is aborted already", async () => {
  const { workshop, row, event } = await begun();
  workshop.leases.tell([row], "lease_lost");
  assert.ok(event.signal.reason instanceof LeaseLost);
});

test("a signal interrupts what it was given to", async () => {
  const { workshop, row, event } = await begun();
  const sleeping = sleep(3_600_000, undefined, { signal: event.signal });
  workshop.leases.tell([row], "stopping");
  await assert.rejects(sleeping, { name: "AbortError", cause: event.signal.reason as Error });
});

test("a signal may be given to many calls at once", async (t) => {
  const warned = t.mock.fn();
  process.on("warning", warned);
  t.after(() => process.off("warning", warned));
  const { workshop, row, event } = await begun();
  const sleeping = Array.from({ length: 50 }, () => sleep(3_600_000, undefined, { signal: event.signal }));
  workshop.leases.tell([row], "stopping");
  const ended = await Promise.allSettled(sleeping);
  assert.ok(ended.every(({ status }) => status === "rejected"));
  await sleep(1); // warnings are emitted later
  assert.equal(warned.mock.callCount(), 0);
});

test("a signal is not aborted after its handler has ended", async () => {
  const { workshop, row, event, over } = await begun();
  const { signal } = event;
  over.open();
  await workshop.reported(row);
  workshop.leases.tell([row], "stopping");
  assert.equal(signal.aborted, false);
});

test("progress is kept for the next heartbeat", async () => {
  const { row, event } = await begun();
  event.progress({ lines: 1 });
  event.progress({ lines: 2 });
  assert.deepEqual([row.progress, row.progressIsUnsent], ['{"lines":2}', true]);
});

test("progress that cannot be kept is refused, and the one before stays", async () => {
  const { row, event } = await begun();
  event.progress(1);
  let deep: unknown = 0;
  for (let level = 0; level < 65; level++) deep = [deep];
  for (const [value, message] of [
    [deep, /nested 65 deep/],
    ["x".repeat(300_000), /longer than/],
    [NaN, /NaN/],
    [undefined, /undefined/],
  ] as const) {
    assert.throws(() => {
      event.progress(value);
    }, message);
  }
  assert.equal(row.progress, "1");
});

test("a lease is certain until it may have ended", async () => {
  const { workshop, event } = await begun();
  assert.equal(event.leaseCertain, true);
  event.checkCertain();
  workshop.now += 300;
  assert.equal(event.leaseCertain, false);
  assert.throws(() => {
    event.checkCertain();
  }, LeaseUncertain);
});

test("the time that is left is that of the handler", async () => {
  const workshop = new Workshop({ timeoutSeconds: 60 });
  const left: (number | null)[] = [];
  workshop.on("limited", (event) => {
    workshop.now += 20;
    left.push(event.secondsLeft());
    workshop.now += 50;
    left.push(event.secondsLeft());
  });
  await workshop.reported(workshop.put("limited"));
  assert.deepEqual(left, [40, 0]);
  const { event } = await begun();
  assert.equal(event.secondsLeft(), null);
});

test("the current event is that of the handler, through whatever it awaits", async () => {
  const workshop = new Workshop({ concurrency: 2 });
  const seen: [string, string | undefined][] = [];
  workshop.on("x", async (event) => {
    assert.equal(currentEvent(), event);
    await sleep(event.payload as number);
    await Promise.all([Promise.resolve().then(() => seen.push([event.eventId, currentEvent()?.eventId]))]);
  });
  const rows = [workshop.put("x", 10), workshop.put("x", 1)];
  for (const row of rows) await workshop.reported(row);
  assert.equal(seen.length, 2);
  for (const [own, current] of seen) assert.equal(own, current);
  assert.equal(currentEvent(), undefined);
});

test("methods that are taken out of their event say what is missing", async () => {
  for (const method of ["progress", "check", "checkCertain", "secondsLeft"] as const) {
    const { error } = await new Workshop().sent((event) => {
      const { [method]: alone } = event as unknown as Record<string, (value: number) => void>;
      alone!(1);
    });
    assert.match(JSON.stringify(error), new RegExp(`TypeError.*on its event: event.${method}\\(\\)`));
  }
});

test("an event that has not begun has no payload yet", () => {
  const workshop = new Workshop();
  workshop.leases.place([leasedEvent("dialogue", "x", 1, {})], workshop.now);
  const [row] = workshop.leases.rows(() => true);
  assert.equal(row?.event?.payload, undefined);
});
