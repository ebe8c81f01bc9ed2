import assert from "node:assert/strict";
import { test } from "node:test";
import { runInNewContext } from "node:vm";
import {
  Completed, Failed, Hold, LeaseUncertain, NotRetryable, PayloadInvalid, Release, Released, RetryAfter,
  type Report, type ReportedError,
} from "../src/outcomes.js"; // prettier-ignore
import { reportOf, reportOfReturn, settlement } from "../src/reports.js";
import { Row, type Told } from "../src/rules/leases.js";
import type { ErrorClass } from "../src/handlers.js";

function rowOf(told: Told | null = null, notRetryable: ErrorClass[] = []): Row {
  const row = new Row({ eventId: "e1", leaseToken: "t1", attempt: 1, visibilitySeconds: 300, eventType: "x" });
  row.handler = { name: "speak", call: () => 1, schema: undefined, timeoutSeconds: undefined, notRetryable };
  row.told = told;
  return row;
}

function failureOf(thrown: unknown, row: Row = rowOf()): Failed {
  const report = reportOf(thrown, row);
  assert.ok(report instanceof Failed);
  return report;
}

function errorOf(thrown: unknown): ReportedError & { details: Record<string, unknown> } {
  return failureOf(thrown).error as ReportedError & { details: Record<string, unknown> };
}

function sentOf(report: Report, row: Row = rowOf(), maxBytes?: number): [Record<string, unknown>, Report] {
  const [body, sent] = settlement(row, report, undefined, maxBytes);
  return [JSON.parse(body) as Record<string, unknown>, sent];
}

class Failing extends Error {}

test("what a handler throws decides what is reported", () => {
  assert.equal(failureOf(new Failing("broken")).retryable, true);
  assert.equal(failureOf(new NotRetryable("hopeless")).retryable, false);
  assert.equal(failureOf(new Failing("listed"), rowOf(null, [Failing])).retryable, false);
  assert.equal(failureOf(new TypeError("not listed"), rowOf(null, [Failing])).retryable, true);
  assert.equal(failureOf(new PayloadInvalid([])).retryable, false);
  assert.deepEqual(
    [failureOf(new RetryAfter(9.4, "later")).delaySeconds, failureOf(new RetryAfter(9, "")).retryable],
    [9, true],
  );
  assert.deepEqual(
    reportOf(new Release({ delaySeconds: 3, reason: "back", code: "mine" }), rowOf()),
    new Released({ delaySeconds: 3, reason: "back", code: "mine" }),
  );
  assert.deepEqual(
    reportOf(new Hold(0.4, "busy"), rowOf()),
    new Released({ code: "hold", reason: "busy", holdSeconds: 0.4 }),
  );
  assert.equal((reportOf(new LeaseUncertain(), rowOf()) as Released).code, "lease_uncertain");
});

test("subclasses of the author's are what they extend", () => {
  class Hopeless extends NotRetryable {}
  assert.deepEqual(
    [failureOf(new Hopeless("x")).retryable, failureOf(new Hopeless("x")).error.type],
    [false, "Hopeless"],
  );
});

test("what is thrown after the handler was told to stop is explained by that", () => {
  const abort = new DOMException("aborted", "AbortError");
  assert.equal(reportOf(abort, rowOf("lease_lost")), null);
  assert.deepEqual(
    reportOf(abort, rowOf("cancel_requested")),
    new Released({ code: "cancel_requested", reason: "its cancellation was requested" }),
  );
  assert.deepEqual(reportOf(abort, rowOf("stopping")), new Released({ code: "stopping", reason: "the engine stops" }));
  assert.deepEqual(
    [failureOf(abort, rowOf("timeout")).error.type, failureOf(abort, rowOf("timeout")).retryable],
    ["HandlerTimeout", true],
  );
  assert.deepEqual(
    reportOf(new NotRetryable("wrapped"), rowOf("stopping")),
    new Released({ code: "stopping", reason: "the engine stops" }),
  );
  assert.equal(reportOf(new NotRetryable("wrapped"), rowOf("lease_lost")), null);
});

