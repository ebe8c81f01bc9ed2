import assert from "node:assert/strict";
import { test } from "node:test";
import { cancelledInWords, effectOfCancel, openOf, partsOf, sentenceOf, stateOf, sumOf } from "../../../assets/dashboard/rules/run.js";

const none = { queued: 0, processing: 0, completed: 0, failed: 0, cancelled: 0 };

/** @param {Partial<import("../../../assets/dashboard/rules/run.js").Run["counts"]>} counts @param {boolean} [is_approximate] @returns {import("../../../assets/dashboard/rules/run.js").Run} */
const run = (counts, is_approximate = false) => ({
  scenario_run_id: "night-42", status: "active", counts: { ...none, ...counts }, is_approximate, cancelled_in: [], cancelled_at: null, cancelled_by: null, first_created_at: null, last_ended_at: null,
});

test("a run says how far it is, in all of its states", () => {
  assert.equal(sentenceOf(run({ queued: 170, processing: 10, completed: 110, failed: 10 })), "120 of 300 events have ended: 110 completed, 10 dead letters. 180 are open.");
  assert.equal(sentenceOf(run({ completed: 1 })), "Its one event has ended: 1 completed.");
  assert.equal(sentenceOf(run({ completed: 2, failed: 1, cancelled: 4 })), "All 7 events have ended: 2 completed, 1 dead letter, 4 cancelled.");
  assert.equal(sentenceOf(run({ queued: 1 })), "0 of 1 event have ended. 1 is open.");
  assert.match(sentenceOf(run({})), /^No event of this run is known/);
  assert.match(sentenceOf(run({ queued: 48_213, completed: 10_000 }, true)), /≈ 48,000 are open/);
});

test("its parts are in one order, so that the bar does not jump", () => {
  assert.deepEqual(partsOf(run({ queued: 3, failed: 1 })).map(({ status, count }) => [status, count]), [["completed", 0], ["failed", 1], ["cancelled", 0], ["processing", 0], ["queued", 3]]);
  assert.equal(sumOf(run({ queued: 3, failed: 1 })), 4);
  assert.equal(openOf(run({ queued: 3, processing: 2, failed: 1 })), 5);
});

test("its state is a word, also where a limited token has cancelled a part, and where a later server has another word", () => {
  const state = (/** @type {string} */ status, /** @type {string[]} */ cancelled_in = []) => stateOf({ status, cancelled_in }).word;
  assert.deepEqual([state("active"), state("idle"), state("cancelled"), state("later")], ["active", "nothing is open", "cancelled", "later"]);
  assert.equal(state("active", ["vision"]), "active, cancelled in 1 queue");
  const ended = (/** @type {number} */ failed) => stateOf({ status: "idle", cancelled_in: [], counts: { ...none, completed: 2, failed } });
  assert.deepEqual([ended(0).kind, ended(38).kind, ended(38).word], ["good", "bad", "ended, with dead letters"]);
  assert.deepEqual(stateOf({ status: "idle", cancelled_in: [], counts: none }), { word: "not known", kind: "idle" }, "nothing went well where nothing was");
  assert.equal(state("idle", ["vision", "dialogue"]), "nothing is open, cancelled in 2 queues");
});

test("cancelling says beforehand how many end now, and how many engines are asked", () => {
  const words = effectOfCancel(run({ queued: 12, processing: 1 }), false);
  assert.match(words, /^12 queued events are cancelled now\. 1 event is with an engine, which is asked to stop/);
  assert.match(words, /takes no events: enqueuing into it is refused until it is reopened\. What was cancelled stays cancelled\.$/);
  assert.match(effectOfCancel(run({ queued: 1, processing: 3 }), true), /^1 queued event is cancelled now\. 3 events are with engines.*in the queues that your token reaches/);
  assert.match(effectOfCancel(run({}), false), /^No event is queued\. No engine holds/);
});

test("and afterwards how many they were", () => {
  assert.equal(cancelledInWords({ cancelled: 12, cancel_requested: 0 }), "The run is cancelled: 12 events are cancelled.");
  assert.equal(cancelledInWords({ cancelled: 1, cancel_requested: 2 }), "The run is cancelled: 1 event is cancelled, and engines are asked to stop 2 more.");
});
