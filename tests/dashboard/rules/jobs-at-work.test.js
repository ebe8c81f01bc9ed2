import assert from "node:assert/strict";
import { test } from "node:test";
import { atWork, atWorkInWords, bothOf } from "../../../assets/dashboard/rules/jobs-at-work.js";
import { goesBack } from "../../../assets/dashboard/rules/redrive-plan.js";

/** @param {Record<string, unknown>} filter @param {Record<string, unknown>} [more] */
const job = (filter, more = {}) =>
  /** @type {any} */ ({ job_id: "1", state: "redriving", created_at: "2030-01-31T11:30:00Z", filter, matched: 40, redriven: 14, skipped: { run_cancelled: 0, unique_key_held: 0, payload_patch: 0 }, ...more });

test("the dead letters that a filter and a job have in common", () => {
  const wanted = { engine_type: "dialogue", error_fingerprint: "a1", dead_lettered_before: "2030-01-31T12:00:00Z" };
  const both = (/** @type {Record<string, unknown>} */ filter) => bothOf(wanted, job(filter));
  assert.deepEqual(both({}), { ...wanted, dead_lettered_before: "2030-01-31T11:30:00Z" }, "a job is for those that had died when it was made");
  assert.deepEqual(both({ error_type: "Timeout", engine_software_version: null, redrives_max: 0 }), {
    ...wanted, error_type: "Timeout", engine_software_version: "", dead_lettered_before: "2030-01-31T11:30:00Z",
  });
  assert.deepEqual(both({ dead_lettered_before: "2030-01-31T11:00:00+00:00" })?.["dead_lettered_before"], "2030-01-31T11:00:00+00:00");
  assert.equal(both({ engine_type: "vision" }), null);
  assert.equal(both({ error_fingerprint: null }), null, "null is a value of its own");
  assert.equal(both({ dead_lettered_after: "2030-01-31T11:00:00Z" })?.["dead_lettered_after"], "2030-01-31T11:00:00Z");
  assert.equal(both({ dead_lettered_after: "2030-01-31T11:30:00Z" }), null, "those died later");
});

test("a job that is over, or has come to all of them, is at none", () => {
  for (const more of [{ state: "finished" }, { state: "cancelled" }, { state: "stopped" }, { state: "watching" }, { redriven: 40 }]) assert.deepEqual(atWork([job({}, more)]), []);
  assert.equal(atWork([job({}, { state: "paused" }), job({}, { state: "canary" })]).length, 2);
});

test("what it does, and how many are to go", () => {
  assert.equal(atWorkInWords(job({})), "is redriving these, 26 to go");
  assert.equal(atWorkInWords(job({}, { state: "paused" })), "is paused, 26 to go");
  assert.equal(atWorkInWords(job({}, { state: "canary", redriven: 1 })), "is trying some of these first, 39 to go");
});

test("the number of a redrive says who stays", () => {
  assert.equal(goesBack(28, 0), "dead letters go back.");
  assert.equal(goesBack(27, 1), "dead letters go back; 1 that was redriven before stays.");
  assert.equal(goesBack(1, 10), "dead letter goes back; 10 that were redriven before stay.");
});
