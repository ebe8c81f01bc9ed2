import assert from "node:assert/strict";
import { test } from "node:test";
import { drainMeanwhile } from "../../../assets/dashboard/rules/draining.js";
import { eventMeanwhile } from "../../../assets/dashboard/rules/event-terms.js";
import { allMeanwhile } from "../../../assets/dashboard/rules/meanwhile.js";
import { LENGTHS, pausedMeanwhile, pauseMeanwhile, PRESET_LENGTH } from "../../../assets/dashboard/rules/pause.js";
import { changedSince, changesOf, settingsMeanwhile } from "../../../assets/dashboard/rules/queue-settings.js";
import { jobMeanwhile } from "../../../assets/dashboard/rules/redrive-job.js";

const settings = (/** @type {number | null} */ most, timeout = 60) => /** @type {any} */ ({
  max_processing: most === null ? { value: null, source: "server" } : { value: most, source: "queue" },
  visibility_timeout_seconds: { value: timeout, source: "queue" },
});
const pause = (/** @type {Record<string, string | null>} */ more = {}) => ({ by: "anna", reason: "model upgrade", since: "2030-01-31T11:00:00Z", resume_at: null, ...more });

test("settings that stand as they were set are taken back without a question", () => {
  const changes = changesOf(settings(7), { max_processing: 9 });
  assert.deepEqual(settingsMeanwhile(changes, settings(9)), { state: "mine" });
  assert.deepEqual(settingsMeanwhile(changes, settings(9, 30)), { state: "mine" }, "another setting is nobody's business here");
  assert.deepEqual(settingsMeanwhile(changes, settings(7)), { state: "before" });
});

test("a colleague's value is named before it is overwritten", () => {
  const changes = changesOf(settings(7), { max_processing: 9 });
  assert.deepEqual(settingsMeanwhile(changes, settings(8)), { state: "other", news: "Somebody has changed max_processing to 8 meanwhile.", question: "Set it back to 7 anyway?" });
  const cleared = settingsMeanwhile(changes, settings(null), "bert");
  assert.deepEqual(cleared, { state: "other", news: "bert has changed max_processing to the server default meanwhile.", question: "Set it back to 7 anyway?" });
  const two = changesOf(settings(null), { max_processing: 9, visibility_timeout_seconds: 30 });
  assert.deepEqual(settingsMeanwhile(two, settings(8, 20)), {
    state: "other",
    news: "Somebody has changed max_processing to 8, visibility_timeout_seconds to 20 s meanwhile.",
    question: "Set max_processing to the server default, visibility_timeout_seconds to 1 min anyway?",
  });
});

test("a pause is taken back when it is the one that was set", () => {
  const mine = pause();
  assert.deepEqual(pauseMeanwhile("billing", mine, null, { ...mine }), { state: "mine" });
  assert.deepEqual(pauseMeanwhile("billing", mine, null, null), { state: "before" });
  const theirs = pause({ by: "bert", reason: "the disk is full", since: "2030-01-31T11:05:00Z" });
  assert.deepEqual(pauseMeanwhile("billing", mine, null, theirs), { state: "other", news: "bert has paused billing in another way meanwhile: the disk is full.", question: "Let it go on anyway?" });
  assert.deepEqual(pauseMeanwhile("billing", null, mine, theirs), { state: "other", news: "bert has paused billing meanwhile: the disk is full.", question: "Pause it as before anyway?" });
  assert.deepEqual(pauseMeanwhile("billing", theirs, mine, null), { state: "other", news: "billing goes on since then.", question: "Pause it as before anyway?" });
  assert.deepEqual(pauseMeanwhile("billing", null, mine, null), { state: "mine" });
});

