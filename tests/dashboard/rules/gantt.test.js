import assert from "node:assert/strict";
import { test } from "node:test";
import { layOut } from "../../../assets/dashboard/rules/gantt.js";
import { doubledTime } from "../../../assets/dashboard/rules/gantt-doubles.js";
import { axisOf, scaleOf } from "../../../assets/dashboard/rules/gantt-scale.js";
import { legendOf, markWords, sentenceOf } from "../../../assets/dashboard/rules/gantt-words.js";

const START = Date.parse("2026-11-29T02:00:00Z");
const at = (seconds) => new Date(START + seconds * 1000).toISOString();

/** An attempt as the API tells it: `[number, engine, leased, ended, outcome]`, in seconds, and what else there is. */
function attempt([number, engine, leased, ended, outcome], more = {}) {
  return {
    attempt: number, engine_id: engine, incarnation: engine === null ? null : 1, engine_software_version: null,
    leased_at: leased === null ? null : at(leased), ended_at: at(ended), outcome, next_available_at: null, late_by_seconds: null,
    final_status: null, error_type: null, error_message: null, code: null, reason: null, ...more,
  };
}

function event(status, more = {}) {
  return {
    status, created_at: at(0), available_at: null, attempt: 0, leased_at: null, leased_by: null, lease_expires_at: null,
    lease_deadline_at: null, finished_at: null, ...more,
  };
}

/** The marks as `row kind from–to`, in seconds. */
function drawn(facts, how) {
  const { marks } = layOut(facts, how);
  return marks.map(({ row, toRow, kind, from, to }) => `${row}${toRow === undefined ? "" : `/${toRow}`} ${kind} ${(from - START) / 1000}–${(to - START) / 1000}`);
}

const next = (seconds) => ({ next_available_at: at(seconds) });
const final = (final_status) => ({ final_status });

const TABLE = [
  ["a new event that waits", { event: event("queued", { available_at: at(0) }), attempts: [], now: 40 }, ["0 due 0–40"]],
  ["an event for later", { event: event("queued", { available_at: at(100) }), attempts: [], now: 40 }, ["0 early 0–100"]],
  ["one that was for later and is due", { event: event("queued", { available_at: at(100) }), attempts: [], now: 130 }, ["0 early 0–100", "0 due 100–130"]],
  ["one good attempt", { event: event("completed", { finished_at: at(12) }), attempts: [attempt([1, "a", 2, 12, "completed"], final("completed"))], now: 99 },
    ["0 due 0–2", "0 held 2–12"]],
  ["no waiting worth drawing", { event: event("completed", { finished_at: at(12) }), attempts: [attempt([1, "a", 0.01, 12, "completed"], final("completed"))], now: 99 },
    ["0 held 0.01–12"]],
  ["a failure, its back-off and its retry", {
    event: event("completed"), now: 99,
    attempts: [attempt([2, "b", 45, 50, "completed"], final("completed")), attempt([1, "a", 0, 10, "failed"], next(40))],
  }, ["0 held 0–10", "1 backoff 10–40", "1 due 40–45", "1 held 45–50"]],
  ["a back-off that was cut short", {
    event: event("completed"), now: 99,
    attempts: [attempt([1, "a", 0, 10, "failed"], next(400)), attempt([2, "b", 45, 50, "completed"], final("completed"))],
  }, ["0 held 0–10", "1 backoff 10–45", "1 held 45–50"]],
  ["a silent loss, due at once", {
    event: event("completed"), now: 99,
    attempts: [attempt([1, "a", 0, 10, "engine_unresponsive"], next(10)), attempt([2, "b", 13, 20, "completed"], final("completed"))],
  }, ["0 lost 0–10", "1 due 10–13", "1 held 13–20"]],
  ["a late report that was taken: the bar ends with the lease", {
    event: event("completed"), now: 99, attempts: [attempt([1, "a", 0, 50, "completed"], { ...final("completed"), late_by_seconds: 20 })],
  }, ["0 held 0–30", "0 tail 30–50"]],
  ["done twice: a refused report beside the next attempt", {
    event: event("completed"), now: 99,
    attempts: [
      attempt([1, "a", 0, 30, "expired"], { ...next(30), refused_report_at: at(80), refused_report_status: "completed" }),
      attempt([2, "b", 40, 60, "completed"], final("completed")),
    ],
  }, ["0 lost 0–30", "0 tail 30–80", "1 due 30–40", "1 held 40–60", "0/1 double 40–60"]],
  ["done twice, and the other one runs yet", {
    event: event("processing", { attempt: 2, leased_at: at(40), leased_by: "b", lease_expires_at: at(340), lease_deadline_at: at(9000) }), now: 100,
    attempts: [attempt([1, "a", 0, 30, "expired"], { ...next(30), refused_report_at: at(80), refused_report_status: "failed" })],
  }, ["0 lost 0–30", "0 tail 30–80", "1 due 30–40", "1 running 40–100", "1 ahead 100–340", "0/1 double 40–80"]],
  ["running, beyond the end of its lease", {
    event: event("processing", { attempt: 1, leased_at: at(0), leased_by: "a", lease_expires_at: at(50), lease_deadline_at: at(200) }), now: 100, attempts: [],
  }, ["0 running 0–100", "0 ahead 100–100"]],
  ["cancelled while it waited", {
    event: event("cancelled", { finished_at: at(50) }), now: 99, attempts: [attempt([1, null, null, 50, "cancelled"], final("cancelled"))],
  }, ["0 due 0–50", "0 flag 50–50"]],
  ["redriven at a time that is known", {
    event: event("completed"), now: 99, flags: [{ at: START + 60_000, kind: "redrive", text: "Redriven by anna" }],
    attempts: [attempt([1, "a", 0, 10, "failed"], final("failed")), attempt([2, "a", 65, 70, "completed"], final("completed"))],
  }, ["0 held 0–10", "1 dead 10–60", "1 due 60–65", "1 held 65–70", "1 flag 60–60"]],
  ["redriven at some time", {
    event: event("completed"), now: 99,
    attempts: [attempt([1, "a", 0, 10, "failed"], final("failed")), attempt([2, "a", 65, 70, "completed"], final("completed"))],
  }, ["0 held 0–10", "1 dead 10–65", "1 held 65–70"]],
  ["redriven, and waiting", {
    event: event("queued", { attempt: 1, available_at: at(60) }), now: 99, attempts: [attempt([1, "a", 0, 10, "failed"], final("failed"))],
  }, ["0 held 0–10", "1 dead 10–60", "1 due 60–99"]],
  ["waiting for its next try", {
    event: event("queued", { attempt: 1, available_at: at(300) }), now: 99, attempts: [attempt([1, "a", 0, 10, "failed"], next(300))],
  }, ["0 held 0–10", "1 backoff 10–300"]],
  ["only the newest attempts", {
    event: event("completed"), now: 99, attempts: [attempt([8, "a", 50, 60, "released"], next(60)), attempt([9, "b", 61, 70, "completed"], final("completed"))],
  }, ["0 held 50–60", "1 due 60–61", "1 held 61–70"]],
];

