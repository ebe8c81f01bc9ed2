import assert from "node:assert/strict";
import { test } from "node:test";
import { ticks } from "../../../assets/dashboard/rules/axis.js";

const BERLIN = "Europe/Berlin";
const labels = (from, to, zone, most) => ticks(Date.parse(from), Date.parse(to), zone, most).map(({ label }) => label);

test("an hour has ticks at round minutes", () => {
  assert.deepEqual(labels("2026-11-29T12:03:00Z", "2026-11-29T13:03:00Z", "utc", 6), ["12:10", "12:20", "12:30", "12:40", "12:50", "13:00"]);
});

test("ticks are round by the clock of the zone", () => {
  assert.deepEqual(labels("2026-11-29T12:00:00Z", "2026-11-29T18:00:00Z", "Asia/Kathmandu", 6), ["18:00", "19:00", "20:00", "21:00", "22:00", "23:00"]);
});

test("midnight shows the day", () => {
  assert.deepEqual(labels("2026-11-28T20:00:00Z", "2026-11-29T08:00:00Z", BERLIN, 6), ["22:00", "29 Nov", "02:00", "04:00", "06:00", "08:00"]);
});

test("days of the zone, over a night in which the clock is set back", () => {
  const found = ticks(Date.parse("2026-10-23T00:00:00Z"), Date.parse("2026-10-28T00:00:00Z"), BERLIN, 6);
  assert.deepEqual(found.map(({ label }) => label), ["24 Oct", "25 Oct", "26 Oct", "27 Oct", "28 Oct"]);
  assert.equal(new Date(found[2].at).toISOString(), "2026-10-25T23:00:00.000Z");
});

test("an hour that comes twice has its ticks twice, with offsets", () => {
  assert.deepEqual(labels("2026-10-25T00:00:00Z", "2026-10-25T03:00:00Z", BERLIN, 4), ["02:00 +2", "02:00 +1", "03:00 +1", "04:00 +1"]);
});

test("an hour that is left out has no tick", () => {
  assert.deepEqual(labels("2026-03-29T00:00:00Z", "2026-03-29T03:00:00Z", BERLIN, 4), ["01:00 +1", "03:00 +2", "04:00 +2", "05:00 +2"]);
});

test("steps of some hours are round again after a change of the clock", () => {
  const found = labels("2026-10-24T22:00:00Z", "2026-10-25T23:00:00Z", BERLIN, 9);
  assert.deepEqual(found, ["25 Oct", "03:00 +1", "06:00 +1", "09:00 +1", "12:00 +1", "15:00 +1", "18:00 +1", "21:00 +1", "26 Oct"]);
});

test("ticks rise, lie within the range and are few, whatever the range", () => {
  for (const zone of ["utc", BERLIN, "Australia/Lord_Howe", "America/St_Johns"]) {
    for (let length = 60_000; length < 700 * 86_400_000; length *= 1.7) {
      for (const start of ["2026-03-29T00:17:00Z", "2026-10-24T23:59:00Z", "2026-04-04T14:20:00Z"]) {
        const from = Date.parse(start);
        const found = ticks(from, from + length, zone, 6);
        assert.ok(found.length <= 8, `${zone} ${length} has ${found.length}`);
        found.forEach(({ at }, i) => assert.ok(at >= from && at <= from + length && (i === 0 || at > found[i - 1].at), `${zone} ${start} ${length}`));
      }
    }
  }
});

test("no range, no ticks", () => {
  assert.deepEqual(ticks(5, 5, "utc", 6), []);
  assert.deepEqual(ticks(NaN, 5, "utc", 6), []);
});
