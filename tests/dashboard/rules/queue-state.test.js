import assert from "node:assert/strict";
import { test } from "node:test";
import { attentionByQueue, clearsInSeconds, failedRatio, stateOf } from "../../../assets/dashboard/rules/queue-state.js";
import { chosen, counts, rowsOf } from "../../../assets/dashboard/rules/queue-list.js";
import { item, queue } from "./queues.js";

const pause = { by: "anna", reason: "model upgrade", since: "2030-01-31T12:00:00Z", resume_at: null };
const states = [
  ["a queue without events", queue(), [], null, "idle"],
  ["events that are due later alone", queue({ delayed: 4 }), [], null, "idle"],
  ["events that are worked on", queue({ processing: 2, engines: { active: 1 } }), [], null, "flowing"],
  ["a short wait", queue({ due: 5, oldest_due_age_seconds: 9, engines: { active: 1 } }), [], null, "flowing"],
  ["a wait beside work", queue({ due: 5, processing: 1, oldest_due_age_seconds: 65, engines: { active: 1 } }), [], null, "flowing"],
  ["a wait, and a moment ago one was done", queue({ due: 5, oldest_due_age_seconds: 65, engines: { active: 1 }, rates: { completed_per_second: 0.1 } }), [], null, "flowing"],
  ["a wait, and nobody works, though an engine is active", queue({ due: 60, oldest_due_age_seconds: 65, engines: { active: 1, unresponsive: 1 } }), [], null, "stalled"],
  ["the same, and what was worked on was lost", queue({ due: 60, oldest_due_age_seconds: 65, engines: { active: 1 }, rates: { lost_per_second: 0.1 } }), [], null, "stalled"],
  ["zombies, and nobody else works", queue({ due: 60, engines: { active: 1 } }), [item({ code: "zombies" })], null, "stalled"],
  ["no engine, and callers without an engine's id work", queue({ due: 1, processing: 1 }), [], null, "flowing"],
  ["nothing there just now, and a moment ago there was", queue({ rates: { completed_per_second: 0.2 } }), [], null, "flowing"],
  ["a long wait", queue({ due: 5, processing: 1, oldest_due_age_seconds: 301, engines: { active: 1 } }), [], null, "behind"],
  ["what the server calls falling behind", queue({ due: 5, engines: { active: 1 } }), [item({ code: "falling_behind" })], null, "behind"],
  ["due events and no engine", queue({ due: 1 }), [], null, "stalled"],
  ["due events and silent engines", queue({ due: 1, engines: { unresponsive: 2 } }), [], null, "stalled"],
  ["no engine, as the server says", queue({ due: 1, processing: 2, engines: { active: 1 } }), [item({ code: "nobody_works" })], null, "stalled"],
  ["attempts that fail", queue({ due: 1, oldest_due_age_seconds: 900, engines: { active: 1 } }), [item({ code: "dying" })], null, "failing"],
  ["as many as its limit", queue({ due: 1, processing: 200, oldest_due_age_seconds: 900, engines: { active: 9 } }), [], 200, "capped"],
  ["as many as its limit, and nothing more waits", queue({ processing: 200, engines: { active: 9 } }), [], 200, "flowing"],
  ["fewer than its limit", queue({ due: 1, processing: 199, engines: { active: 9 } }), [], 200, "flowing"],
  ["a pause, whatever else", queue({ due: 9, oldest_due_age_seconds: 900, pause }), [item({ code: "dying" })], 0, "paused"],
];

for (const [what, facts, attention, most, code] of states) {
  test(`${what}: ${code}`, () => {
    const state = stateOf(facts, attention, most);
    assert.equal(state.code, code);
    assert.ok(state.why.length > 5);
  });
}

test("the reason names who paused, and the server's own sentence where it has one", () => {
  assert.equal(stateOf(queue({ pause })).why, "paused by anna: model upgrade");
  assert.equal(stateOf(queue({ pause: { ...pause, by: null, reason: null } })).why, "paused");
  assert.equal(stateOf(queue({ due: 1 }), [item({ code: "nobody_works" })]).why, "the server's sentence on nobody_works");
  assert.match(stateOf(queue({ due: 1, engines: { unresponsive: 2, holding_off: 1 } })).why, /2 unresponsive, 1 holding off/);
});