for (const [name, { now, ...facts }, expected] of TABLE) {
  test(`draws ${name}`, () => assert.deepEqual(drawn({ ...facts, now: START + now * 1000 }), expected));
}

const DOUBLE = {
  event: event("completed"), now: START + 99_000,
  attempts: [
    attempt([1, "a", 0, 30, "expired"], { ...next(30), refused_report_at: at(80), refused_report_status: "completed" }),
    attempt([2, "b", 40, 60, "failed"], next(61)),
    attempt([3, "b", 70, 90, "completed"], final("completed")),
  ],
};

test("by engine, all attempts of one registration share a row, and waiting has the first", () => {
  const { rows } = layOut(DOUBLE, { byEngine: true });
  assert.deepEqual(rows.map(({ key }) => key), ["queue", "a 1", "b 1"]);
  assert.deepEqual(drawn(DOUBLE, { byEngine: true }), [
    "1 lost 0–30", "1 tail 30–80", "0 due 30–40", "2 held 40–60", "0 backoff 60–61", "0 due 61–70", "2 held 70–90", "1/2 double 40–60", "1/2 double 70–80",
  ]);
  const again = { ...DOUBLE, attempts: [attempt([1, "a", 0, 30, "engine_restarted"]), attempt([2, "a", 40, 60, "completed"], { incarnation: 2 })] };
  assert.equal(layOut(again, { byEngine: true }).rows.length, 3);
});

test("the sentence says how long it waited, was worked on, and was done twice", () => {
  assert.equal(sentenceOf(layOut(DOUBLE)),
    "Waited 19 s for engines and 1 s for its next try, was worked on for 1 min 10 s in 3 attempts by 2 engines, 30 s of it lost silently; 30 s were done twice.");
  const waiting = { event: event("queued", { available_at: at(0) }), attempts: [], now: START + 40_000 };
  assert.equal(sentenceOf(layOut(waiting)), "Waited 40 s for engines; no engine has had it yet.");
  const lost = { ...DOUBLE, attempts: DOUBLE.attempts.map((each) => ({ ...each, refused_report_at: null })) };
  assert.match(sentenceOf(layOut(lost)), /may have gone on/);
  const part = { ...DOUBLE, attempts: DOUBLE.attempts.slice(1) };
  assert.match(sentenceOf(layOut(part)), /in these 2 attempts by one engine/);
});

