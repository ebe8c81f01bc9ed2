import assert from "node:assert/strict";
import { test } from "node:test";
import { pauseBody, pauseInWords, sameAgain } from "../../../assets/dashboard/rules/pause.js";

const now = Date.parse("2030-01-31T12:00:00Z");

test("what is not said is left out", () => {
  assert.deepEqual(pauseBody("  ", null), {});
  assert.deepEqual(pauseBody(" model upgrade ", 1800), { reason: "model upgrade", resume_after_seconds: 1800 });
});

test("undoing a resume pauses with the old reason for the time that was left", () => {
  const pause = { by: "anna", reason: "model upgrade", since: "2030-01-31T11:00:00Z", resume_at: null };
  assert.deepEqual(sameAgain(pause, now), { reason: "model upgrade" });
  assert.deepEqual(sameAgain({ ...pause, reason: null, resume_at: "2030-01-31T12:10:00Z" }, now), { resume_after_seconds: 600 });
  assert.equal(sameAgain({ ...pause, resume_at: "2030-01-31T11:59:59Z" }, now), null);
});

test("the question says which queues, and until when", () => {
  assert.match(pauseInWords(["billing"], 1800), /^Engines get nothing of billing for 30 min\./);
  assert.match(pauseInWords(["a", "b"], null), /^Engines get nothing of 2 queues until somebody resumes them\./);
});
