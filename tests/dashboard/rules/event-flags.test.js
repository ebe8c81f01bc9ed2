import assert from "node:assert/strict";
import { test } from "node:test";
import { flagsOf } from "../../../assets/dashboard/rules/event-flags.js";

const entry = (action, second, more = {}) => ({ action, actor: "anna", subject: "x", recorded_at: `2026-11-29T02:00:0${second}Z`, details: {}, ...more });

test("what was done to an event, and pauses of its queue, are flags in the order in which they happened", () => {
  const flags = flagsOf([entry("cancel_event", 5), entry("redrive_dead_letter", 1)], [entry("pause_queue", 3, { subject: "billing", details: { reason: "up\u202egrade" } })]);
  assert.deepEqual(flags.map(({ kind }) => kind), ["redrive", "pause", "cancel"]);
  assert.equal(flags[1].at, Date.parse("2026-11-29T02:00:03Z"));
  assert.equal(flags[1].text, "anna paused billing: up\\u{202e}grade");
});

test("other actions are no flags", () => {
  assert.deepEqual(flagsOf([entry("create_token", 1), entry("constructor", 2)], []), []);
});
