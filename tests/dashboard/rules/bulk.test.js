import assert from "node:assert/strict";
import { test } from "node:test";
import { each } from "../../../assets/dashboard/rules/bulk.js";

test("every one has a result; one that fails stops no other", async () => {
  const results = await each(["a", "b", "c"], async (name) => {
    if (name === "b") throw new Error("refused");
  });
  assert.deepEqual(results.map(({ name, error }) => [name, error?.message ?? null]).sort(), [["a", null], ["b", "refused"], ["c", null]]);
});

test("a few run at once, and it is heard of each", async () => {
  let running = 0;
  let most = 0;
  const heard = [];
  const names = Array.from({ length: 30 }, (_, n) => `queue-${n}`);
  await each(names, async () => {
    most = Math.max(most, (running += 1));
    await new Promise(setImmediate);
    running -= 1;
  }, (results) => heard.push(results.length));
  assert.ok(most > 1 && most <= 4, `${most} at once`);
  assert.deepEqual(heard, names.map((_, n) => n + 1));
});

test("nothing is done to nothing", async () => assert.deepEqual(await each([], () => Promise.reject()), []));
