import assert from "node:assert/strict";
import { test } from "node:test";
import { kindOf } from "../../../assets/dashboard/rules/ids.js";

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