test("an AbortError that is not ours is a failure", () => {
  assert.equal(failureOf(AbortSignal.abort().reason).error.type, "AbortError");
});

test("what is no Error is a failure, with its text", () => {
  const hostile = {
    get [Symbol.toStringTag](): string {
      throw new Error("no tag");
    },
  };
  for (const [thrown, message] of [
    ["a text", "a text"],
    [7, "7"],
    [undefined, "undefined"],
    [null, "null"],
    [{ code: 3 }, "{ code: 3 }"],
    [Symbol("s"), "Symbol(s)"],
    [() => 1, "[Function (anonymous)]"],
    [2n, "2n"],
  ] as const) {
    // prettier-ignore
    const { error, retryable } = failureOf(thrown);
    assert.deepEqual([error.type, error.message, retryable], ["NonError", message, true]);
  }
  assert.throws(() => reportOf(hostile, rowOf())); // what runs handlers reports it otherwise
});

test("an error is described with its cause, details and stack", () => {
  const inner = new TypeError("inner", { cause: "a text" });
  const error = Object.assign(new Failing("outer", { cause: inner }), { details: { hint: 1 } });
  const described = errorOf(error);
  assert.deepEqual([described.type, described.message], ["Failing", "outer"]);
  assert.deepEqual(described.details["cause"], [
    { type: "TypeError", message: "inner" },
    { type: "NonError", message: "a text" },
  ]);
  assert.deepEqual(described.details["details"], { hint: 1 });
  assert.equal(described.details["handler"], "speak");
  assert.match(described.details["stack"] as string, /Failing|Error: outer\n +at /);
  assert.ok(!("stack" in ((reportOf(error, rowOf(), { withStack: false }) as Failed).error.details as object)));
});

test("a chain of causes ends after five, a circle too", () => {
  const circle = new Error("a");
  circle.cause = circle;
  assert.equal((errorOf(circle).details["cause"] as unknown[]).length, 5);
});

test("the errors of an AggregateError are its causes", () => {
  const error = new AggregateError([new Failing("one"), new Error("two", { cause: new Error("three") })], "all");
  const messages = (errorOf(error).details["cause"] as { message: string }[]).map(({ message }) => message);
  assert.deepEqual(messages, ["one", "two", "three"]);
});

test("names of errors are those that were given to them", () => {
  class Named extends Error {
    override name = "OwnName";
  }
  const own = Object.assign(new Error("x"), { name: "ValidationError" });
  assert.deepEqual([new Named(), own, new RangeError(), new DOMException("x", "DataCloneError")].map((each) => errorOf(each).type), [
    "OwnName", "ValidationError", "RangeError", "DataCloneError",
  ]); // prettier-ignore
  assert.equal(
    errorOf(Object.assign(new Error("x"), { name: "a\u0000\nb\u2028" + "c".repeat(300) })).type,
    "ab" + "c".repeat(198),
  );
  assert.equal(errorOf(Object.assign(new Error("x"), { name: 7 })).type, "Error");
  assert.equal(errorOf(runInNewContext("new TypeError('elsewhere')")).type, "TypeError");
});

test("details that cannot be sent do not lose the failure", () => {
  const circular: Record<string, unknown> = {};
  circular["self"] = circular;
  let deep: unknown = 0;
  for (let level = 0; level < 60; level++) deep = [deep];
  const thrower = Object.defineProperty(new Error("x"), "details", {
    get: () => {
      throw new Error("no details");
    },
  });
  for (const details of [circular, { n: NaN }, () => 1, 2n]) {
    assert.match(
      errorOf(new NotRetryable("x", { details })).details["details"] as string,
      /the details|function|bigint/i,
    );
  }
  assert.equal(typeof errorOf(new NotRetryable("x", { details: deep })).details["details"], "string");
  assert.equal(
    (errorOf(new NotRetryable("x", { details: "y".repeat(100_000) })).details["details"] as string).length,
    8192,
  );
  assert.ok(!("details" in errorOf(thrower).details));
  assert.ok(!("details" in errorOf(new NotRetryable("x", { details: null })).details));
});

