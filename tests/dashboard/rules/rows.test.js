import assert from "node:assert/strict";
import { test } from "node:test";
import { arrange } from "../../../assets/dashboard/rules/rows.js";

const keyOf = (/** @type {{ id: string }} */ row) => row.id;
const before = arrange([], [{ id: "a", n: 1 }, { id: "b", n: 1 }], keyOf, false).shown;

test("rows that are not pointed at follow what has come", () => {
  const { shown, added, gone } = arrange(before, [{ id: "c", n: 2 }, { id: "a", n: 2 }], keyOf, false);
  assert.deepEqual([shown.map((each) => each.key), added, gone], [["c", "a"], 0, 0]);
});

test("rows that are pointed at keep their places and take new values", () => {
  const { shown, added, gone } = arrange(before, [{ id: "c", n: 2 }, { id: "b", n: 2 }], keyOf, true);
  assert.deepEqual(shown, [{ key: "a", row: { id: "a", n: 1 }, isGone: true }, { key: "b", row: { id: "b", n: 2 }, isGone: false }]);
  assert.deepEqual([added, gone], [1, 1]);
});

test("a row that comes back is there again", () => {
  const away = arrange(before, [{ id: "b", n: 2 }], keyOf, true).shown;
  const { shown, added, gone } = arrange(away, [{ id: "b", n: 3 }, { id: "a", n: 3 }], keyOf, true);
  assert.deepEqual([shown.map((each) => [each.key, each.isGone, each.row.n]), added, gone], [[["a", false, 3], ["b", false, 3]], 0, 0]);
});
