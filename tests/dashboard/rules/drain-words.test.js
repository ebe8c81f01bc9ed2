import assert from "node:assert/strict";
import { test } from "node:test";
import { drainInWords, resumeInWords, versionsInWords } from "../../../assets/dashboard/rules/drain-words.js";
import { outlookOf, outlooksOf } from "../../../assets/dashboard/rules/drain.js";
import { engine, group } from "./engines.js";
import { queue as queueOf } from "./queues.js";

const queue = (more = {}) => queueOf({ engine_type: "vision", ...more });
const nine = [group({ engines: 9 }), group({ status: "draining", engines: 4 }), group({ engine_type: "render", engines: 2 })];
const chosen = (/** @type {number} */ many, more = {}, config = {}) => Array.from({ length: many }, () => engine({ leases_held: 2, ...more }, config));
const say = (/** @type {any[]} */ engines, /** @type {any[]} */ queues = [], groups = nine) => drainInWords(outlooksOf(engines, groups), queues, engines);

test("how many of a queue stop, what they finish, what remains, and what arrives", () => {
  const busy = queue({ slots: { total: 36, busy: 18, unlimited_engines: 0 }, rates: { enqueued_per_second: 40 } });
  assert.equal(say(chosen(6), [busy]), "6 of 9 active engines of vision would get no more events, and finish the 12 that they hold; 3 remain, with 12 slots; 40/s arrive.");
  assert.equal(say(chosen(1, { leases_held: 1 }), [busy], [group({ engines: 2 })]), "1 of 2 active engines of vision would get no more events, and finishes the 1 that it holds; 1 remains, with 32 slots; 40/s arrive.");
  assert.equal(say(chosen(2, { leases_held: 0 })), "2 of 9 active engines of vision would get no more events; 7 remain.", "a queue of which nothing is known");
});

test("what silent engines hold is not what they finish: it comes back when their leases end", () => {
  const both = [...chosen(2), ...chosen(1, { status: "unresponsive", leases_held: 30 })];
  assert.equal(say(both), "2 of 9 active engines of vision would get no more events, and finish the 4 that they hold; 1 silent engine would get none after coming back; 7 remain.");
  assert.equal(say(chosen(2, { status: "unresponsive", leases_held: 5 })), "2 silent engines of vision would get no more events after coming back; 9 remain.");
});

test("where nobody would be left, the queue stands still", () => {
  assert.equal(say(chosen(9, { leases_held: 0 }), [queue({ rates: { enqueued_per_second: 2 } })]), "9 of 9 active engines of vision would get no more events; no other is active, so the queue stands still then; 2/s arrive.");
  const silent = { status: "unresponsive", leases_held: 0 };
  assert.equal(say(chosen(1, silent), [], [group({ status: "unresponsive" })]), "1 silent engine of vision would get no more events after coming back; no engine is active, so the queue stands still already.");
});

test("the room that remains: an engine without a limit has no number, and one above its limit counts with what it holds", () => {
  const slots = (/** @type {number} */ total, unlimited_engines = 0) => [queue({ slots: { total, busy: 0, unlimited_engines } })];
  assert.match(say(chosen(1, {}, { slots: null }), slots(30, 2)), /8 remain, some of them without a limit\.$/);
  assert.match(say(chosen(2, { leases_held: 1 }, { slots: null }), slots(30, 2)), /7 remain, with 28 slots\.$/);
  assert.match(say(chosen(1, { leases_held: 9 }), slots(10)), /8 remain, with 1 slot\.$/);
});

test("each queue has its sentence, and of many the rest is counted", () => {
  const types = Array.from({ length: 7 }, (_, n) => `q${n}`);
  const words = say(types.map((engine_type) => engine({ engine_type, leases_held: 0 })), [], types.map((engine_type) => group({ engine_type, engines: 2 })));
  assert.equal(words.match(/1 of 2 active engines of q\d would get no more events; 1 remains\./g)?.length, 5);
  assert.match(words, / 2 more queues are affected\.$/);
});

test("of a version whose engines are not all known, the room that remains is not said", () => {
  const groups = [group({ engines: 3, leases_held: 2 }), group({ engine_software_version: "2", engines: 1 })];
  const outlook = new Map([["vision", outlookOf(groups, "vision", "3.0.0")]]);
  assert.equal(drainInWords(outlook, [queue({ slots: { total: 16, busy: 0, unlimited_engines: 0 } })], null), "3 of 4 active engines of vision would get no more events, and finish the 2 that they hold; 1 remains.");
});

test("going on: what may be gone, and what a quarantine keeps from work, is said", () => {
  const draining = (more = {}) => engine({ status: "draining", drain: { since: "", reason: null, then: "stay" }, ...more });
  assert.equal(resumeInWords([draining()]), "1 engine of vision gets events again with the next poll.");
  assert.equal(resumeInWords([draining({ drain: { then: "exit" } }), draining({ is_quarantined: true, engine_type: "render" })]), "2 engines of vision, render get events again with the next poll. 1 is quarantined, and gets none until that is lifted. 1 was told to exit, and may be gone.");
});

test("the versions among them are named, and what hides in a name is seen", () => {
  assert.equal(versionsInWords([engine({}, { version: "2" }), engine({}, { version: null }), engine({}, { version: "1\u202e" })]), "1\\u{202e}, 2, none");
  assert.equal(versionsInWords(Array.from({ length: 7 }, (_, n) => engine({}, { version: `${n}` }))), "0, 1, 2, 3, 4 and 2 more");
});