test("errors whose members throw or are odd are described all the same", () => {
  const odd = new Error("x");
  for (const name of ["stack", "message", "cause"]) {
    Object.defineProperty(odd, name, {
      get: () => {
        throw new Error("no");
      },
    });
  }
  assert.equal(errorOf(odd).message, "the thrown value has no text");
  assert.equal(errorOf(Object.assign(new Error(), { message: 7 })).message, "7");
});

test("messages are cut, and lone surrogates are replaced", () => {
  const { message } = errorOf(new Error("x".repeat(10_000)));
  assert.deepEqual([message.length, message.at(-1)], [8192, "…"]);
  const [body] = sentOf(failureOf(new Error("a\ud800b")));
  assert.equal((body["error"] as ReportedError).message, "a\ufffdb");
});

test("all of a failure fits into what the server takes", () => {
  const controls = "\u0001".repeat(20_000);
  let error = new Error(controls);
  for (let causes = 0; causes < 6; causes++) error = new Error(controls, { cause: error });
  const report = failureOf(Object.assign(error, { details: "\u0001".repeat(10_000) }));
  const [body, sent] = sentOf(report);
  assert.ok(Buffer.byteLength(JSON.stringify((body["error"] as ReportedError).details ?? null)) <= 256 * 1024);
  assert.ok(sent instanceof Failed);
  const [small] = sentOf(failureOf(new Error("x")), rowOf(), 10);
  assert.deepEqual(small["error"], { type: "Error", message: "x" });
});

test("fingerprints and codes are cut to what is printed", () => {
  assert.equal(failureOf(new NotRetryable("x", { fingerprint: "same\ncause" })).error.fingerprint, "samecause");
  assert.ok(!("fingerprint" in failureOf(new NotRetryable("x", { fingerprint: "" })).error));
  const released = reportOf(new Release({ code: "x".repeat(100), reason: "c\u0000d" }), rowOf()) as Released;
  assert.deepEqual([released.code?.length, released.reason], [64, "cd"]);
});

test("delays are a day at most", () => {
  assert.equal(failureOf(new RetryAfter(1e9)).delaySeconds, 86_400);
  assert.equal((reportOf(new Release({ delaySeconds: 1e9 }), rowOf()) as Released).delaySeconds, 86_400);
  assert.equal((reportOf(new Hold(1e9), rowOf()) as Released).holdSeconds, 86_400);
});

test("a settlement has the members of the contract", () => {
  const start = { event_id: "e1", lease_token: "t1" };
  assert.deepEqual(sentOf(new Completed())[0], { ...start, status: "completed" });
  assert.deepEqual(sentOf(new Completed(null))[0], { ...start, status: "completed", result: null });
  assert.deepEqual(sentOf(new Completed({ a: 1, b: undefined }))[0], {
    ...start,
    status: "completed",
    result: { a: 1 },
  });
  assert.deepEqual(sentOf(new Released())[0], { ...start, status: "queued" });
  assert.deepEqual(sentOf(new Released({ delaySeconds: 3, code: "hold", reason: "busy", holdSeconds: 9 }))[0], {
    ...start, status: "queued", delay_seconds: 3, code: "hold", reason: "busy",
  }); // prettier-ignore
  const error = { type: "A", message: "b" };
  assert.deepEqual(sentOf(new Failed(error))[0], { ...start, status: "failed", error });
  assert.deepEqual(sentOf(new Failed(error, { retryable: false, delaySeconds: 0 }))[0], {
    ...start, status: "failed", error, retryable: false, delay_seconds: 0,
  }); // prettier-ignore
});

