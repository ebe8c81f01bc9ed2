import assert from "node:assert/strict";
import { test } from "node:test";
import { readAll } from "../../../assets/dashboard/rules/json.js";
import { find } from "../../../assets/dashboard/rules/json-rows.js";
import { stringInWords } from "../../../assets/dashboard/rules/json-words.js";

test("letters that were sent as escapes are letters again", () => {
  assert.equal(stringInWords('"\\u20264242"'), '"…4242"');
  assert.equal(stringInWords('"\\u4F60\\u597d, \\ud83c\\udf89 50 \\u20ac"'), '"你好, 🎉 50 €"');
  assert.equal(stringInWords('"gr\\u00fcn und grün"'), '"grün und grün"');
  assert.equal(stringInWords('"plain"'), '"plain"');
});

test("what controls something, changes the order of reading or stands alone stays an escape", () => {
  for (const raw of ['"\\u0000"', '"\\u001b[31m"', '"\\u202e"', '"\\u200b"', '"\\u00a0"', '"\\ud83c"', '"\\udf89\\ud83c"', '"\\ud83c\\u0041"'.replace("\\u0041", "x"), '"\\ue000"', '"\\u2028"']) {
    assert.equal(stringInWords(raw), raw);
  }
  assert.equal(stringInWords('"\u202e\\u2026"'), '"\\u{202e}…"', "what was sent as itself, too");
});

test("escapes that tell text from marks stay, and a backslash before `u` is one only where it begins an escape", () => {
  assert.equal(stringInWords('"a\\n\\"b\\" \\\\ \\u2026"'), '"a\\n\\"b\\" \\\\ …"');
  assert.equal(stringInWords('"\\\\u2026"'), '"\\\\u2026"', "a backslash, and then letters");
  assert.equal(stringInWords('"\\\\\\u2026"'), '"\\\\…"');
  assert.equal(stringInWords('"\\u0022 \\u005c"'), '"\\u0022 \\u005c"');
});

test("a string that is cut off in an escape shows what is there", () => {
  for (const [raw, shown] of [['"\\u2026\\u20', '"…\\u20'], ['"\\u2026\\', '"…\\'], ['"\\u2026\\ud83c\\u', '"…\\ud83c\\u']]) assert.equal(stringInWords(raw ?? ""), shown);
});

test("what is shown as a letter is found by the letter", () => {
  const { tree } = readAll('{"a":"\\u4F60\\u597d","b":"你好","c":"\\ud83c\\udf89","d":"a.b"}');
  assert.deepEqual(find(tree, "你好"), [1, 2]);
  assert.deepEqual(find(tree, "🎉"), [3]);
  assert.deepEqual(find(tree, "a.b"), [4]);
  assert.deepEqual(find(tree, "u4f60"), [1], "and by what was sent");
});
