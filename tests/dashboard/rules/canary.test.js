import assert from "node:assert/strict";
import { test } from "node:test";
import { fateOf, judge, newest, spread } from "../../../assets/dashboard/rules/canary.js";

/** @param {number} minute @param {string | null} version @param {string | null} [redrivenAs] */
const letter = (minute, version, redrivenAs = null) => ({
  event_id: `${version}-${minute}`,
  engine_software_version: version,
  dead_lettered_at: new Date(minute * 60_000).toISOString(),
  redriven_as: redrivenAs,
});
const ids = (/** @type {{ event_id: string }[]} */ letters) => letters.map(({ event_id }) => event_id);

test("some are spread over time, from the first to the last", () => {
  const letters = Array.from({ length: 101 }, (_, minute) => letter(100 - minute, "1"));
  assert.deepEqual(ids(spread(letters, 5)), ["1-0", "1-25", "1-50", "1-75", "1-100"]);
  assert.deepEqual(ids(spread(letters, 1)), ["1-100"]);
  assert.deepEqual(ids(spread([], 5)), []);
});

test("each version gets its turn, and a small one leaves its share to the others", () => {
  const letters = [...Array.from({ length: 50 }, (_, minute) => letter(minute, "2")), letter(7, "1"), letter(8, null)];
  const chosen = spread(letters, 10);
  const of = (/** @type {string | null} */ version) => chosen.filter((each) => each.engine_software_version === version).length;
  assert.deepEqual([of("2"), of("1"), of(null)], [8, 1, 1]);
  assert.equal(new Set(ids(chosen)).size, 10);
  assert.equal(spread(letters, 100).length, 52);
});

test("what was redriven as another event is not tried", () => {
  const letters = [letter(1, "1", "other"), letter(2, "1"), letter(3, "1", "other")];
  assert.deepEqual(ids(spread(letters, 10)), ["1-2"]);
  assert.deepEqual(ids(newest(letters, 10)), ["1-2"]);
});

test("the newest are the newest", () => {
  assert.deepEqual(ids(newest([letter(3, "1"), letter(1, "1"), letter(2, "2")], 2)), ["2-2", "1-3"]);
});

test("a dead letter that died of something unknown counts as having died of the same", () => {
  assert.equal(fateOf({ status: "failed" }, undefined), "same");
  assert.equal(fateOf({ status: "failed" }, { isSame: true }), "same");
  assert.equal(fateOf({ status: "failed" }, { isSame: false }), "another");
  assert.deepEqual(
    ["queued", "processing", "completed", "cancelled", "?"].map((status) => fateOf({ status }, undefined)),
    ["waiting", "running", "done", "cancelled", "unknown"],
  );
  assert.equal(fateOf(undefined, undefined), "unknown");
});

/** @type {[verdict: string, sentence: string, fates: [import("../../../assets/dashboard/rules/canary.js").Fate, number][]][]} */
const judged = [
  ["go_on", "10 done", [["done", 10]]],
  ["go_on", "9 done, 1 died of a different error", [["done", 9], ["another", 1]]],
  ["go_on", "9 done, 1 cancelled", [["done", 9], ["cancelled", 1]]],
  ["progress", "8 done, 2 died of a different error", [["done", 8], ["another", 2]]],
  ["progress", "10 died of a different error", [["another", 10]]],
  ["not_fixed", "9 done, 1 died again of the same", [["done", 9], ["same", 1]]],
  ["not_fixed", "2 run, 7 wait, 1 died again of the same", [["running", 2], ["waiting", 7], ["same", 1]]],
  ["wait", "7 done, 2 run, 1 wait", [["done", 7], ["running", 2], ["waiting", 1]]],
  ["wait", "3 wait", [["waiting", 3]]],
  ["unclear", "2 cancelled, 1 not known any more", [["cancelled", 2], ["unknown", 1]]],
  ["unclear", "none was tried", []],
];
for (const [verdict, sentence, counted] of judged) {
  test(`${sentence}: ${verdict}`, () => {
    const judgement = judge(counted.flatMap(([fate, many]) => Array.from({ length: many }, () => fate)));
    assert.deepEqual([judgement.verdict, judgement.sentence], [verdict, sentence]);
  });
}
