import assert from "node:assert/strict";
import { test } from "node:test";
import { comesBack, drainEffect, engineSentence, engineStateOf, livenessOf, loadOf, looksLike, neverAsked, registrationsOf, removalOf, removalSentence, resumeEffect } from "../../../assets/dashboard/rules/engine-words.js";
import { NOW, before, engine } from "./engines.js";

test("how an engine stands is said in sentences", () => {
  assert.equal(engineSentence(engine(), NOW), "Active. It holds 3 of 4. Last heartbeat 4 s ago; it last asked for work 2 s ago.");
  const bare = engine({ last_heartbeat: null, last_poll_at: null, leases_held: 0, metadata: { static_config: {}, dynamic_state: {} } });
  assert.equal(engineSentence(bare, NOW), "Active. It holds nothing. It has never sent a heartbeat; it has never asked for work.");
  assert.match(engineSentence(engine({ status: "unresponsive", last_seen_at: before(180) }), NOW), /^Silent: last seen 3 min ago\. It holds 3 of 4/);
  const drain = { since: before(60), reason: "old\u202e", then: "stay" };
  assert.match(engineSentence(engine({ status: "draining", drain }), NOW), /^Draining for 1 min \(old\\u\{202e\}\): it gets no new events, and stays registered\. It holds 3 of 4/);
  assert.match(engineSentence(engine({ status: "draining", drain: { ...drain, reason: null, then: "exit" }, leases_held: 0 }), NOW), /^Drained: it gets no new events, and can be stopped now; it was told to exit afterwards\./);
  const holding_off = { until: before(-30), reason: "disk is full" };
  assert.match(engineSentence(engine({ holding_off }), NOW), /^Active, but it asked for no events for another 30 s \(disk is full\)\./);
});

test("heartbeats that are missing are said before the engine counts as silent", () => {
  const quiet = { last_heartbeat: before(51), last_seen_at: before(51) };
  assert.deepEqual(engineStateOf(engine(quiet), NOW), { word: "heartbeat overdue", kind: "warning" });
  assert.match(engineSentence(engine(quiet), NOW), /^Nothing was heard of it for 51 s: it should send a heartbeat every 20 s, and counts as silent in 9 s\./);
  assert.equal(engineStateOf(engine({ last_heartbeat: before(29), last_seen_at: before(29) }), NOW).word, "active", "one is under way");
  assert.equal(engineStateOf(engine({ last_heartbeat: before(51) }), NOW).word, "active", "it polls");
  assert.equal(engineStateOf(engine({ last_heartbeat: null, last_seen_at: before(51) }), NOW).word, "heartbeat overdue", "it never sent one");
  assert.equal(engineStateOf(engine({ last_heartbeat: null, heartbeat_interval_seconds: null, heartbeat_timeout_seconds: null, last_seen_at: before(51) }), NOW).word, "active", "it registered without");
  assert.equal(engineStateOf(engine({ ...quiet, status: "unresponsive" }), NOW).word, "silent");
});

test("an engine that never asked for work is told from one that has just started", () => {
  assert.equal(neverAsked(engine({ last_poll_at: null }), NOW), true);
  assert.equal(neverAsked(engine({ last_poll_at: null, registered_at: before(20) }), NOW), false);
  assert.equal(neverAsked(engine({ last_poll_at: null, status: "unresponsive" }), NOW), false, "that says more");
  assert.equal(neverAsked(engine(), NOW), false);
});

test("silence comes before a drain, and a drain before a quarantine", () => {
  const all = { is_quarantined: true, holding_off: { until: before(-1), reason: "" } };
  assert.equal(engineStateOf(engine({ ...all, status: "unresponsive" }), NOW).word, "silent");
  assert.equal(engineStateOf(engine({ ...all, status: "draining" }), NOW).word, "draining");
  assert.equal(engineStateOf(engine({ ...all, status: "draining", leases_held: 0 }), NOW).word, "drained");
  assert.equal(engineStateOf(engine(all), NOW).word, "quarantined");
  assert.equal(engineStateOf(engine({ status: "retired" }), NOW).word, "retired");
});