test("follow-ups go with the completion, their payloads as they are", () => {
  const enqueue = [{ engineType: "voice", eventType: "voice.requested", payload: { someLine: 1 }, uniqueKey: "k" }];
  assert.deepEqual(sentOf(new Completed(1, { enqueue }))[0]["enqueue"], [
    { engine_type: "voice", event_type: "voice.requested", payload: { someLine: 1 }, unique_key: "k" },
  ]);
});

test("progress that was not sent goes with what is not a completion", () => {
  const row = rowOf();
  row.progress = '{"lines":1}';
  row.progressIsUnsent = true;
  assert.deepEqual(sentOf(new Released(), row)[0]["progress"], { lines: 1 });
  assert.deepEqual(sentOf(failureOf(new Error("x")), row)[0]["progress"], { lines: 1 });
  assert.ok(!("progress" in sentOf(new Completed(1), row)[0]));
  row.progressIsUnsent = false;
  assert.ok(!("progress" in sentOf(new Released(), row)[0]));
});

const circular: unknown[] = [];
circular.push(circular);
let endless: unknown = 0;
for (let level = 0; level < 100_000; level++) endless = [endless];
const NOT_JSON: Record<string, [unknown, string]> = {
  NaN: [{ share: NaN }, "ResultNotJson"],
  BigInt: [2n ** 70n, "ResultNotJson"],
  "a circle": [circular, "ResultNotJson"],
  "a function within": [{ call: () => 1 }, "ResultNotJson"],
  "a symbol": [Symbol("a"), "ResultNotJson"],
  "a Map": [new Map(), "ResultNotJson"],
  "too deep": [endless, "ResultNotJson"],
  "a toJSON that throws nothing useful": [{ toJSON: () => { throw undefined as unknown as Error; } }, "ResultNotJson"],
  "too large": ["x".repeat(300_000), "ResultRefused"],
  "too large in UTF-8": ["ä".repeat(140_000), "ResultRefused"],
}; // prettier-ignore
for (const [name, [result, type]] of Object.entries(NOT_JSON)) {
  test(`a result that cannot be sent fails for good: ${name}`, () => {
    const [body, sent] = sentOf(reportOfReturn(result));
    assert.ok(sent instanceof Failed);
    assert.deepEqual([body["status"], body["retryable"], sent.error.type], ["failed", false, type]);
    assert.notEqual(sent.error.message, "");
  });
}

test("a result just as large as the server takes is sent", () => {
  const text = "ä".repeat((256 * 1024 - 2) / 2);
  assert.equal(sentOf(new Completed(text))[0]["result"], text);
});

test("follow-ups that cannot be sent fail for good", () => {
  for (const event of [{ engineType: "a", eventType: "b", payload: NaN }, null]) {
    const [, sent] = sentOf(new Completed(1, { enqueue: [event as never] }));
    assert.ok(sent instanceof Failed && sent.error.type === "ResultNotJson");
  }
});

const MISTAKES: Record<string, [unknown, RegExp]> = {
  "a Hold": [new Hold(60), /throw new Hold\(/],
  "a class": [RetryAfter, /throw new RetryAfter\(/],
  "an error": [new RangeError("broken"), /throw new RangeError\(/],
  "within Completed": [new Completed(new Hold(60)), /throw new Hold\(/],
  "Failed": [new Failed({ type: "A", message: "b" }), /throw an error/],
  "Released": [new Released(), /throw an error/],
  "a function": [() => 1, /function/],
  "a generator": [(function* () { yield 1; })(), /array/],
  "an async generator": [(async function* () { yield await Promise.resolve(1); })(), /array/],
}; // prettier-ignore
for (const [name, [returned, advice]] of Object.entries(MISTAKES)) {
  test(`what should not be returned says what to write: ${name}`, () => {
    const report = reportOfReturn(returned);
    assert.ok(report instanceof Failed);
    assert.deepEqual([report.error.type, report.retryable], ["ResultNotJson", false]);
    assert.match(report.error.message, advice);
  });
}
