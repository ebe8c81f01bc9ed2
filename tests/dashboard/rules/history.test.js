import assert from "node:assert/strict";
import { test } from "node:test";
import { readFileSync } from "node:fs";
import { blankInWords, endsOf, isBlank, lonely, moved, rangeOf, valuesOf } from "../../../assets/dashboard/rules/history.js";

const history = JSON.parse(readFileSync(new URL("../../../src/http/examples/history.json", import.meta.url), "utf8"));
const now = Date.parse("2026-11-29T14:00:30Z");

test("a step is plotted at its end", () => {
  assert.deepEqual(endsOf(history).map((at) => new Date(at * 1000).toISOString()), ["2030-01-31T12:31:00.000Z", "2030-01-31T12:32:00.000Z", "2030-01-31T12:33:00.000Z"]);
});

test("what happened is shown as a rate, how it stood as it is, and what was not measured as a gap", () => {
  assert.deepEqual(valuesOf(history, { column: "enqueued" }, "rate"), [null, 1, 57 / 60]);
  assert.deepEqual(valuesOf(history, { column: "due" }, "count"), [null, 12, 9]);
  assert.deepEqual(valuesOf(history, { column: ["failed", "lost"] }, "rate"), [null, 2 / 60, 5 / 60]);
});

test("a point between two gaps is seen too", () => {
  assert.deepEqual(lonely([1, null, 2, null, 3, 4, null, 5]), [0, 2, 7]);
  assert.deepEqual(lonely([null, null]), []);
});

test("a history in which nothing was measured is blank", () => {
  assert.equal(isBlank(history), false);
  assert.equal(isBlank({ ...history, due: [null, null] }), true);
});

test("a blank range says whether there was nothing, or is nothing yet", () => {
  const minute = (/** @type {number} */ at) => new Date(at).toISOString().slice(11, 16);
  assert.equal(blankInWords({ to: "2026-11-29T14:00:00Z" }, now, minute), "Nothing was measured yet: the first point comes when a minute is over, at 14:01.");
  assert.equal(blankInWords({ to: "2026-11-29T13:00:00Z" }, now, minute), "Nothing was measured in this time.");
});

test("without times in the address it is the last hour, up to now", () => {
  assert.deepEqual(rangeOf({}, now), { from: "2026-11-29T13:00:30.000Z", to: undefined });
  assert.deepEqual(rangeOf({ from: "-2d", to: "-1d" }, now), { from: "2026-11-27T14:00:30.000Z", to: "2026-11-28T14:00:30.000Z" });
  assert.deepEqual(rangeOf({ from: "-1h", to: "2027-01-01T00:00:00Z" }, now).to, undefined, "the future is now");
});

test("a range that ends before it begins has a minute", () => {
  assert.equal(rangeOf({ from: "-1h", to: "-2h" }, now).to, "2026-11-29T13:01:30.000Z");
});

test("earlier and later keep the length; what reaches now is live again", () => {
  assert.deepEqual(moved({ from: "-1h" }, -1, now), { from: "2026-11-29T12:01:00Z", to: "2026-11-29T13:01:00Z" });
  assert.deepEqual(moved({ from: "2026-11-29T11:00:00Z", to: "2026-11-29T12:00:00Z" }, 1, now), { from: "2026-11-29T12:00:00Z", to: "2026-11-29T13:00:00Z" });
  assert.deepEqual(moved({ from: "2026-11-29T12:30:00Z", to: "2026-11-29T13:30:00Z" }, 1, now), { from: "2026-11-29T13:01:00Z", to: null });
});
