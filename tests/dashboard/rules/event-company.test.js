import assert from "node:assert/strict";
import { test } from "node:test";
import { addedTo, missingOf, titleOf } from "../../../assets/dashboard/rules/event-company.js";

test("filters that can be asked for as they are want nothing more", () => {
  for (const values of [{}, { engine_type: "vision" }, { status: "queued", engine_type: "vision" }, { error_type: "Timeout", failing: "true" }, { error_type: "Timeout", status: "failed" }, { idempotency_key: "k", engine_type: "vision" }, { status: "completed", created_after: "-1d" }]) {
    assert.equal(missingOf(values), null, JSON.stringify(values));
  }
});

test("a key wants its queue", () => {
  for (const name of ["idempotency_key", "unique_key"]) {
    const missing = missingOf({ [name]: "nightly" });
    assert.equal(missing?.wantsQueue, true);
    assert.match(missing?.sentence ?? "", new RegExp(titleOf(name)));
  }
});

test("an error type wants events that fail now, or dead letters; each choice mends it", () => {
  for (const values of [{ error_type: "Timeout" }, { error_type: "Timeout", status: "queued" }, { error_type: "Timeout", failing: "false" }]) {
    const missing = missingOf(values);
    assert.deepEqual(missing?.choices.map(({ words }) => words), ["failing now", "status failed: dead letters"]);
    for (const { sets } of missing?.choices ?? []) assert.equal(missingOf(merged(values, sets)), null);
  }
});

test("a status by itself wants a time or a queue", () => {
  const missing = missingOf({ status: "completed" });
  assert.equal(missing?.wantsQueue, true);
  for (const { sets } of missing?.choices ?? []) assert.equal(missingOf(merged({ status: "completed" }, sets)), null);
});

test("losses of events that have ended want a time", () => {
  const missing = missingOf({ lease_losses_min: "1", status: "completed", engine_type: "vision" });
  for (const { sets } of missing?.choices ?? []) assert.equal(missingOf(merged({ lease_losses_min: "1", status: "completed" }, sets)), null);
  assert.equal(missing?.choices.length, 2);
  assert.equal(missingOf({ lease_losses_min: "1", status: "queued" }), null);
});

test("a filter that was chosen brings along what it wants, unless that takes another away", () => {
  assert.deepEqual(addedTo({ status: "completed" }), { created_after: "-1d" });
  assert.deepEqual(addedTo({ status: "completed", engine_type: "vision" }), {});
  assert.equal(addedTo({ error_type: "Timeout" })["failing"], "true");
  assert.deepEqual(addedTo({ error_type: "Timeout", status: "queued" }), {});
  assert.deepEqual(addedTo({ caused_by: "x", failing: "true" }), {});
  assert.deepEqual(addedTo({ idempotency_key: "k" }), {});
});

test("what finds a few events does not stand beside what finds open ones, nor beside another such", () => {
  for (const values of [{ caused_by: "x", failing: "true" }, { caused_by: "x", unique_key: "k", engine_type: "vision" }, { lease_losses_min: "1", status: "completed", created_after: "-1d", leased_by: "x" }]) {
    const missing = missingOf(values);
    assert.equal(missing?.choices.length, 2);
    for (const { sets } of missing?.choices ?? []) assert.equal(missingOf(merged(values, sets)), null);
  }
});

/** @param {Record<string, string>} values @param {Readonly<Record<string, string | null>>} sets */
function merged(values, sets) {
  return /** @type {Record<string, string>} */ (Object.fromEntries(Object.entries({ ...values, ...sets }).filter(([, value]) => value !== null)));
}
