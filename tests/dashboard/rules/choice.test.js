import assert from "node:assert/strict";
import { test } from "node:test";
import {
  countOf, isChosen, isNothing, nothing, ofFilter, toggled, underFilter, withAll, withRange,
} from "../../../assets/dashboard/rules/choice.js";

const rows = ["a", "b", "c", "d", "e"];

test("rows are chosen and taken back one by one", () => {
  const two = toggled(toggled(nothing, "b"), "d");
  assert.deepEqual(two.ids, ["b", "d"]);
  assert.deepEqual(toggled(two, "b").ids, ["d"]);
  assert.equal(toggled(toggled(two, "b"), "d"), nothing);
  assert.equal(countOf(two), 2);
  assert.ok(isChosen(two, "b") && !isChosen(two, "c"));
});

test("a range goes both ways, and adds to what was chosen", () => {
  assert.deepEqual(withRange(nothing, rows, "b", "d").ids, ["b", "c", "d"]);
  assert.deepEqual(withRange(toggled(nothing, "a"), rows, "e", "d").ids, ["a", "d", "e"]);
  assert.deepEqual(withRange(nothing, rows, "c", "c").ids, ["c"]);
  assert.deepEqual(withRange(nothing, rows, null, "c").ids, ["c"]);
});

test("a range from a row that has gone chooses the other end alone, and one to such a row chooses nothing", () => {
  assert.deepEqual(withRange(nothing, rows, "x", "c").ids, ["c"]);
  assert.equal(withRange(nothing, rows, "c", "x"), nothing);
});

test("ids and a filter are never mixed", () => {
  const all = ofFilter({ engine_type: "dialogue" }, "queue dialogue");
  assert.equal(countOf(all), null);
  assert.ok(isChosen(all, "anything") && !isNothing(all));
  assert.equal(toggled(all, "b"), nothing);
  const some = withAll(all, ["a", "b", "a"]);
  assert.deepEqual([some.ids, some.filter], [["a", "b"], null]);
});

test("another filter drops the choice of all that matched, and says so", () => {
  const all = ofFilter({ engine_type: "dialogue", error_type: null }, "queue dialogue, no error type");
  assert.deepEqual(underFilter(all, { error_type: null, engine_type: "dialogue" }), { choice: all, said: null });
  for (const other of [{}, { engine_type: "dialogue" }, { engine_type: "dialogue", error_type: "Timeout" }]) {
    const { choice, said } = underFilter(all, other);
    assert.equal(choice, nothing);
    assert.match(said ?? "", /the filter has changed\. Before, all that matched were chosen: queue dialogue, no error type/);
  }
  const ids = toggled(nothing, "a");
  assert.deepEqual(underFilter(ids, { engine_type: "vision" }), { choice: ids, said: null });
});
