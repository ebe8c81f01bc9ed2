import assert from "node:assert/strict";
import { test } from "node:test";
import { crossTable, fallsOf, judge, looksLike, lossesOf, verdictOf, worstFirst } from "../../../assets/dashboard/rules/suspects.js";

/** @param {string} event @param {string | null} engine @param {number} from @param {number} [to] */
const loss = (event, engine, from, to = from + 10) => ({ event, engine, from, to });
const same = (/** @type {string} */ id) => id;
/** @param {ReturnType<typeof loss>[]} losses */
const verdict = (losses) => verdictOf(judge(losses), same);
/** @param {ReturnType<typeof loss>[]} losses @param {string} event */
const word = (losses, event) => looksLike(judge(losses), event, same).word;

test("only attempts without a report are losses", () => {
  const attempt = (/** @type {string} */ outcome) => ({ engine_id: "a", leased_at: "2030-01-31T12:00:00Z", ended_at: "2030-01-31T12:01:00Z", late_by_seconds: null, outcome });
  const losses = lossesOf("e", [attempt("failed"), attempt("expired"), attempt("completed"), attempt("engine_unresponsive"), { ...attempt("cancelled"), leased_at: null }]);
  assert.deepEqual(losses.map(({ to, from }) => to - from), [60_000, 60_000]);
});

test("what one engine held at the same time is one fall; what it held later is another", () => {
  const losses = [loss("x", "a", 0, 10), loss("y", "a", 5, 20), loss("z", "a", 20, 30), loss("x", "b", 0, 10)];
  assert.deepEqual(fallsOf(losses), [{ engine: "a", events: ["x", "y"] }, { engine: "a", events: ["z"] }, { engine: "b", events: ["x"] }]);
  assert.equal(fallsOf([loss("x", null, 0), loss("y", null, 0)]).length, 2, "anonymous engines may be two");
});

test("an event that several engines fell silent with is sick, and those beside it are innocent", () => {
  const losses = [loss("poison", "a", 0), loss("p1", "a", 1), loss("p2", "a", 2), loss("poison", "b", 100), loss("poison", "c", 200)];
  assert.equal(verdict(losses), "It looks like a sick event: 3 engines lost event poison, and 2 other events were lost beside it.");
  assert.deepEqual(["poison", "p1", "p2"].map((event) => word(losses, event)), ["kills engines", "lost beside", "lost beside"]);
});

test("an engine that falls silent again and again with other events is sick", () => {
  const losses = [loss("x", "a", 0), loss("y", "a", 100), loss("z", "a", 200)];
  assert.equal(verdict(losses), "It looks like a sick engine: engine a lost its events 3 times, others each time.");
  assert.equal(word(losses, "x"), "sick engine");
});

test("an engine that fell once with many events proves nothing", () => {
  const losses = ["x", "y", "z"].map((event, n) => loss(event, "a", n));
  assert.match(verdict(losses), /^It is not known yet/);
  assert.equal(word(losses, "x"), "unclear");
});

test("one event again and again with the same engine alone proves nothing either", () => {
  assert.match(verdict([loss("x", "a", 0), loss("x", "a", 100), loss("x", "a", 200)]), /^It is not known yet/);
});

test("where the event and the engine explain as much, it is not decided", () => {
  assert.match(verdict([loss("x", "a", 0), loss("x", "b", 100), loss("y", "a", 200)]), /^It is not known yet/);
});

test("both can be sick, and what nothing explains is counted", () => {
  const losses = [
    ...["a", "b", "c"].map((engine, n) => loss("poison", engine, n * 100)),
    ...["x", "y"].map((event, n) => loss(event, "bad", n * 100)),
    loss("lonely", "d", 0),
  ];
  assert.equal(verdict(losses), "It looks like a sick event: 3 engines lost event poison. And like a sick engine: engine bad lost its events twice, others each time. The cause of 1 other loss is not known.");
});

test("anonymous engines count each for the event, and are never what is sick", () => {
  assert.match(verdict([loss("x", null, 0), loss("x", null, 100)]), /sick event: 2 engines lost event x/);
  assert.match(verdict([loss("x", null, 0), loss("y", null, 100)]), /^It is not known yet/);
});

test("without attempts, that is said", () => {
  assert.match(verdict([]), /not known any more/);
  assert.equal(word([], "x"), "not looked at");
});

test("the cross table has the engines with the most losses, and says how many have no column", () => {
  const losses = [loss("x", "a", 0), loss("x", "b", 100), loss("y", "b", 100), loss("x", "c", 200), loss("hidden", "d", 0)];
  assert.deepEqual(crossTable(losses, ["y", "x", "none"], 2), {
    engines: ["b", "a"],
    rows: [{ event: "y", cells: [1, 0], others: 0 }, { event: "x", cells: [1, 1], others: 1 }],
    left: 1,
  });
});

test("the most lost stand first, and of those the ones with the least left", () => {
  const event = (/** @type {string} */ event_id, /** @type {number} */ lease_losses, /** @type {number | null} */ losses_left) => ({ event_id, lease_losses, losses_left });
  assert.deepEqual(worstFirst([event("a", 1, 2), event("b", 2, null), event("c", 2, 1)]).map(({ event_id }) => event_id), ["c", "b", "a"]);
});