test("the engine's word about its load stands beside the server's count, and that they differ is said", () => {
  assert.equal(loadOf({ current_workload: 3, leases_held: 3 }).differs, false);
  assert.match(loadOf({ current_workload: 5, leases_held: 1 }).words, /load of 5, and the server counts 1 lease\. They differ\. It may still work on events that it has lost/);
  assert.match(loadOf({ current_workload: 0, leases_held: 2 }).words, /They differ\. It may have forgotten some/);
  assert.deepEqual(loadOf({ current_workload: null, leases_held: 2 }), { differs: false, words: "The server counts 2 leases; the engine does not report its load." });
});

test("a lease comes back with its end, or with the silence of an engine that sends heartbeats", () => {
  const lease = { expires_at: before(-300) };
  assert.deepEqual(comesBack(engine(), lease), { at: before(-58), by: "silence" });
  assert.deepEqual(comesBack(engine({ last_heartbeat: null }), lease), { at: lease.expires_at, by: "expiry" });
  assert.deepEqual(comesBack(engine({ heartbeat_timeout_seconds: null }), lease), { at: lease.expires_at, by: "expiry" });
  assert.deepEqual(comesBack(engine(), { expires_at: before(-10) }), { at: before(-10), by: "expiry" });
});

test("by what its life is judged", () => {
  assert.match(livenessOf(engine()), /heartbeat every 20 s\. If it says nothing for 1 min/);
  assert.match(livenessOf(engine({ heartbeat_timeout_seconds: null })), /judged by its leases alone/);
  assert.match(livenessOf(engine({ last_heartbeat: null })), /never sent a heartbeat/);
  assert.match(livenessOf(engine({ status: "unresponsive" })), /taken back then, as silent losses/);
  assert.deepEqual([1, 3].map((incarnation) => registrationsOf({ incarnation })), ["once", "3 times; each time anew it lost what it held"]);
});

test("draining says who is left, and resuming what keeps it from work", () => {
  const groups = [{ engine_type: "vision", status: "active", engines: 3 }, { engine_type: "vision", status: "draining", engines: 5 }, { engine_type: "render", status: "active", engines: 9 }];
  assert.equal(drainEffect(engine(), groups), "It finishes the 3 that it holds, and gets nothing more; it stays registered. 2 other engines of vision are active.");
  assert.match(drainEffect(engine({ leases_held: 1 }), groups), /^It finishes the one that it holds, and gets nothing more/);
  assert.match(drainEffect(engine({ leases_held: 0 }), [{ engine_type: "vision", status: "active", engines: 1 }]), /^It holds nothing.* No other engine of vision is active/);
  assert.match(drainEffect(engine({ status: "unresponsive" }), groups), /^It is silent: if it comes back, it gets nothing more; it stays registered\. 3 other/);
  assert.match(drainEffect(engine({ status: "unresponsive" }), []), / No engine of vision is active: its queue stands still already\.$/);
  assert.match(resumeEffect(engine({ is_quarantined: true })), /quarantined in vision/);
  assert.match(resumeEffect(engine({ leases_held: 0, drain: { since: before(1), reason: null, then: "exit" } })), /told to exit/);
});

test("removal says what becomes of each held event", () => {
  assert.equal(removalOf(engine(), { losses_left: 1 }), "becomes a dead letter: this is its last silent loss");
  assert.equal(removalOf(engine(), { losses_left: 2 }), "goes back, as a silent loss: 1 is left");
  assert.equal(removalOf(engine({ status: "draining" }), { losses_left: 1 }), "goes back, and spends nothing");
  assert.match(removalSentence(engine()), /^The 3 events that it holds go back into the queue as silent losses\. Drain it first/);
  assert.match(removalSentence(engine({ leases_held: 1 })), /^The event that it holds goes back into the queue as a silent loss\. Drain it first, and it can finish it\./);
  assert.match(removalSentence(engine({ status: "draining", leases_held: 1 })), /^The event that it holds goes back into the queue and spends nothing/);
  assert.match(removalSentence(engine({ leases_held: 0 })), /^It holds nothing\./);
});

test("a zombie says what its usual causes look like", () => {
  const zombie = (more = {}) => looksLike(engine({ leases_held: 0, current_workload: 0, last_poll_at: before(300), ...more }), NOW);
  assert.equal(zombie(), "It asked for work until 5 min ago, and then no more: it may be stuck.");
  assert.equal(zombie({ last_poll_at: null, current_workload: null }), "It has never asked for work since it registered 1 h ago: its polling may never have been started.");
  assert.equal(zombie({ current_workload: 4, last_poll_at: null }), "It reports a load of 4 and holds nothing: its slots may be taken by work that has ended.");
});
