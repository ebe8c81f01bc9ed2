import assert from "node:assert/strict";
import { test } from "node:test";
import { readInWords } from "../../../assets/dashboard/rules/engines-read.js";

const say = (/** @type {Record<string, unknown>} */ more) => readInWords({ loaded: 9, shown: null, isWhole: true, hasMore: false, expected: null, ...more });

test("how many there are, and how many of them the page's own filters leave", () => {
  assert.deepEqual([say({}), say({ loaded: 1 }), say({ shown: 2 })], ["9 engines.", "1 engine.", "2 of 9 engines."]);
});

test("while they are read it is said how far that is", () => {
  const reading = { loaded: 1000, isWhole: false, hasMore: true };
  assert.equal(say({ ...reading, expected: 9876 }), "1,000 engines so far, of about 9,876: the others are being read.");
  assert.equal(say(reading), "1,000 engines so far: the others are being read.");
  assert.equal(say({ ...reading, expected: 400 }), "1,000 engines so far: the others are being read.", "more have registered since they were counted");
});

test("beyond what is read it is said what that means", () => {
  assert.match(say({ loaded: 10_000, hasMore: true, shown: 3 }), /^3 of 10,000 engines\. There are more: the newest 10,000 are read, and are sorted and filtered here\. Name a type/);
});
