import assert from "node:assert/strict";
import { test } from "node:test";
import { KIND, Reader, readAll, readInSlices, textOf } from "../../../assets/dashboard/rules/json.js";
import { coveredText, find, isSecret, pathOf, rawKeyOf, rawOf, reveal, rowsOf } from "../../../assets/dashboard/rules/json-rows.js";

const ACCEPTED = [
  "null", "true", "false", "0", "-0", "-0.0", "1.10", "12345678901234567890", "1e200000", "1E-7", "-1.5e+3", '""', '"a"',
  '"\\u0000"', '"\\ud83c\\udf89 \\"\\\\\\/\\b\\f\\n\\r\\t"', "[]", "{}", "[[]]", '{"":{}}', " \t\r\n[ 1 , 2 ] \n",
  '{"a":1,"a":2}', '{"__proto__":1,"constructor":2,"hasOwnProperty":3}', '["\u2028","\u202e","<script>"]', '{"a":{"b":[{}]}}',
];

const REFUSED = [
  ["", 0], [" ", 1], ["nul", 0], ["nullx", 4], ["tru", 0], ["NaN", 0], ["Infinity", 0], ["'a'", 0], ["undefined", 0],
  ["01", 1], ["-", 0], ["1.", 1], [".5", 0], ["+1", 0], ["1e", 1], ["0x10", 1], ["--1", 0],
  ['"a', 2], ['"a\nb"', 2], ['"\\x"', 1], ['"\\u12g4"', 1], ['"\\', 1], ["[", 1], ["[1", 2], ["[1,", 3], ["[1,]", 3], ["[,1]", 1], ["[1 2]", 3],
  ["[1}", 2], ["{", 1], ["{a:1}", 1], ['{"a"}', 4], ['{"a":}', 5], ['{"a":1,}', 7], ['{"a":1 "b":2}', 7], ['{"a":1]', 6],
  ["[] []", 3], ["{}}", 2], ["// c\n1", 0], ["\ufeff1", 0], ["1,", 1],
];

test("accepts what JSON.parse accepts, and refuses what it refuses", () => {
  for (const text of ACCEPTED) {
    assert.doesNotThrow(() => JSON.parse(text), text);
    assert.equal(readAll(text).fault, null, text);
  }
  for (const [text, at] of REFUSED) {
    assert.throws(() => JSON.parse(text), undefined, text);
    assert.equal(readAll(text).fault?.at, at, JSON.stringify(text));
  }
});

test("values are built again from what was read", () => {
  for (const text of ACCEPTED.filter((each) => !each.includes("__proto__") && !each.includes('"a":2'))) {
    assert.deepEqual(build(readAll(text).tree, 0), JSON.parse(text), text);
  }
});

test("every text that is cut short is refused where it ends, or within the token that was cut", () => {
  const text = '{"key":[1.5e3,"a\\u00e9b",true,null,{"x":{}}],"other":-20}';
  for (let length = 0; length < text.length; length += 1) {
    const { fault } = readAll(text.slice(0, length));
    assert.ok(fault && fault.at <= length, text.slice(0, length));
  }
});

test("numbers and doubled members keep what was sent", () => {
  const { tree } = readAll('{"big":12345678901234567890,"price":1.10,"a":1,"\\u0061":2,"b":{"a":3}}');
  assert.deepEqual(tree.kinds.map((_, index) => rawOf(tree, index)).slice(1, 5), ["12345678901234567890", "1.10", "1", "2"]);
  assert.deepEqual([...tree.doubled], [3, 4]);
  assert.equal(rawKeyOf(tree, 4), '"\\u0061"');
});

test("nesting may be as deep as the text is long", () => {
  const depth = 500_000;
  const { tree, fault } = readAll("[".repeat(depth) + "]".repeat(depth));
  assert.equal(fault, null);
  assert.equal(tree.kinds.length, depth);
  assert.equal(rowsOf(tree, new Set()).length, 5);
  assert.equal(pathOf(tree, depth - 1), "[0]".repeat(depth - 1));
  assert.equal(rowsOf(tree, reveal(tree, depth - 1, new Set())).length, 2 * depth - 1);
});

test("a string may be of escapes only, and as long as the text", () => {
  const text = `["${'\\"'.repeat(500_000)}"]`;
  assert.equal(readAll(text).fault, null);
});

test("a fault has its line and column", () => {
  assert.deepEqual(readAll('{\n  "a": 1,\n  "b": tru\n}').fault, { at: 19, line: 3, column: 8, message: "a value must stand here" });
});