test("a state is shown as no better than what the server says of the queue", () => {
  const warned = stateOf(queue({ due: 1, processing: 2, engines: { active: 2 } }), [item({ code: "zombies", severity: "warning" })]);
  assert.deepEqual([warned.code, warned.kind, warned.why], ["flowing", "warning", "the server's sentence on zombies"]);
  const told = stateOf(queue({ due: 1, processing: 2, engines: { active: 2 } }), [item({ code: "version_quarantined", severity: "notice" })]);
  assert.equal(told.kind, "good");
  assert.equal(stateOf(queue(), [item({ code: "a code of a later version" })]).kind, "bad");
});

test("a queue on which nobody works says since when, and who could", () => {
  const why = (more) => stateOf(queue({ oldest_due_age_seconds: 65, ...more })).why;
  assert.equal(why({ due: 60, engines: { active: 1 } }), "60 events are due, the oldest for 1 min 5 s, and none is being worked on; 1 engine is active");
  assert.equal(why({ due: 3, oldest_due_age_seconds: 7, engines: { active: 1 } }), "3 events are due, the oldest for 7 s; engines may take that long");
  assert.equal(why({ due: 1, engines: { active: 2 } }), "1 event has been due for 1 min 5 s, and none is being worked on; 2 engines are active");
});

test("what is due clears at what is finished for good minus what comes", () => {
  const rates = { completed_per_second: 5, dead_lettered_per_second: 1, failed_per_second: 50, enqueued_per_second: 2 };
  assert.equal(clearsInSeconds(queue({ due: 40, rates })), 10);
  assert.equal(clearsInSeconds(queue({ due: 40, rates: { ...rates, enqueued_per_second: 6 } })), null);
  assert.equal(clearsInSeconds(queue({ due: 40, rates, pause })), null);
  assert.equal(clearsInSeconds(queue({ due: 0 })), 0);
});

test("lost attempts count as failed, and where nothing ended there is no share", () => {
  assert.equal(failedRatio(queue({ rates: { completed_per_second: 6, failed_per_second: 1, lost_per_second: 1 } }).rates), 0.25);
  assert.equal(failedRatio(queue().rates), null);
});

test("an item belongs to its queue, and none to a queue that is not shown", () => {
  const found = attentionByQueue([queue()], [item(), item({ subject: { engine_type: "vision" } }), item({ subject: { engine_type: null } })]);
  assert.deepEqual([...found].map(([name, items]) => [name, items.length]), [["dialogue", 1]]);
});

const rows = rowsOf(
  [
    queue({ engine_type: "a-idle" }),
    queue({ engine_type: "b-flowing", due: 3, engines: { active: 1 } }),
    queue({ engine_type: "c-stalled", due: 3, oldest_due_age_seconds: 10 }),
    queue({ engine_type: "d-stalled", due: 3, oldest_due_age_seconds: 20 }),
    queue({ engine_type: "Dialogue", dead_letters: 7, engines: { active: 1 } }),
  ],
  [item({ subject: { engine_type: "Dialogue" } })],
);
const names = (wanted) => chosen(rows, wanted).map(({ queue: { engine_type } }) => engine_type);

test("problems come first, and of these what has waited for longest", () => {
  assert.deepEqual(names({}), ["d-stalled", "c-stalled", "Dialogue", "b-flowing", "a-idle"]);
});

test("a part of the name and states choose", () => {
  assert.deepEqual(names({ name: " DI" }), ["Dialogue"]);
  assert.deepEqual(names({ states: ["idle", "failing"] }), ["Dialogue", "a-idle"]);
  assert.deepEqual(names({ name: "stalled", states: ["idle"] }), []);
});

test("other orders, and names where they are equal", () => {
  assert.deepEqual(names({ sort: "dead_letters" }), ["Dialogue", "a-idle", "b-flowing", "c-stalled", "d-stalled"]);
  assert.deepEqual(names({ sort: "name" })[0], "Dialogue");
});

test("states are counted, the worst first", () => {
  assert.deepEqual(counts(rows).filter(([, n]) => n > 0), [["stalled", 2], ["failing", 1], ["flowing", 1], ["idle", 1]]);
});
