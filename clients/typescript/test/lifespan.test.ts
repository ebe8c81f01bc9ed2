import assert from "node:assert/strict";
import { test } from "node:test";
import { ConfigurationError } from "../src/errors.js";
import { Lifespan } from "../src/runners/lifespan.js";

test("a lifespan is begun, yields the state, and ends", async () => {
  const order: string[] = [];
  const lifespan = new Lifespan(async function* () {
    order.push("opened");
    try {
      yield await Promise.resolve("pool");
    } finally {
      await Promise.resolve();
      order.push("closed");
    }
  });
  assert.deepEqual(order, []);
  assert.equal(await lifespan.enter(), "pool");
  assert.deepEqual(order, ["opened"]);
  await lifespan.leave();
  await lifespan.leave();
  assert.deepEqual(order, ["opened", "closed"]);
});

test("a plain generator does as well, and so does none", async () => {
  const lifespan = new Lifespan(function* () {
    yield 1;
  });
  assert.equal(await lifespan.enter(), 1);
  await lifespan.leave();
  assert.equal(await new Lifespan(undefined).enter(), undefined);
  await new Lifespan(undefined).leave();
});

test("what it throws is not hidden", async () => {
  const opening = new Lifespan(function* () {
    throw new RangeError("cannot open");
    yield 1;
  });
  await assert.rejects(opening.enter(), /cannot open/);
  await opening.leave();
  const closing = new Lifespan(function* () {
    yield 1;
    throw new RangeError("cannot close");
  });
  await closing.enter();
  await assert.rejects(closing.leave(), /cannot close/);
});

test("what is no lifespan says so", async () => {
  await assert.rejects(new Lifespan((() => "pool") as never).enter(), ConfigurationError);
  await assert.rejects(new Lifespan((() => undefined) as never).enter(), ConfigurationError);
  const empty = new Lifespan(function* () {
    // Forgets to yield.
  });
  await assert.rejects(empty.enter(), /yield once/);
});

test("one that yields twice is closed all the same", async () => {
  let isClosed = false;
  const lifespan = new Lifespan(function* () {
    try {
      yield 1;
      yield 2;
    } finally {
      isClosed = true;
    }
  });
  await lifespan.enter();
  await assert.rejects(lifespan.leave(), /more than once/);
  assert.ok(isClosed);
});
