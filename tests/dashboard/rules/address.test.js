import assert from "node:assert/strict";
import { test } from "node:test";
import { format, parse } from "../../../assets/dashboard/rules/address.js";

test("an empty address is the overview", () => {
  for (const hash of ["", "#", "#/", "/"]) assert.deepEqual(parse(hash), { screen: "overview", id: null, filters: {} });
});

test("what is written is read again, whatever stands in it", () => {
  let seed = 7;
  const random = () => (seed = (seed * 48271) % 2147483647) / 2147483647;
  const letters = [..."aZ0-_.:/?#&=%+ ,äé\u{1F600}\"'<>\\"];
  const word = () => Array.from({ length: 1 + Math.floor(random() * 12) }, () => letters[Math.floor(random() * letters.length)]).join("");
  for (let round = 0; round < 2000; round++) {
    const filters = Object.fromEntries(Array.from({ length: Math.floor(random() * 4) }, () => [`f${Math.floor(random() * 9)}`, word()]));
    const place = { screen: "queues", id: random() < 0.5 ? null : word(), filters };
    assert.deepEqual(parse(format(place)), place);
  }
});

test("filters that are not set are left out, and an empty one is kept", () => {
  const filters = { status: null, event_type: undefined, error_type: "", engine_type: "a" };
  assert.equal(format({ screen: "events", filters }), "#/events?error_type=&engine_type=a");
  assert.deepEqual(parse("#/events?error_type=&engine_type=a")?.filters, { error_type: "", engine_type: "a" });
});

test("a repeated filter has its values with commas between", () => {
  assert.deepEqual(parse("#/events?status=queued&status=processing")?.filters, { status: "queued,processing" });
});

test("what stands for no text cannot be read", () => {
  assert.equal(parse("#/queues/%E0%A4%A"), null);
});

test("a filter named as a member of all objects is a filter", () => {
  assert.deepEqual(parse("#/events?constructor=x")?.filters["constructor"], "x");
});
