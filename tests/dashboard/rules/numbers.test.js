import assert from "node:assert/strict";
import { test } from "node:test";
import { bytes, count, percent, quantile, rate, ratesAlike, secondsAlike, short } from "../../../assets/dashboard/rules/numbers.js";
import { busySlots, ofSlots } from "../../../assets/dashboard/rules/slots.js";

const all = (what, cases) => cases.forEach(([value, text]) => assert.equal(what(value), text, `${value}`));

test("a count is grouped; an estimate says that it is one, and has two digits", () => {
  all(count, [[0, "0"], [999, "999"], [12_345, "12,345"], [null, "–"], [undefined, "–"], [NaN, "–"]]);
  assert.equal(count(48_213, true), "≈ 48,000");
  assert.equal(count(9_999_999, true), "≈ 10,000,000");
  assert.equal(count(10_000, true), "10,000", "the server counts up to here");
  assert.equal(count(12, true), "12");
});

test("an axis has short numbers", () => {
  all(short, [[0, "0"], [0.25, "0.25"], [9.5, "9.5"], [42.4, "42"], [999.4, "999"], [1000, "1k"], [1250, "1.3k"], [48_213, "48k"], [999_999, "1M"], [3e6, "3M"], [-1200, "-1.2k"], [null, "–"]]);
});

test("what is rarer than once a second is counted by minutes or hours", () => {
  all(rate, [
    [0, "0/s"], [12.4, "12.4/s"], [12, "12/s"], [212.4, "212/s"], [12_345, "12,345/s"], [0.96, "1/s"], [0.94, "56/min"], [0.05, "3/min"],
    [0.0167, "1/min"], [0.0158, "57/h"], [0.00028, "1/h"], [0.00001, "< 1/h"], [-2, "−2/s"], [null, "–"],
  ]);
});

test("a share never rounds to all or nothing", () => {
  all(percent, [[0, "0 %"], [1, "100 %"], [0.9997, "> 99 %"], [0.0001, "< 0.1 %"], [0.004, "0.4 %"], [0.04, "4 %"], [0.256, "26 %"], [null, "–"]]);
});

test("sizes", () => {
  all(bytes, [[0, "0 B"], [1023, "1023 B"], [1024, "1 KiB"], [1536, "1.5 KiB"], [48_213, "47 KiB"], [1024 ** 2 - 1, "1 MiB"], [1024 ** 2, "1 MiB"], [5.5 * 1024 ** 3, "5.5 GiB"], [null, "–"]]);
});

test("a quantile says that it is about right", () => {
  all(quantile, [[2.5, "≈ 2.5 s"], [null, "–"]]);
});

test("an axis has one unit", () => {
  assert.deepEqual(ratesAlike([0, 0.5, 1]), ["0", "0.5/s", "1/s"]);
  assert.deepEqual(ratesAlike([0, 0.1, 0.2]), ["0", "6/min", "12/min"]);
  assert.deepEqual(ratesAlike([0, 0.001, 0.002]), ["0", "3.6/h", "7.2/h"]);
  assert.deepEqual(ratesAlike([0, 1000, 2000]), ["0", "1k/s", "2k/s"]);
  assert.deepEqual(ratesAlike([]), []);
  assert.deepEqual(secondsAlike([0, 0.05, 0.1]), ["0", "50 ms", "100 ms"]);
  assert.deepEqual(secondsAlike([0, 30, 60, 90]), ["0", "30 s", "60 s", "90 s"]);
  assert.deepEqual(secondsAlike([0, 300, 600]), ["0", "5 min", "10 min"]);
  assert.deepEqual(secondsAlike([0, 7200, 14_400]), ["0", "2 h", "4 h"]);
});

test("slots, and engines that name no limit", () => {
  assert.equal(ofSlots({ total: 28, unlimited_engines: 2 }), "of 28 slots, and 2 engines without a limit");
  assert.equal(ofSlots({ total: 1, unlimited_engines: 0 }), "of 1 slot");
  assert.equal(ofSlots({ total: 0, unlimited_engines: 1 }), "by 1 engine without a limit");
  assert.equal(ofSlots({ total: 0, unlimited_engines: 0 }), "no slot is there");
  assert.equal(busySlots({ busy: 6, total: 28, unlimited_engines: 2 }), "6 of 28 slots, and 2 engines without a limit");
  assert.equal(busySlots({ busy: 0, total: 0, unlimited_engines: 2 }), "2 engines without a limit");
});
