import assert from "node:assert/strict";
import { test } from "node:test";
import { inLines } from "../../../assets/dashboard/rules/json-lines.js";
import { rawItems, rawMembers } from "../../../assets/dashboard/rules/raw-members.js";

test("each member has its line, and every value stays as it is spelled", () => {
  assert.equal(
    inLines('{"a":12345678901234567890,"b":[1.10,{"c":"x: {\\"y\\", [z]}"}],"a":{},"d":[]}'),
    '{\n  "a": 12345678901234567890,\n  "b": [\n    1.10,\n    {\n      "c": "x: {\\"y\\", [z]}"\n    }\n  ],\n  "a": {},\n  "d": []\n}',
  );
  assert.equal(inLines(' "a b" '), '"a b"');
  assert.equal(inLines("-1e-7"), "-1e-7");
});

test("what has its lines already keeps them", () => {
  const lines = inLines('{"a":[1,2,{"b":null}],"c":"\\\\"}');
  assert.equal(inLines(lines), lines);
});

test("members and items come out as they went in", () => {
  const text = '{"error": {"n": 1.10, "n": 2}, "items": [ {"a":12345678901234567890} , "x" ], "\\u0061": null}';
  assert.deepEqual([...rawMembers(text)], [["error", '{"n": 1.10, "n": 2}'], ["items", '[ {"a":12345678901234567890} , "x" ]'], ["a", "null"]]);
  assert.deepEqual(rawItems(rawMembers(text).get("items") ?? ""), ['{"a":12345678901234567890}', '"x"']);
  assert.deepEqual([rawItems("[]"), [...rawMembers("{}")]], [[], []]);
});