test("a form says what was changed since it was opened, a question about a pause likewise", () => {
  assert.deepEqual([...changedSince(settings(7), settings(9))], [["max_processing", "7 → 9"]]);
  assert.deepEqual([...changedSince(settings(7), settings(null))], [["max_processing", "7 → server default (no limit)"]]);
  assert.deepEqual([...changedSince(settings(7), settings(7))], []);
  assert.equal(pausedMeanwhile("billing", pause(), pause()), null);
  assert.equal(pausedMeanwhile("billing", null, null), null);
  assert.deepEqual(pausedMeanwhile("billing", null, pause()), { news: "anna has paused billing meanwhile: model upgrade.", question: "Put your pause in the place of that one?" });
  assert.deepEqual(pausedMeanwhile("billing", pause(), null), { news: "billing goes on since then.", question: "Pause it again?" });
});

test("a redrive job that somebody else has paused, continued or paused again", () => {
  const paused = { state: "paused", state_changed_at: "2030-01-31T11:00:00Z" };
  const goes = { state: "redriving", state_changed_at: "2030-01-31T11:01:00Z" };
  assert.equal(jobMeanwhile("pause", paused, paused).state, "mine");
  assert.equal(jobMeanwhile("pause", paused, goes).state, "before");
  assert.equal(jobMeanwhile("pause", paused, { ...paused, state_changed_at: "2030-01-31T11:02:00Z" }).state, "other");
  assert.equal(jobMeanwhile("continue", goes, { ...goes, state: "watching" }).state, "mine");
  assert.equal(jobMeanwhile("continue", goes, paused).state, "before");
});

test("an event's priority and time, by what was changed of them", () => {
  const before = { priority: 3 };
  assert.equal(eventMeanwhile({ priority: 5, available_at: "2030-01-31T11:00:00Z" }, before, { priority: 5, available_at: "2030-01-31T12:00:00Z" }).state, "mine");
  assert.equal(eventMeanwhile({ priority: 5 }, before, { priority: 3 }).state, "before");
  assert.deepEqual(eventMeanwhile({ priority: 5 }, before, { priority: 9 }), { state: "other", news: "Somebody has set its priority to 9 meanwhile.", question: "Set it back to 3 anyway?" });
  const time = { available_at: "2030-01-31T13:00:00Z" };
  assert.equal(eventMeanwhile({ available_at: "2030-01-31T11:00:00.000Z" }, time, { available_at: "2030-01-31T11:00:00Z" }).state, "mine");
  assert.equal(eventMeanwhile({ available_at: "2030-01-31T11:00:00Z" }, time, { available_at: "2030-01-31T14:00:00Z" }).state, "other");
});

test("an engine drains for whoever told it last", () => {
  const mine = { then: "exit", since: "2030-01-31T11:00:00Z", reason: null };
  assert.equal(drainMeanwhile(mine, { ...mine }).state, "mine");
  assert.equal(drainMeanwhile(mine, null).state, "before");
  const other = drainMeanwhile(mine, { ...mine, reason: "version 1.4.0 is replaced" });
  assert.ok(other.state === "other" && other.news.includes("version 1.4.0 is replaced"));
});

test("several are asked about at once", () => {
  const other = pauseMeanwhile("a", pause(), null, pause({ since: "2030-01-31T11:09:00Z" }));
  assert.deepEqual(allMeanwhile([{ state: "mine" }, { state: "before" }]), { state: "mine" });
  assert.deepEqual(allMeanwhile([{ state: "before" }, { state: "before" }]), { state: "before" });
  const found = allMeanwhile([other, { state: "mine" }, other]);
  assert.ok(found.state === "other" && found.news.endsWith("So it is with 2 of 3.") && found.question === "Bring all 3 back anyway?");
});

test("lengths of a pause go up, and one that ends by itself is chosen", () => {
  const seconds = LENGTHS.map(([value]) => value ?? Infinity);
  assert.deepEqual(seconds, [...seconds].sort((a, b) => a - b));
  assert.ok(seconds.includes(PRESET_LENGTH) && PRESET_LENGTH < Infinity);
});
