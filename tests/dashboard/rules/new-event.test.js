import assert from "node:assert/strict";
import { test } from "node:test";
import { curl } from "../../../assets/dashboard/rules/curl.js";
import { bodyOf, draftOf, keyOf, nameFault, typesOf, whyNot } from "../../../assets/dashboard/rules/new-event.js";

const limits = { max_payload_bytes: 100, max_json_depth: 64 };

test("a new draft says what is missing, and is sent with its key", () => {
  const draft = draftOf({ key: "dashboard-1" });
  assert.equal(whyNot(draft, limits), "It needs an event type");
  assert.equal(whyNot({ ...draft, eventType: "line.requested" }, limits), null);
  assert.match(whyNot({ ...draft, eventType: "line.requested", payload: "{" }, limits) ?? "", /no JSON/);
  assert.deepEqual(bodyOf("dialogue", { ...draft, eventType: "line.requested" }), {
    engine_type: "dialogue", event_type: "line.requested", priority: 5, idempotency_key: "dashboard-1",
  });
  assert.equal(bodyOf("dialogue", { ...draft, delaySeconds: 60 })["delay_seconds"], 60);
});

test("what is no name of an event type is told, and never sent", () => {
  for (const name of ["a", "line.requested", "A_b:c-9", "x".repeat(64)]) assert.equal(nameFault(name), null, name);
  for (const name of ["", "with space", "ä", "<b>", "a/b", "x".repeat(65), "a\n"]) assert.notEqual(nameFault(name), null, name);
});

test("the types of the newest events are offered, the most frequent first", () => {
  assert.deepEqual(typesOf(["b", "a", "c", "a"].map((event_type) => ({ event_type }))), ["a", "b", "c"]);
});

test("a key is made of random bytes", () => {
  assert.equal(keyOf(new Uint8Array([0, 15, 255])), "dashboard-000fff");
});

test("as curl, the payload stays as it was typed", () => {
  const draft = draftOf({ eventType: "t", payload: '{"big": 12345678901234567890, "it\'s": 1.10}', key: "k" });
  const line = curl("enqueue_event", { body: bodyOf("q", draft), payload: draft.payload }, "http://x");
  assert.match(line, /"payload":\{"big": 12345678901234567890, "it'\\''s": 1\.10\}/);
  assert.match(line, /"idempotency_key":"k"/);
});
