import assert from "node:assert/strict";
import { test } from "node:test";
import { checked, sizeInWords } from "../../../assets/dashboard/rules/payload.js";

const limits = { max_payload_bytes: 20, max_json_depth: 3 };

for (const [text, fault] of /** @type {const} */ ([
  ['{"a": 1}', null],
  ["null", null],
  ["  ", "A payload is missing: at least {}"],
  ['{"a": 1,}', 'This is no JSON: a member\'s name in quotes must stand here, in line 1, column 9'],
  ["{\n\"a\" 1}", "This is no JSON: a colon must stand here, in line 2, column 5"],
  ["[[[1]]]", null],
  ["[[[[]]]]", "It is nested 4 levels deep, and the server takes 3 at most"],
  ['[{"a":[1]},[]]', null],
  [`"${"x".repeat(19)}"`, "It has 21 bytes, and the server takes 20 at most"],
])) {
  test(`a payload is checked as text: ${JSON.stringify(text)}`, () => {
    assert.equal(checked(text, limits).fault, fault);
  });
}

test("bytes are counted, not characters, as the server counts them", () => {
  assert.equal(checked('"€€€€€€"').size, 20);
  assert.equal(checked('"€€€€€€"', limits).fault, null);
  assert.match(checked('"€€€€€€€"', limits).fault ?? "", /^It has 23 bytes/);
});

test("a payload without a fault says how large it is, and how large it may be", () => {
  assert.equal(sizeInWords(checked("{}"), { max_payload_bytes: 1_048_576, max_json_depth: 64 }), "It is JSON of 2 B of 1 MiB at most.");
  assert.equal(sizeInWords(checked("{}")), "It is JSON of 2 B.");
});

test("numbers are not read: what is sent is what was typed", () => {
  assert.equal(checked("12345678901234567890.10").fault, null);
});
