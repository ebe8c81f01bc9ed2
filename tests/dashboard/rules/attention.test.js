import assert from "node:assert/strict";
import { test } from "node:test";
import { allIsWell, keyOf, notYet, offerOf, restInWords, weightOf } from "../../../assets/dashboard/rules/attention.js";
import { rowsOf } from "../../../assets/dashboard/rules/queue-list.js";
import { item, queue as queueOf } from "./queues.js";

const queue = { screen: "queues", id: "dialogue" };
const event = "01a226a5-7c1e-7000-8000-00000000799f";
const offers = [
  [item({ code: "nobody_works" }), queue, null],
  [item({ code: "falling_behind" }), queue, null],
  [item({ code: "zombies" }), { screen: "engines", filters: { engine_type: "dialogue", zombie: "true" } }, null],
  [item({ code: "dying" }), { screen: "dead-letters", filters: { engine_type: "dialogue" } }, null],
  [item({ code: "dead_letters_new" }), { screen: "dead-letters", filters: { engine_type: "dialogue", dead_lettered_after: "2030-01-31T12:32:07.192Z" } }, null],
  [item({ code: "poison", subject: { event_id: event } }), { screen: "suspects", filters: { engine_type: "dialogue" } }, null],
  [item({ code: "paused_long" }), queue, "resume_queue"],
  [item({ code: "version_quarantined", subject: { engine_software_version: "2.4.1" } }), queue, "lift_quarantine"],
  [item({ code: "database", subject: { engine_type: null, database_warning: "old_snapshot" } }), { screen: "health" }, null],
  [item({ code: "a code of a later version" }), queue, null],
  [item({ code: "a code of a later version", subject: { engine_type: null } }), undefined, null],
];

for (const [given, to, operation] of offers) {
  test(`${given.code} leads to ${JSON.stringify(to)}, and offers ${operation}`, () => {
    const { link, action } = offerOf(given);
    assert.deepEqual(link?.to, to);
    assert.equal(action?.operation ?? null, operation);
  });
}

test("to lift the quarantine of engines without a version, no version is named", () => {
  assert.equal(offerOf(item({ code: "version_quarantined" })).action.version, null);
});

test("a severity of a later version is taken for a warning", () => {
  assert.deepEqual(weightOf(item({ severity: "dire" })), { word: "dire", kind: "warning" });
  assert.equal(weightOf(item()).kind, "bad");
});

test("two items about different things are different ones, also with the same code", () => {
  const keys = [item(), item({ subject: { engine_type: "vision" } }), item({ code: "poison" }), item({ subject: { engine_software_version: "1" } })].map(keyOf);
  assert.equal(new Set(keys).size, keys.length);
  assert.equal(keyOf(item()), keyOf(item({ count: 9, message: "other" })));
});

test("what is left out is counted by code", () => {
  assert.equal(restInWords([item(), item({ code: "poison" }), item({ code: "poison" })]), "3 more: 2 poison, 1 dying.");
  assert.equal(restInWords(Array.from({ length: 1990 }, () => item())), "1,990 more, all of them dying.");
});

test("before the server calls it something to see to, due events that nobody works on are no calm day", () => {
  const of = (...queues) => notYet(rowsOf(queues.map(queueOf), []));
  const waiting = { due: 3, oldest_due_age_seconds: 6 };
  assert.equal(of(waiting, { ...waiting, oldest_due_age_seconds: 5 }, {}), "Nothing needs attention yet; 2 queues have due events and no active engine, for 6 s.");
  assert.equal(of({ ...waiting, oldest_due_age_seconds: 12, engines: { active: 1 } }), "Nothing needs attention yet; 1 queue has due events, and none of them is being worked on, for 12 s.");
  assert.equal(of({}, { ...waiting, processing: 1, engines: { active: 1 } }), null);
});

test("a calm day says what goes on", () => {
  assert.equal(
    allIsWell({ completed: "212/s", oldest: "2 s", engines: 58, queues: 3 }),
    "All is well: 212/s completed, the oldest due event has waited for 2 s, 58 engines are active.",
  );
  assert.equal(allIsWell({ completed: "0/s", oldest: null, engines: 1, queues: 1 }), "All is well: 0/s completed, nobody waits, 1 engine is active.");
  assert.match(allIsWell({ completed: "0/s", oldest: null, engines: 0, queues: 0 }), /no queue yet/);
  assert.equal(allIsWell({ completed: "0/s", oldest: null, engines: 0, queues: 2 }), "All is well: nobody waits, and no engine is active.");
});
