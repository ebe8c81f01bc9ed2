import assert from "node:assert/strict";
import { test } from "node:test";
import { pieces } from "../../../assets/dashboard/rules/blanks.js";
import { causesOf, foldingInWords, severalInWords, spanOf, together } from "../../../assets/dashboard/rules/causes.js";
import { bodyOf, inWords, queryOf, valuesOf } from "../../../assets/dashboard/rules/dead-letter-filter.js";
import { readFilters } from "../../../assets/dashboard/rules/filters.js";
import { FILTERS } from "../../../assets/dashboard/rules/dead-letter-filter.js";
import { blamed, comparisons, spreadInWords, versionRows } from "../../../assets/dashboard/rules/versions.js";

const NOW = Date.parse("2030-01-31T12:00:00Z");

/** @param {Partial<import("../../../assets/dashboard/rules/causes.js").Group>} of */
const group = (of) => ({
  engine_type: "dialogue",
  event_type: "line",
  reason: "retries_exhausted",
  error_type: "Timeout",
  error_fingerprint: "2a9358360deef114",
  engine_software_version: "1",
  count: 1,
  redrivable: 1,
  first_dead_lettered_at: "2030-01-31T10:00:00Z",
  last_dead_lettered_at: "2030-01-31T11:00:00Z",
  sample_event_id: "a",
  sample_message: "no answer",
  ...of,
});

test("an empty value means that there is none, and relative times become absolute", () => {
  const values = { error_type: "", engine_type: "dialogue", dead_lettered_after: "-1h", redrives_max: "0", sort: "most" };
  assert.deepEqual(queryOf(values, NOW), {
    engine_type: "dialogue",
    error_type: "",
    dead_lettered_after: "2030-01-31T11:00:00.000Z",
    redrives_max: "0",
  });
  assert.deepEqual(bodyOf(values, NOW), {
    engine_type: "dialogue",
    error_type: null,
    dead_lettered_after: "2030-01-31T11:00:00.000Z",
    redrives_max: 0,
  });
});

test("a filter comes back from the address as it went", () => {
  const filter = { engine_type: "dialogue", error_type: null, error_fingerprint: "2a9358360deef114", redrives_max: 0 };
  const values = valuesOf({ ...filter, reason: undefined, scenario_run_id: null });
  assert.deepEqual(readFilters(FILTERS, values), { values, unreadable: [] });
  assert.deepEqual(bodyOf(values, NOW), filter);
});

test("without a filter, all are meant, and that is said to the server", () => {
  assert.equal(inWords({}), "all dead letters that you may see");
  assert.equal(inWords({ engine_type: "a", error_type: "" }), "queue a, error type none");
});

test("groups become one row for each cause in each queue", () => {
  const causes = causesOf([
    group({ count: 20, redrivable: 19 }),
    group({ count: 30, redrivable: 30, engine_software_version: "2", event_type: "line.long", last_dead_lettered_at: "2030-01-31T11:30:00Z", sample_event_id: "b" }),
    group({ count: 3, engine_software_version: "2", reason: "not_retryable", first_dead_lettered_at: "2030-01-31T09:00:00Z" }),
    group({ count: 7, engine_type: "vision" }),
    group({ count: 99, error_fingerprint: null, last_dead_lettered_at: "2030-01-31T10:30:00Z" }),
  ], "newest");
  assert.deepEqual(causes.map(({ engineType, fingerprint, count }) => [engineType, fingerprint, count]), [
    ["dialogue", "2a9358360deef114", 53],
    ["vision", "2a9358360deef114", 7],
    ["dialogue", null, 99],
  ]);
  const [first] = causes;
  assert.deepEqual(first?.versions, [{ version: "2", count: 33 }, { version: "1", count: 20 }]);
  assert.deepEqual([first?.eventTypes, first?.reasons], [["line", "line.long"], ["retries_exhausted", "not_retryable"]]);
  assert.deepEqual([first?.redrivable, first?.first, first?.sampleEventId], [50, "2030-01-31T09:00:00Z", "b"]);
  assert.equal(causesOf([group({ count: 1 }), group({ count: 9, engine_type: "vision" })])[0]?.engineType, "vision");
});

test("an error whose message is another one each time is one row by its type, and the page says so", () => {
  const groups = Array.from({ length: 45 }, (_, n) => group({ count: 1, redrivable: 1, error_fingerprint: `f${n}`, error_type: "ParseError", event_type: "forecast.parse", sample_message: `unexpected word ${n}` }));
  const one = group({ count: 30, error_fingerprint: "timeout", error_type: "Timeout" });
  assert.equal(causesOf([...groups, one]).length, 46);
  assert.equal(foldingInWords(causesOf([...groups, one])), "45 causes are of one letter each, all ParseError of forecast.parse: the same error, perhaps, with another message each time.");
  const folded = causesOf([...groups, one], "most", "error_type");
  assert.deepEqual(folded.map(({ errorTypes, count }) => [errorTypes, count]), [[["ParseError"], 45], [["Timeout"], 30]]);
  assert.equal(foldingInWords(causesOf(groups.slice(0, 9))), null, "nine can be read");
  assert.equal(foldingInWords(causesOf(groups.map((each) => ({ ...each, count: 3 })))), null);
  const mixed = groups.map((each, n) => ({ ...each, count: 1 + (n % 2), error_type: n % 2 ? "ParseError" : null }));
  assert.equal(foldingInWords(causesOf(mixed)), "45 causes are of one or two letters each: the same error, perhaps, with another message each time.");
});

test("all groups of a filter together are one", () => {
  assert.equal(together([]), null);
  assert.equal(together([group({ count: 2 }), group({ count: 3, engine_type: "vision" })])?.count, 5);
});

