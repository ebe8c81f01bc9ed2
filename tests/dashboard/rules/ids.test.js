import assert from "node:assert/strict";
import { test } from "node:test";
import { fits, idFault, kindOf, timesOf } from "../../../assets/dashboard/rules/ids.js";

const queues = ["dialogue", "dialogue-fast", "vision"];

test("a UUID is an id, also with what was copied along with it", () => {
  for (const text of ["01A228DE-0C8A-7241-8000-9F197D354D74", ' "01a228de-0c8a-7241-8000-9f197d354d74", ']) {
    assert.deepEqual(kindOf(text, queues), { kind: "id", id: "01a228de-0c8a-7241-8000-9f197d354d74" });
  }
});

test("a trace id is known as one, also within traceparent", () => {
  assert.equal(kindOf("4bf92f3577b34da6a3ce929d0e0e4736", queues).kind, "trace");
  assert.equal(kindOf("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01", queues).kind, "trace");
});

test("a queue's name leads there; a part of it offers those that have it", () => {
  assert.deepEqual(kindOf("dialogue", queues), { kind: "queue", names: ["dialogue"] });
  assert.deepEqual(kindOf("DIALOG", queues), { kind: "queue", names: ["dialogue", "dialogue-fast"] });
});

test("anything else is not known by its shape", () => {
  assert.deepEqual(kindOf("order 17", queues), { kind: "unknown" });
});

test("a piece of an id is told from a name, as the page shortens one, or as somebody has cut it off", () => {
  const pieceOf = (/** @type {string} */ text) => {
    const kind = kindOf(text, queues);
    return kind.kind === "piece" ? { ends: kind.ends, isSure: kind.isSure } : kind.kind;
  };
  assert.deepEqual(pieceOf("01A229b5…1a78a0"), { ends: [{ head: "01a229b5", tail: "1a78a0" }], isSure: true });
  assert.deepEqual(pieceOf("01a229b5...1a78a0"), { ends: [{ head: "01a229b5", tail: "1a78a0" }], isSure: true });
  assert.deepEqual(pieceOf("01a229b5-1896"), { ends: [{ head: "01a229b5-1896", tail: "" }], isSure: true });
  assert.deepEqual(pieceOf("01a229b5-1896-72a7-8000-739e4d1a78a"), { ends: [{ head: "01a229b5-1896-72a7-8000-739e4d1a78a", tail: "" }], isSure: true });
  assert.deepEqual(pieceOf("1a78a0"), { ends: [{ head: "1a78a0", tail: "" }, { head: "", tail: "1a78a0" }], isSure: false });
  for (const name of ["night-42", "nightly-2026-11-29", "order 17", "decade", "2026"]) assert.equal(pieceOf(name), "unknown", name);
  assert.equal(kindOf("20261129-1200", ["20261129-1200"]).kind, "queue");
});

test("a cause is known by its fingerprint", () => {
  assert.deepEqual(kindOf("5A5247f60c5812f7", queues), { kind: "cause", fingerprint: "5a5247f60c5812f7" });
});

test("ids are found in JSON and in a line of a log, each once, with what stands before them", () => {
  const [event, engine] = ["01a229b5-1896-72a7-8000-739e4d1a78a0", "7733ae17-6a2d-5428-bb8a-49bec7f49619"];
  const expected = { kind: "ids", found: [{ id: event, name: "event_id" }, { id: engine, name: "engine_id" }] };
  assert.deepEqual(kindOf(`{"event_id":"${event}", "engine_id" : "${engine}", "root": "${event}"}`, queues), expected);
  assert.deepEqual(kindOf(`12:00:01 INFO leased event_id=${event} engine_id=${engine.toUpperCase()} attempt=2`, queues), expected);
  assert.deepEqual(kindOf(`lost ${event}: gone`, queues), { kind: "ids", found: [{ id: event, name: null }] });
});

test("what is no whole id says how much of one it is", () => {
  assert.equal(idFault("01a229b5-1896-72a7-8000-739e4d1a78a0"), null);
  assert.match(idFault("01a229b5-1896-72a7-8000-739e4d1a78a") ?? "", /no whole id: 35 of 36 characters/);
  assert.match(idFault("01a229b5…1a78a0") ?? "", /its middle is left out/);
  assert.match(idFault("123") ?? "", /3 of 36/);
  assert.match(idFault("vision") ?? "", /no id/);
});

test("the beginning of an event's id says when it was made", () => {
  assert.deepEqual(timesOf({ head: "01a229b5-1896-72", tail: "" }), { from: 0x01a229b51896, to: 0x01a229b51896 });
  const eight = timesOf({ head: "01a229b5", tail: "1a78a0" });
  assert.equal((eight?.to ?? 0) - (eight?.from ?? 0), 65_535);
  assert.equal(timesOf({ head: "01a229", tail: "" }), null);
});

test("a piece fits the ids that begin and end with it", () => {
  const id = "01a229b5-1896-72a7-8000-739e4d1a78a0";
  assert.equal(fits(id, [{ head: "01a229b5", tail: "1a78a0" }]), true);
  assert.equal(fits(id, [{ head: "1a78a0", tail: "" }, { head: "", tail: "1a78a0" }]), true);
  assert.equal(fits(id, [{ head: "01a229b5", tail: "1a78a1" }]), false);
});
