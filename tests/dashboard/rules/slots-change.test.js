import assert from "node:assert/strict";
import { test } from "node:test";
import { readSlots, slotsEffect, slotsInWords, slotsMeanwhile, slotsPatch } from "../../../assets/dashboard/rules/slots-change.js";
import { engine } from "./engines.js";

test("slots are a whole number from 1 on, or nothing for no limit", () => {
  assert.deepEqual([" 4 ", "1", "100000", ""].map(readSlots), [{ slots: 4 }, { slots: 1 }, { slots: 100000 }, { slots: null }]);
  for (const text of ["0", "-1", "1.5", "100001", "99999999999", "four", "1e3"]) assert.ok("fault" in readSlots(text), text);
});

test("what the number does to an engine that holds some already is said", () => {
  assert.equal(slotsEffect(engine(), 8), "It holds 3, and may be given up to 5 more events from its next poll on.");
  assert.equal(slotsEffect(engine({ leases_held: 0 }), 1), "It holds nothing, and may be given up to 1 more event from its next poll on.");
  assert.equal(slotsEffect(engine(), 2), "It holds 3 and keeps them, but is given nothing more until it holds fewer than 2.");
  assert.match(slotsEffect(engine(), 3), /^It holds 3 and keeps them, but is given nothing more until it holds fewer than 3/);
  assert.match(slotsEffect(engine(), null), /as many as it asks for/);
  assert.deepEqual([null, 1, 2000].map(slotsInWords), ["no limit", "1 slot", "2,000 slots"]);
});

test("a change is taken back while it stands, and what another has set is asked for", () => {
  const at = (/** @type {number | null} */ slots) => slotsMeanwhile(4, 2, engine({}, { slots })).state;
  assert.deepEqual([2, 4, 7, null].map(at), ["mine", "before", "other", "other"]);
  assert.equal(slotsMeanwhile(null, 2, engine({}, { slots: null })).state, "before");
  assert.deepEqual(slotsPatch(null), { metadata: { static_config: { resource_limits: { max_concurrent_events: null } } } });
});
