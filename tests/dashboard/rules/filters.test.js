import assert from "node:assert/strict";
import { test } from "node:test";
import { instantOf, readFilters } from "../../../assets/dashboard/rules/filters.js";

/** @type {Record<string, import("../../../assets/dashboard/rules/filters.js").FilterSpec>} */
const specs = {
  status: { kind: "choice", choices: ["queued", "failed"] },
  failing: { kind: "flag" },
  least: { kind: "number", least: 1, most: 10 },
  created_after: { kind: "time" },
  engine_type: { kind: "text", most: 5 },
};

test("good filters are taken as they are", () => {
  const filters = { status: "queued,failed", failing: "true", least: "10", created_after: "-90m", engine_type: "abcde", tz: "utc" };
  assert.deepEqual(readFilters(specs, filters), { values: filters, unreadable: [] });
});

for (const [name, value] of /** @type {const} */ ([
  ["status", "queued,done"], ["status", ""], ["failing", "yes"], ["least", "0"], ["least", "11"], ["least", "1e1"], ["least", ""],
  ["created_after", "yesterday"], ["created_after", "2026-13-01T00:00:00Z"], ["created_after", "2026-01-01"], ["created_after", "-1w"],
  ["engine_type", "abcdef"], ["stauts", "queued"], ["constructor", "x"],
])) {
  test(`${name}=${value} is named, and not dropped`, () => {
    const { values, unreadable } = readFilters(specs, { [name]: value, failing: "false", ...(name === "failing" ? { failing: value } : {}) });
    assert.deepEqual(unreadable.map((each) => [each.name, each.value]), [[name, value]]);
    assert.ok(!Object.hasOwn(values, name));
  });
}

test("a relative time is counted back from now", () => {
  const now = Date.parse("2026-11-29T12:00:00Z");
  assert.equal(instantOf("-1h", now), "2026-11-29T11:00:00.000Z");
  assert.equal(instantOf("-7d", now), "2026-11-22T12:00:00.000Z");
  assert.equal(instantOf("2026-11-29T02:00:00+01:00", now), "2026-11-29T01:00:00.000Z");
});
