import assert from "node:assert/strict";
import { test } from "node:test";
import { outlookInWords, outlookOf } from "../../../assets/dashboard/rules/drain.js";

const group = (engine_software_version, status, engines, leases_held, engine_type = "dialogue") => ({ engine_type, engine_software_version, status, engines, leases_held });
const groups = [
  group("2.4.1", "active", 5, 12), group("2.4.1", "unresponsive", 1, 2), group("2.4.1", "draining", 7, 3),
  group("2.4.0", "active", 3, 9), group("2.4.0", "draining", 4, 0), group(null, "active", 1, 0), group("2.4.0", "unresponsive", 2, 1), group("2.4.1", "active", 9, 9, "vision"),
];

test("those of the version that are not draining yet stop, and active ones of others remain", () => {
  assert.deepEqual(outlookOf(groups, "dialogue", "2.4.1"), { engines: 6, held: 14, remaining: 4 });
  assert.equal(outlookInWords({ engines: 6, held: 14, remaining: 4 }), "6 engines would get no more events and finish the 14 that they hold. 4 active ones of other versions remain.");
  assert.equal(outlookInWords({ engines: 1, held: 1, remaining: 1 }), "1 engine would get no more events and finish the 1 that it holds. 1 active one of another version remains.");
});

test("where nobody would be left, that is said", () => {
  assert.deepEqual(outlookOf(groups, "vision", "2.4.1"), { engines: 9, held: 9, remaining: 0 });
  assert.match(outlookInWords({ engines: 9, held: 0, remaining: 0 }), /get no more events\. No other engine of the queue is active: it stands still then\./);
});