test("a cause has its place in the time that all of them span", () => {
  const [one, other] = causesOf([
    group({ error_fingerprint: "b", first_dead_lettered_at: "2030-01-31T11:00:00Z", last_dead_lettered_at: "2030-01-31T12:00:00Z" }),
    group({ error_fingerprint: "a", first_dead_lettered_at: "2030-01-31T08:00:00Z", last_dead_lettered_at: "2030-01-31T09:00:00Z" }),
  ]);
  assert.ok(one && other);
  assert.deepEqual([spanOf(one, [one, other]), spanOf(other, [one, other])], [{ from: 0.75, to: 1 }, { from: 0, to: 0.25 }]);
  const [instant] = causesOf([group({ first_dead_lettered_at: "2030-01-31T11:00:00Z" })]);
  assert.ok(instant);
  assert.deepEqual(spanOf(instant, [instant]), { from: 0, to: 1 });
});

test("what changes in a message is blank", () => {
  const blank = (/** @type {string} */ message) => pieces(message).map(({ text, isBlank }) => (isBlank ? "…" : text)).join("");
  for (const [message, blanked] of /** @type {const} */ ([
    ["", ""],
    ["out of memory", "out of memory"],
    ["event 01a20093-1ca2-7da5-8000-86c2b092a5fc is gone", "event … is gone"],
    ["no answer from 10.0.0.7:443 after 30 s", "no answer from … after …"],
    ["took 250ms at 2030-01-31T12:00:00.123Z", "took … at …"],
    ['no voice "Mira" for \'npc\'; it isn\'t there', "no voice … for …; it isn't there"],
    ["object at 0x7ffe, commit deadbeef1", "object at …, commit …"],
    ["faces and facades of v2beta", "faces and facades of v2beta"],
  ])) {
    assert.equal(blank(message), blanked);
    assert.equal(pieces(message).map(({ text }) => text).join(""), message);
  }
});

/** @param {string | null} version @param {number} attempts @param {number} failed */
const attempts = (version, attempts, failed) => ({
  engine_type: "dialogue",
  engine_software_version: version,
  attempts,
  failed,
  lost: 0,
  failure_ratio: attempts === 0 ? 0 : failed / attempts,
  is_enough: attempts >= 20,
});

test("the version that differs is named, with the numbers", () => {
  const rows = versionRows([{ version: "2.4.1", count: 1204 }], [attempts("2.4.0", 8900, 89), attempts("2.4.1", 1000, 310)], "dialogue");
  assert.equal(spreadInWords(rows), "all of version 2.4.1");
  assert.deepEqual(comparisons(rows), [
    "Version 2.4.1 fails 31 % of its attempts (310 of 1,000).",
    "Version 2.4.0 has none of these in 8,900 attempts, and fails 1 %.",
  ]);
  assert.equal(blamed(rows)?.version, "2.4.1");
});

test("below 20 attempts nothing is said of a version", () => {
  const few = versionRows([{ version: "2", count: 5 }], [attempts("2", 19, 19), attempts("1", 500, 5)], "dialogue");
  assert.deepEqual(comparisons(few), ["Version 2 has 19 attempts lately: too few to say."]);
  assert.equal(blamed(few), null);
  const other = versionRows([{ version: "2", count: 5 }], [attempts("2", 100, 50), attempts("1", 3, 0), attempts("3", 1, 0)], "dialogue");
  assert.deepEqual(comparisons(other), [
    "Version 2 fails 50 % of its attempts (50 of 100).",
    "There is no other version with enough attempts to compare it with.",
    "Version 1 has 3 attempts: too few to say.",
    "Version 3 has 1 attempt: too few to say.",
  ]);
  assert.equal(blamed(other), null);
});

test("versions that fail alike are not blamed", () => {
  const rows = versionRows([{ version: "2", count: 5 }, { version: null, count: 4 }], [attempts("2", 100, 20), attempts(null, 100, 15)], "dialogue");
  assert.equal(spreadInWords(rows), "5 of version 2, 4 of engines without a version");
  assert.equal(comparisons(rows)[1], "Engines without a version fail 15 % of their attempts (15 of 100): that is not much different.");
  const better = versionRows([{ version: "2", count: 5 }], [attempts("2", 100, 10), attempts("1", 100, 40)], "dialogue");
  assert.equal(comparisons(better)[1], "Version 1 has none of these in 100 attempts, and fails 40 %: that is more, not less.");
  assert.equal(blamed(rows), null);
});

test("what lies between alike and different is left to the reader, with the numbers", () => {
  const rows = versionRows([{ version: "2", count: 5 }, { version: "1", count: 4 }], [attempts("2", 40, 38), attempts("1", 23, 8)], "dialogue");
  assert.equal(comparisons(rows)[1], "Version 1 fails 35 % of its attempts (8 of 23).");
});

test("several causes are named as several, and one as one, whatever its queues", () => {
  const group = (/** @type {string} */ error_fingerprint, /** @type {string} */ engine_type) => ({
    engine_type, error_fingerprint, count: 1, redrivable: 1, first_dead_lettered_at: "2026-11-29T00:00:00Z", last_dead_lettered_at: "2026-11-29T00:00:00Z", sample_event_id: "x", sample_message: null,
  });
  assert.equal(severalInWords([group("a", "vision"), group("a", "dialogue")], false), null);
  assert.equal(severalInWords([group("a", "vision"), group("b", "vision")], false), "2 causes");
  assert.equal(severalInWords([group("a", "vision"), group("b", "dialogue")], true), "more than 2 causes in 2 queues");
});