test("moments in which three worked at once count once", () => {
  const three = {
    event: event("completed"), now: START,
    attempts: [
      attempt([1, "a", 0, 10, "expired"], { ...next(10), refused_report_at: at(50) }),
      attempt([2, "b", 10, 20, "expired"], { ...next(20), refused_report_at: at(60) }),
      attempt([3, "c", 30, 40, "completed"], final("completed")),
    ],
  };
  assert.equal(doubledTime(layOut(three).marks), 40_000);
});

test("the legend has what occurs, and every mark has a sentence", () => {
  const gantt = layOut({ ...DOUBLE, flags: [{ at: START + 35_000, kind: "pause", text: "The queue was paused by anna" }] });
  assert.deepEqual(legendOf(gantt.marks).map(({ kind }) => kind), ["due", "backoff", "completed", "failed", "lost", "refused", "double", "flag"]);
  for (const mark of gantt.marks) assert.match(markWords(mark, "utc"), /2026-11-29 02:0\d:\d\d UTC/);
  const tail = gantt.marks.find((mark) => mark.kind === "tail");
  assert.equal(markWords(tail, "utc"),
    "Attempt 1: its engine went on for 50 s after the lease had ended, and reported completed at 2026-11-29 02:01:20 UTC; the report was refused");
});

test("errors in sentences show what hides", () => {
  const [mark] = layOut({ ...DOUBLE, attempts: [attempt([1, "a", 0, 3, "failed"], { error_type: "Time\u202eout", error_message: "x\ny" })] }).marks;
  assert.match(markWords(mark, "utc"), /failed: Time\\u\{202e\}out: x\\ny$/);
});

test("long quiet times are folded, and nothing else", () => {
  const facts = {
    event: event("completed"), now: START,
    attempts: [attempt([1, "a", 0, 10, "failed"], next(21_600)), attempt([2, "b", 21_605, 21_620, "completed"], final("completed"))],
  };
  const gantt = layOut(facts);
  const scale = scaleOf(gantt, 800);
  assert.deepEqual(scale.pieces.map(({ isFold }) => isFold), [false, true, false]);
  assert.ok(scale.x(START + 10_000) - scale.x(START) > 100);
  assert.ok(scale.x(START + 21_620_000) - scale.x(START + 21_605_000) > 100);
  assert.equal(scaleOf(gantt, 800, { isTrue: true }).pieces.length, 1);
  const working = layOut({ ...facts, attempts: [attempt([1, "a", 0, 21_600, "completed"], final("completed"))] });
  assert.equal(scaleOf(working, 800).pieces.length, 1);
  const waiting = layOut({ event: event("queued", { available_at: at(0) }), attempts: [], now: START + 9e8 });
  assert.equal(scaleOf(waiting, 800).pieces.length, 1);
});

test("the scale never goes back, fills its width, and keeps each piece in sight", () => {
  const attempts = Array.from({ length: 40 }, (_, index) => attempt([index + 1, "a", index * 4000, index * 4000 + 3, "failed"], next(index * 4000 + 3900)));
  const gantt = layOut({ event: event("failed"), attempts, now: START });
  const scale = scaleOf(gantt, 600);
  let last = -1;
  for (let instant = gantt.from; instant <= gantt.to; instant += (gantt.to - gantt.from) / 5000) {
    const x = scale.x(instant);
    assert.ok(x >= last && x <= scale.width);
    last = x;
  }
  assert.ok(scale.width >= 600);
  assert.ok(scale.pieces.every((piece) => piece.right - piece.left >= 24));
  const labels = axisOf(scale, "utc");
  assert.ok(labels.length > 0 && labels.every((label, index) => index === 0 || label.x - labels[index - 1].x >= 76));
});

test("the axis has seconds where there is room for them", () => {
  const gantt = layOut({ ...DOUBLE });
  assert.deepEqual(axisOf(scaleOf(gantt, 500), "utc").map(({ label }) => label), ["02:00:00", "02:00:15", "02:00:30", "02:00:45", "02:01:00", "02:01:15"]);
});

test("an attempt that ended as soon as it began has its place", () => {
  const gantt = layOut({ event: event("completed"), now: START, attempts: [attempt([1, "a", 0, 0, "completed"], final("completed"))] });
  assert.equal(gantt.marks.length, 1);
  assert.ok(Number.isFinite(scaleOf(gantt, 300).x(START)));
});

test("two hundred attempts are laid out at once", () => {
  const attempts = Array.from({ length: 200 }, (_, index) => attempt([index + 1, `e${index % 9}`, index * 10, index * 10 + 5, index % 3 ? "failed" : "expired"],
    { ...next(index * 10 + 7), refused_report_at: index % 3 ? null : at(index * 10 + 500) }));
  const gantt = layOut({ event: event("failed"), attempts, now: START });
  assert.equal(gantt.rows.length, 200);
  assert.ok(gantt.marks.filter((mark) => mark.kind === "double").length > 1000);
});
