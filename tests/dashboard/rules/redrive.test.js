import assert from "node:assert/strict";
import { test } from "node:test";
import { changesOf, leftOf, partsOf, sentenceOf, stateOf } from "../../../assets/dashboard/rules/redrive-job.js";
import { pacesOf, rateOver, warningOf, whyNot } from "../../../assets/dashboard/rules/redrive-plan.js";

/** @param {Partial<import("../../../assets/dashboard/rules/redrive-job.js").Job>} of @returns {import("../../../assets/dashboard/rules/redrive-job.js").Job} */
const job = (of) => ({
  job_id: "01a226a5-becc-721c-8000-d17c9a6682b2",
  state: "redriving",
  state_reason: null,
  state_changed_at: "2030-01-31T12:32:14.515Z",
  created_at: "2030-01-31T12:32:06.218Z",
  created_by: "night shift",
  filter: {},
  engine_types: null,
  canary: null,
  events_per_second: 5,
  stop_at_failure_ratio: 0.2,
  priority: null,
  visibility_timeout_seconds: null,
  retry_policy: null,
  payload_patch: null,
  matched: 300,
  redriven: 120,
  skipped: { run_cancelled: 0, unique_key_held: 0, payload_patch: 0 },
  open: 20,
  completed: 95,
  died_again: 5,
  cancelled: 0,
  unknown: 0,
  last_redriven_at: "2030-01-31T12:32:07.164Z",
  redriven_per_second: 4.5,
  ...of,
});

test("a rate is what the server takes, and makes the count come out in the time", () => {
  assert.equal(rateOver(300, 600), 0.5);
  assert.equal(rateOver(1, 3600), 0.001);
  assert.equal(rateOver(1e9, 1), 10_000);
  const [ten, hour, tenth, atOnce] = pacesOf(3000, 20);
  assert.deepEqual(ten, { code: "ten_minutes", eventsPerSecond: 5, seconds: 600 });
  assert.equal(hour?.eventsPerSecond, 0.833);
  assert.deepEqual(tenth, { code: "tenth", eventsPerSecond: 2, seconds: 1500 });
  assert.deepEqual(atOnce, { code: "at_once", eventsPerSecond: null, seconds: 0 });
  assert.deepEqual(pacesOf(3000, 0).map(({ code }) => code), ["ten_minutes", "hour", "at_once"]);
});

test("a pace that the queue does not keep is warned of", () => {
  const [ten] = pacesOf(3000, null);
  assert.ok(ten);
  assert.equal(warningOf(ten, 5), null);
  assert.equal(warningOf(ten, null), null);
  assert.match(warningOf(ten, 4.9) ?? "", /faster than the queue finishes/);
  assert.match(warningOf({ code: "at_once", eventsPerSecond: null, seconds: 0 }, 1000) ?? "", /faster/);
});

test("nothing is done before it is counted", () => {
  assert.deepEqual(
    [null, { count: 0 }, { error: "no time" }, { count: 1 }].map(whyNot),
    ["They are being counted", "None matches", "no time", null],
  );
});

test("a job says where it stands, and what may be done to it", () => {
  assert.equal(sentenceOf(job({})), "120 of 300 are redriven: 95 done, 20 open, 5 died again. The last one follows in about 36 s.");
  const canary = { count: 10, continue_at_success_ratio: 0.9, wait_seconds: 600 };
  assert.match(sentenceOf(job({ state: "canary", canary, redriven: 10, completed: 2, open: 7, died_again: 1 })),
    /^It tries the oldest 10 first: 2 done, 7 open, 1 died again\. The others follow by themselves .* 90 % are done\.$/);
  assert.match(sentenceOf(job({ state: "paused", state_reason: "canary_undecided" })), /waits for a person/);
  assert.match(sentenceOf(job({ state: "stopped", state_reason: "failure_ratio" })), /too many .* died again/);
  assert.match(sentenceOf(job({ state: "stopped", state_reason: "canary_failed" })), /too few .* tried first/);
  assert.match(sentenceOf(job({ state: "finished", redriven: 100, open: 0, cancelled: 1, skipped: { run_cancelled: 1, unique_key_held: 2, payload_patch: 0 } })),
    /All 100 have ended: 95 done, 0 open, 5 died again, 1 cancelled, 3 passed over\./);
  assert.deepEqual(
    ["canary", "redriving", "watching", "paused", "stopped", "cancelled", "finished", "later"].map((state) => changesOf({ state })),
    [["pause", "cancel"], ["pause", "cancel"], [], ["continue", "cancel"], [], [], [], []],
  );
  assert.deepEqual(stateOf({ state: "later" }), { word: "later", kind: "idle" });
});

test("the parts of a job add up to all that matched, so long as none of them was redriven by others", () => {
  const running = job({ skipped: { run_cancelled: 3, unique_key_held: 0, payload_patch: 0 } });
  assert.equal(leftOf(running), 177);
  assert.equal(partsOf(running).reduce((sum, part) => sum + part.count, 0), 300);
  assert.equal(leftOf(job({ state: "cancelled" })), 0);
});
