/** A process may hold two copies of the package, such as two versions in a workspace. */
import assert from "node:assert/strict";
import { cpSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { fileURLToPath, pathToFileURL } from "node:url";
import type * as library from "../src/index.js";
import { Completed, Engine, NotRetryable, Release, Released, type Failed, type Report } from "../src/index.js";
import { run } from "../src/testing/one-handler.js";

type Library = typeof library;
let folder: string;
let copy: Library;

before(async () => {
  folder = mkdtempSync(join(tmpdir(), "eventlease-copy-"));
  cpSync(fileURLToPath(new URL("../src", import.meta.url)), folder, { recursive: true });
  writeFileSync(join(folder, "package.json"), '{"type":"module"}');
  copy = (await import(pathToFileURL(join(folder, "index.js")).href)) as Library;
  assert.notEqual(copy.Completed, Completed);
});

after(() => {
  rmSync(folder, { recursive: true });
});

async function reportOf(handler: () => unknown): Promise<Report | null> {
  const engine = new Engine("dialogue", { logger: quiet }).on("x", handler);
  return run(engine, "x");
}

const ignore = (): void => undefined;
const quiet = { debug: ignore, info: ignore, warn: ignore, error: ignore };
const throwing = (error: Error) => (): never => {
  throw error;
};

test("an outcome of another copy of the package counts as one of this copy", async () => {
  const enqueue = [{ engineType: "voice", eventType: "y", payload: 1 }];
  const completed = await reportOf(() => new copy.Completed(5, { enqueue }));
  assert.deepEqual(completed, new Completed(5, { enqueue }));
  const held = await reportOf(throwing(new copy.Hold(2, "busy")));
  assert.deepEqual(held, new Released({ code: "hold", reason: "busy", holdSeconds: 2 }));
  const released = await reportOf(throwing(new copy.Release({ delaySeconds: 3, reason: "back" })));
  assert.deepEqual(released, new Released({ delaySeconds: 3, reason: "back" }));
  const uncertain = await reportOf(throwing(new copy.LeaseUncertain()));
  assert.equal((uncertain as Released).code, "lease_uncertain");
  const retried = (await reportOf(throwing(new copy.RetryAfter(7, "later")))) as Failed;
  assert.deepEqual([retried.delaySeconds, retried.retryable], [7, true]);
  for (const error of [new copy.NotRetryable("hopeless", { fingerprint: "f" }), new copy.PayloadInvalid([])]) {
    assert.equal(((await reportOf(throwing(error))) as Failed).retryable, false);
  }
  const mistaken = (await reportOf(() => new copy.Failed({ type: "x", message: "y" }))) as Failed;
  assert.match(mistaken.error.message, /^the handler returned Failed: throw/);
});

test("subclasses are told apart as ever", () => {
  class Hopeless extends NotRetryable {}
  class Other extends NotRetryable {}
  assert.ok(new Hopeless() instanceof Hopeless && new Hopeless() instanceof NotRetryable);
  assert.ok(!(new Other() instanceof Hopeless) && !(new NotRetryable() instanceof Hopeless));
  assert.ok(!(new Hopeless() instanceof Release) && !((null as unknown) instanceof Release));
  class OfOther extends copy.NotRetryable {}
  assert.ok(new OfOther() instanceof NotRetryable);
});
