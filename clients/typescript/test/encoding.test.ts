import assert from "node:assert/strict";
import { test } from "node:test";
import { byteLength, depth, STANDARD, textOf } from "../src/encoding.js";

class Point {
  x = 1;
}

class Hidden {
  readonly #x = 1;
  get x(): number {
    return this.#x;
  }
}

test("values are written as JSON.stringify writes them", () => {
  const value = { at: new Date(0), point: new Point(), left: undefined, list: [1, null, "ä"], deep: { a: true } };
  assert.equal(textOf(value), JSON.stringify(value));
  assert.equal(textOf(Object.create(null)), "{}");
  assert.equal(textOf([]), "[]");
  assert.equal(textOf({ toJSON: () => "made" }), '"made"');
  assert.equal(textOf([new Number(1), new String("a"), new Boolean(false)]), '[1,"a",false]');
});

const circular: Record<string, unknown> = {};
circular["self"] = circular;
let tooDeep: unknown = 0;
for (let level = 0; level < 100_000; level++) tooDeep = [tooDeep];

const REFUSED: Record<string, [unknown, RegExp]> = {
  NaN: [{ a: { share: NaN } }, /^NaN, at \/a\/share, cannot be written as JSON$/],
  infinity: [[-Infinity], /-Infinity/],
  BigInt: [{ id: 2n ** 70n }, /bigint, at \/id,/],
  "a circle": [{ a: [circular] }, /^a circular reference, at \/a\/0\/self, cannot/],
  "too deep": [tooDeep, /too deep/],
  undefined: [undefined, /undefined/],
  "undefined in a list": [{ rows: [1, undefined] }, /^undefined, at \/rows\/1, cannot/],
  "a hole in a list": [new Array(2), /^undefined, at \/0,/],
  "an invalid date": [{ at: [new Date(NaN)] }, /^an invalid date, at \/at\/0,/],
  "what is deep in lists": [{ rows: [{ price: 1 }, { price: NaN }] }, /^NaN, at \/rows\/1\/price,/],
  "what has slashes in its name": [{ "a/b~": NaN }, /^NaN, at \/a~1b~0,/],
  "what a toJSON made": [{ made: { toJSON: () => [{ x: NaN }] } }, /^NaN, at \/made\/0\/x,/],
  "what stands in two places": [((one) => [{ one }, { one, two: 1n }])({ x: 1 }), /bigint, at \/1\/two,/],
  "a function": [() => 1, /function/],
  "a method": [{ then: () => 1 }, /function, at \/then,/],
  "a symbol": [[Symbol("a")], /symbol/],
  "a Map": [{ found: new Map([[1, 2]]) }, /class Map, at \/found,/],
  "a Set": [new Set([1]), /class Set/],
  "a promise": [[Promise.resolve(1)], /class Promise/],
  "a response": [new Response("x"), /class Response/],
  "an error": [{ error: new Error("broken") }, /class Error/],
  bytes: [new Uint8Array(2), /class Uint8Array/],
  "what has only private members": [new Hidden(), /class Hidden/],
  "a toJSON without a value": [{ toJSON: () => undefined }, /cannot be written/],
};
for (const [name, [value, message]] of Object.entries(REFUSED)) {
  test(`what JSON would lose is refused: ${name}`, () => {
    assert.throws(
      () => textOf(value),
      (error: unknown) => error instanceof TypeError && message.test(error.message),
    );
  });
}

test("object literals of other realms are written", async () => {
  const { runInNewContext } = await import("node:vm");
  assert.equal(textOf(runInNewContext("({ a: {}, b: [] })")), '{"a":{},"b":[]}');
});

test("lone surrogates become U+FFFD, and nothing else changes", () => {
  assert.equal(textOf("a\ud800b\udfff"), '"a\ufffdb\ufffd"');
  assert.equal(textOf({ "\udead": "\u{1f600}" }), '{"\ufffd":"\u{1f600}"}');
  for (const text of ["\\ud800", "\\\\ud800", "\u0000\u001f", "\u{10ffff}", "\\"]) {
    assert.equal(JSON.parse(textOf(text)), text);
  }
});

test("another JSON is used as it is", () => {
  const exact = { parse: JSON.parse, stringify: (value: unknown) => String(value) };
  assert.equal(textOf(2n ** 70n, exact), "1180591620717411303424");
  assert.throws(() => textOf({}, { parse: JSON.parse, stringify: () => undefined as unknown as string }), TypeError);
});

test("depth counts what is nested, not what stands in texts", () => {
  assert.equal(depth("0"), 0);
  assert.equal(depth(STANDARD.stringify([{ "[{": [']\\"['] }, []])), 3);
});

test("lengths are those in UTF-8", () => {
  assert.equal(byteLength("aä\u{1f600}"), 7);
});
