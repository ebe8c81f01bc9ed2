import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { ago, atOf, lasts, offsetOf, wall } from "../../../assets/dashboard/rules/times.js";

const BERLIN = "Europe/Berlin";

test("a duration has two units at most, and never sixty of one", () => {
  // The server's tests read the same file: there is one way to say a length.
  const shared = JSON.parse(readFileSync(new URL("../../lengths.json", import.meta.url), "utf8"));
  assert.ok(shared.length > 20);
  const cases = [...shared, [-90, "−1 min 30 s"], [NaN, "–"], [Infinity, "–"]];
  for (const [seconds, text] of cases) assert.equal(lasts(seconds), text, `${seconds} s`);
});

test("every duration of up to three days reads as one that is at most half of its smaller unit away", () => {
  const sizes = { ms: 0.001, s: 1, min: 60, h: 3600, d: 86_400 };
  for (let seconds = 0.05; seconds < 260_000; seconds *= 1.0137) {
    const parts = [...lasts(seconds).matchAll(/([\d.]+) (ms|s|min|h|d)/g)];
    const read = parts.reduce((sum, [, n, unit]) => sum + Number(n) * sizes[unit], 0);
    const smaller = seconds < 9.95 ? 0.1 : seconds < 3600 ? 1 : seconds < 86_400 ? 60 : 3600;
    assert.ok(Math.abs(read - seconds) <= smaller / 2 + 1e-6, `${seconds} reads as ${lasts(seconds)}`);
    for (const [, n, unit] of parts) assert.ok(Number(n) < { ms: 1000, s: 60, min: 60, h: 24, d: 1e9 }[unit], lasts(seconds));
  }
});

test("how long ago says what is past, what is to come, and what is now", () => {
  const cases = [
    [0.4, "now"], [-0.4, "now"], [8.9, "8 s ago"], [59.9, "59 s ago"], [60, "1 min ago"], [239, "3 min ago"], [7500, "2 h 5 min ago"],
    [-40, "in 40 s"], [-86_400, "in 1 d"], [NaN, "–"],
  ];
  for (const [seconds, text] of cases) assert.equal(ago(seconds), text, `${seconds} s`);
});

test("a time stands with the offset of its zone", () => {
  assert.equal(atOf("2026-11-29T13:03:12.900Z", BERLIN), "2026-11-29 14:03:12 UTC+1");
  assert.equal(atOf("2026-07-01T22:30:00Z", BERLIN), "2026-07-02 00:30:00 UTC+2");
  assert.equal(atOf("2026-11-29T13:03:12Z", "utc"), "2026-11-29 13:03:12 UTC");
  assert.equal(atOf("2026-11-29T13:03:12Z", "America/St_Johns"), "2026-11-29 09:33:12 UTC−3:30");
  assert.equal(atOf("2026-01-29T13:03:12Z", "Europe/London"), "2026-01-29 13:03:12 UTC+0");
  assert.equal(atOf(0, "utc"), "1970-01-01 00:00:00 UTC");
  assert.equal(atOf("no time", "utc"), "–");
});

test("the hour that comes twice is told apart", () => {
  assert.equal(atOf("2026-10-25T00:30:00Z", BERLIN), "2026-10-25 02:30:00 UTC+2");
  assert.equal(atOf("2026-10-25T01:30:00Z", BERLIN), "2026-10-25 02:30:00 UTC+1");
});

test("offsets follow daylight saving, also where it is half an hour", () => {
  assert.equal(offsetOf("2026-10-25T00:59:59.999Z", BERLIN), 120);
  assert.equal(offsetOf("2026-10-25T01:00:00Z", BERLIN), 60);
  assert.equal(offsetOf("2026-01-01T00:00:00Z", "Australia/Lord_Howe"), 660);
  assert.equal(offsetOf("2026-07-01T00:00:00Z", "Australia/Lord_Howe"), 630);
  assert.equal(offsetOf("1969-12-31T23:59:59.500Z", "utc"), 0);
});

test("midnight is hour 00 of the new day", () => {
  const shown = wall("2026-11-28T23:00:00Z", BERLIN);
  assert.deepEqual([shown.date, shown.time, shown.weekday], ["2026-11-29", "00:00", "Sun"]);
});
