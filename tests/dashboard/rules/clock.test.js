import assert from "node:assert/strict";
import { test } from "node:test";
import { freshness, pauseSeconds } from "../../../assets/dashboard/rules/clock.js";

const calm = { seconds: 5, failures: 0, retryAfterSeconds: null, pace: /** @type {const} */ ("normal"), random: 0.5 };

test("the pause is what the screen wants, give or take a tenth", () => {
  assert.equal(pauseSeconds(calm), 5);
  assert.equal(pauseSeconds({ ...calm, random: 0 }), 4.5);
  assert.equal(pauseSeconds({ ...calm, random: 1 }), 5.5);
});

test("failures double it, up to a minute", () => {
  assert.deepEqual([1, 2, 3, 4, 9, 5000].map((failures) => pauseSeconds({ ...calm, failures })), [10, 20, 40, 60, 60, 60]);
});

test("a pause that is longer than a minute by itself stays so", () => {
  assert.equal(pauseSeconds({ ...calm, seconds: 120, failures: 3 }), 120);
});

test("the server's wish is the least, whatever the dice say", () => {
  for (const random of [0, 0.5, 1]) {
    const pause = pauseSeconds({ ...calm, retryAfterSeconds: 30, random });
    assert.ok(pause !== null && pause >= 30 && pause <= 37, String(pause));
  }
});

test("slow is four times as long; off is never", () => {
  assert.equal(pauseSeconds({ ...calm, pace: "slow" }), 20);
  assert.equal(pauseSeconds({ ...calm, pace: "off" }), null);
});

test("data are old after three of their intervals, and very old after ten", () => {
  assert.deepEqual([1, 15, 16, 50, 51].map((age) => freshness(age, 5)), ["fresh", "fresh", "old", "old", "very old"]);
});
