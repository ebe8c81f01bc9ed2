import assert from "node:assert/strict";
import { test } from "node:test";
import { CancelRequested, EventLeaseAbort, HandlerTimeout, LeaseLost, Stopping, abortFor } from "../src/abort.js";
import {
  Completed,
  Failed,
  Hold,
  LeaseUncertain,
  NotRetryable,
  Release,
  Released,
  RetryAfter,
} from "../src/outcomes.js";
import { wireOf, type NewEvent } from "../src/new-event.js";

test("errors have names that a minifier leaves alone", () => {
  for (const [error, name] of [
    [new NotRetryable(), "NotRetryable"],
    [new RetryAfter(1), "RetryAfter"],
    [new Release(), "Release"],
    [new Hold(1), "Hold"],
    [new LeaseUncertain(), "LeaseUncertain"],
    [abortFor("lease_lost"), "LeaseLost"],
    [abortFor("cancel_requested"), "CancelRequested"],
    [abortFor("timeout"), "HandlerTimeout"],
    [abortFor("stopping"), "Stopping"],
  ] as const) {
    assert.equal(error.name, name);
    assert.ok(Object.hasOwn(Object.getPrototypeOf(error) as object, "name"));
    assert.ok(error instanceof Error);
  }
});

test("the reasons of aborts are of one family", () => {
  const kinds = [LeaseLost, CancelRequested, HandlerTimeout, Stopping];
  const told = ["lease_lost", "cancel_requested", "timeout", "stopping"] as const;
  told.forEach((reason, number) => {
    const found = abortFor(reason);
    assert.ok(found instanceof EventLeaseAbort);
    assert.deepEqual(
      kinds.filter((kind) => found instanceof kind),
      [kinds[number]],
    );
  });
});

test("a wrong delay is the mistake of the handler", () => {
  for (const wrong of ["soon", [], Infinity, NaN, -1, true]) {
    const seconds = wrong as number;
    assert.throws(() => new RetryAfter(seconds), /RetryAfter: the seconds must be/);
    assert.throws(() => new Hold(seconds), /Hold: the seconds must be/);
    assert.throws(() => new Release({ delaySeconds: seconds }), /Release: the seconds must be/);
  }
});

test("a reason that is no text is made one", () => {
  assert.equal(new Hold(1, new Error("busy") as unknown as string).reason, "busy");
  assert.equal(new Release({ reason: 7 as unknown as string }).reason, "7");
});

test("causes are kept, and are not there where none was given", () => {
  const cause = new Error("inner");
  assert.equal(new NotRetryable("outer", { cause }).cause, cause);
  assert.equal(new RetryAfter(1, "outer", { cause }).cause, cause);
  assert.ok(!("cause" in new NotRetryable("outer")));
});

test("follow-ups are a list", () => {
  assert.throws(() => new Completed(1, { enqueue: {} as unknown as NewEvent[] }), /array of events/);
});

test("reports are compared by their members", () => {
  assert.deepEqual(new Completed(1), new Completed(1, { enqueue: [] }));
  assert.deepEqual(new Released(), new Released({ delaySeconds: 0, code: null }));
  assert.notDeepEqual(new Failed({ type: "A", message: "" }), new Failed({ type: "B", message: "" }));
});

test("events are sent in snake_case, payloads as they are", () => {
  const availableAt = new Date(0);
  const event: NewEvent = {
    engineType: "voice",
    eventType: "voice.requested",
    payload: { someName: { innerName: 1 } },
    priority: 9,
    availableAt,
    scenarioRunId: undefined,
    retryPolicy: { maxRetries: 5, retryDelay: { initial: 1, max: undefined }, deadLetterThreshold: 2 },
  };
  assert.deepEqual(wireOf(event), {
    engine_type: "voice",
    event_type: "voice.requested",
    payload: { someName: { innerName: 1 } },
    priority: 9,
    available_at: availableAt,
    retry_policy: { max_retries: 5, retry_delay: { initial: 1 }, dead_letter_threshold: 2 },
  });
});

test("options that there are not are refused", () => {
  for (const make of [
    () => new Release(60 as never),
    () => new Release({ delay: 60 } as never),
    () => new Completed(1, { followUps: [] } as never),
    () => new NotRetryable("x", { detail: 5 } as never),
    () => new RetryAfter(1, "x", { detail: 5 } as never),
  ]) {
    assert.throws(make, TypeError);
  }
});
