import assert from "node:assert/strict";
import { test } from "node:test";
import { quarantineInWords, quarantineMeanwhile } from "../../../assets/dashboard/rules/quarantine.js";
import { remedyOf } from "../../../assets/dashboard/rules/reason-actions.js";

const nobody = { database_object: null, database_warning: null, engine_id: null, engine_software_version: null, engine_type: null, event_id: null };

test("what the server advises and the page can do, has a button", () => {
  const of = (/** @type {string} */ code, subject = {}) => remedyOf({ code, subject: { ...nobody, engine_type: "billing", ...subject } });
  assert.deepEqual(of("queue_paused"), { operation: "resume_queue", verb: "Resume billing", subject: "billing" });
  assert.equal(of("version_quarantined", { engine_software_version: "2.4.1" })?.version, "2.4.1");
  assert.equal(of("version_quarantined")?.version, null, "engines without a version");
  assert.deepEqual(of("engine_silent", { engine_id: "e1" }), { operation: "drain_engine", verb: "Drain the engine", subject: "e1" });
  assert.equal(of("failing", { engine_software_version: "2.4.1" })?.operation, "quarantine_version");
  for (const code of ["failing", "engine_silent", "not_due_yet", "none_active", "something newer"]) assert.equal(of(code), null, code);
});

const group = (/** @type {string | null} */ version, engines = 1, leases_held = 0, status = "active", engine_type = "dialogue") => ({ engine_type, engine_software_version: version, status, engines, leases_held });

test("a quarantine says whom it hits, and who remains", () => {
  const { sentence, isLast } = quarantineInWords([group("2.4.1", 3, 2), group("2.4.1", 1, 1, "draining"), group("2.5.0", 2), group("2.5.0", 9, 0, "unresponsive"), group("1", 7, 0, "active", "vision")], "dialogue", "2.4.1");
  assert.equal(sentence, "Engines of version 2.4.1 get nothing of dialogue any more, also those that register later: now 4 are there and may finish the 3 events that they hold. 2 active engines of other versions work on.");
  assert.ok(!isLast);
  const last = quarantineInWords([group(null)], "dialogue", null);
  assert.equal(last.sentence, "Engines without a version get nothing of dialogue any more, also those that register later: now 1 is there. No other engine of the queue is active: it stands still then.");
  assert.ok(last.isLast);
  assert.match(quarantineInWords([group("2.4.1", 1, 0, "unresponsive")], "dialogue", "2.4.1").sentence, /now 1 is there\. No engine of the queue is active: it stands still already\.$/);
});

test("a quarantine is lifted when it is the one that was set", () => {
  const mine = { engine_software_version: "2.4.1", reason: "failing", by: "anna", since: "2030-01-31T11:00:00Z", lift_at: null };
  assert.equal(quarantineMeanwhile(mine, [{ ...mine, engine_software_version: null, since: "2030-01-31T10:00:00Z" }, mine]).state, "mine");
  assert.equal(quarantineMeanwhile(mine, []).state, "before");
  assert.equal(quarantineMeanwhile(mine, [{ ...mine, by: "bert", reason: "answers in the wrong language" }]).state, "other");
});