test("reads in slices, with pauses between them", async () => {
  const text = JSON.stringify(Array.from({ length: 20_000 }, (_, index) => ({ index })));
  let now = 0;
  let pauses = 0;
  const reader = await readInSlices(text, { now: () => (now += 5), pause: async () => (pauses += 1), sliceMs: 12 });
  assert.equal(reader.fault, null);
  assert.equal(reader.tree.kinds.length, 40_001);
  assert.ok(pauses > 20, `${pauses} pauses`);
  const stopped = new AbortController();
  const left = await readInSlices(text, { now: () => (now += 5), pause: async () => stopped.abort(), signal: stopped.signal });
  assert.equal(left.isDone, false);
});

test("rows are those above depth 2, and those that were opened", () => {
  const { tree } = readAll('{"a":{"b":{"c":1},"d":[]},"e":"x"}');
  const shown = (toggled) => rowsOf(tree, new Set(toggled)).map((row) => `${row & 1 ? "/" : ""}${pathOf(tree, row >> 1)}`);
  assert.deepEqual(shown([]), ["", "a", "a.b", "a.d", "/a", "e", "/"]);
  assert.deepEqual(shown([2]), ["", "a", "a.b", "a.b.c", "/a.b", "a.d", "/a", "e", "/"]);
  assert.deepEqual(shown([1]), ["", "a", "e", "/"]);
  assert.deepEqual(shown([0]), [""]);
  assert.deepEqual([...reveal(tree, 3, new Set([0, 1]))], [2]);
});

test("paths can be read and typed", () => {
  const { tree } = readAll('{"npc":[1,[2,{"a b":3,"_x9":4,"\\"":5}]]}');
  const paths = tree.kinds.map((_, index) => pathOf(tree, index));
  assert.deepEqual(paths, ["", "npc", "npc[0]", "npc[1]", "npc[1][0]", "npc[1][1]", 'npc[1][1]["a b"]', "npc[1][1]._x9", 'npc[1][1]["\\""]']);
});

test("finds names and values, capital letters aside, and nothing across them", () => {
  const { tree } = readAll('{"Name":"mira","list":["Mira","x"],"n":12,"deep":{"mirage":{}}}');
  assert.deepEqual(find(tree, "mira").map((index) => pathOf(tree, index)), ["Name", "list[0]", "deep.mirage"]);
  assert.deepEqual(find(tree, "12").map((index) => pathOf(tree, index)), ["n"]);
  assert.deepEqual(find(tree, "."), []);
  assert.deepEqual(find(tree, '],"n'), []);
  assert.deepEqual(find(tree, ""), []);
  assert.equal(find(readAll(JSON.stringify(Array(3000).fill("a"))).tree, "a").length, 1000);
});

test("finds in a long text what a plain search finds", () => {
  const values = Array.from({ length: 5000 }, (_, index) => ({ [`k${index % 7}`]: `v${index % 911}`, n: index }));
  const { tree } = readAll(JSON.stringify(values));
  const plain = tree.kinds.map((_, index) => index).filter((index) => tree.kinds[index] === KIND.string && rawOf(tree, index).includes("v90"));
  assert.deepEqual(find(tree, "v90"), plain);
});

test("secrets are known by their names", () => {
  for (const name of ["password", "userPassword", "api_key", "apiKey", "API-KEY", "lease_token", "Authorization", "client-secret"]) {
    assert.equal(isSecret(name), true, name);
  }
  for (const name of ["tokens", "max_tokens", "author", "secretary", "key", "apis", "compass"]) assert.equal(isSecret(name), false, name);
});

test("secrets are covered in the text, also where it was cut within one", () => {
  const whole = '{"a":1,"api_key":"x\\"y","deep":{"token":{"n":[1]},"b":2},"pass\\u0077ord":3}';
  assert.equal(coveredText(readAll(whole)), '{"a":1,"api_key":••••••,"deep":{"token":••••••,"b":2},"pass\\u0077ord":••••••}');
  for (const end of [20, 21, 22]) assert.equal(coveredText(readAll(whole.slice(0, end))).includes("x"), false);
  assert.equal(coveredText(readAll('{"token":["visible?",')), '{"token":••••••');
  assert.equal(coveredText(readAll("no JSON")), "no JSON");
});

test("the text of a string is what it says", () => {
  assert.equal(textOf('"a\\u00e9\\n"'), "aé\n");
  const reader = new Reader('"x"');
  reader.read(() => true);
  assert.equal(reader.isDone, true);
});

/** @param {import("../../../assets/dashboard/rules/json.js").Tree} tree @param {number} index */
function build(tree, index) {
  const kind = tree.kinds[index];
  if (kind === KIND.array || kind === KIND.object) {
    const inner = [];
    for (let at = index + 1; at < tree.afters[index]; at = tree.afters[at]) {
      inner.push(kind === KIND.array ? build(tree, at) : [textOf(rawKeyOf(tree, at)), build(tree, at)]);
    }
    return kind === KIND.array ? inner : Object.fromEntries(inner);
  }
  return kind === KIND.string ? textOf(rawOf(tree, index)) : JSON.parse(rawOf(tree, index));
}
