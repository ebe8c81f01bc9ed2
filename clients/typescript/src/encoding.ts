/** Values as JSON texts, and back. */
import { Buffer } from "node:buffer";

/** What reads and writes JSON: `JSON`, or a library that keeps big integers. */
export interface Json {
  parse(text: string): unknown;
  stringify(value: unknown): string;
}

/** The built-in JSON, but it throws a TypeError for values that `JSON` would silently drop or change. */
export const STANDARD: Json = {
  parse: (text) => JSON.parse(text) as unknown,
  stringify(value) {
    try {
      return JSON.stringify(value, refuseWhatJsonLoses);
    } catch (error) {
      if (error instanceof Refusal || (error instanceof TypeError && /circular|cyclic/i.test(error.message))) {
        throw refusalWithPlace(value, error);
      }
      throw error;
    }
  },
};

/**
 * The JSON text of a value. Lone surrogates, which UTF-8 cannot hold, become U+FFFD.
 * Throws a TypeError for a value that JSON cannot hold, and whatever the `toJSON` of a value throws.
 */
export function textOf(value: unknown, json: Json = STANDARD): string {
  let text: unknown;
  try {
    text = json.stringify(value);
  } catch (error) {
    if (error instanceof RangeError) throw new TypeError("the value is nested too deeply", { cause: error });
    throw error;
  }
  if (typeof text !== "string") throw new TypeError(`${nameOf(value)} cannot be written as JSON`);
  return text.includes("\\u") ? text.replace(LONE_SURROGATE, (found) => (found === "\\\\" ? found : "\ufffd")) : text;
}

/** How deeply arrays and objects are nested in a JSON text. */
export function depth(text: string): number {
  let deepest = 0;
  let level = 0;
  for (const [token] of text.matchAll(STRING_OR_BRACKET)) {
    if (token === "[" || token === "{") deepest = Math.max(deepest, ++level);
    else if (token === "]" || token === "}") level--;
  }
  return deepest;
}

/** A number of a reply, which an author's JSON may have read as a BigInt or an object. */
export function numberOf(value: unknown): number {
  return Number(value);
}

/** The length of a text in bytes of UTF-8. */
export function byteLength(text: string): number {
  return Buffer.byteLength(text);
}

// JSON.stringify writes lone surrogates, and only these, as such escapes. An escaped backslash is matched as well,
// so that a text that contains `\ud800` literally is left alone.
const LONE_SURROGATE = /\\\\|\\u[dD][89a-fA-F][0-9a-fA-F]{2}/g;
const STRING_OR_BRACKET = /"(?:[^"\\]|\\.)*"|[[\]{}]/g;

/** A replacer; `this` is the object or array that holds the value. */
function refuseWhatJsonLoses(this: unknown, key: string, value: unknown): unknown {
  switch (typeof value) {
    case "undefined":
      // JSON leaves out a member, but it would make an element null.
      if (Array.isArray(this)) throw new Refusal("undefined");
      return value;
    case "number":
      if (!Number.isFinite(value)) throw new Refusal(String(value));
      return value;
    case "object":
      if (value === null) {
        if ((this as Record<string, unknown>)[key] instanceof Date) throw new Refusal("an invalid date");
        return value;
      }
      if (losesItsMembers(value)) throw new Refusal(nameOf(value));
      return value;
    case "function":
    case "symbol":
    case "bigint":
      throw new Refusal(nameOf(value));
    default:
      return value;
  }
}

/** True for what JSON.stringify would write as `{}`, such as a Map or a Promise, and for typed arrays. */
function losesItsMembers(value: object): boolean {
  if (Array.isArray(value)) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  // An object literal, of this realm or another: only the prototype of all objects has no prototype itself.
  if (prototype === null || Object.getPrototypeOf(prototype) === null) return false;
  if (ArrayBuffer.isView(value)) return true;
  return (
    Object.keys(value).length === 0 && !(value instanceof Number || value instanceof Boolean || value instanceof String)
  );
}

/** The part of a JSON pointer that leads to a member or an element. */
export function pointerTo(name: string): string {
  return `/${name.replaceAll("~", "~0").replaceAll("/", "~1")}`;
}

/** What is refused, without its place. */
class Refusal extends TypeError {}

/** The refusal with a JSON pointer to what is refused, which is found by writing the value once more. */
function refusalWithPlace(value: unknown, error: TypeError): TypeError {
  const places = new Map<unknown, string>();
  let place = "";
  try {
    JSON.stringify(value, function (this: unknown, key: string, each: unknown): unknown {
      const holder = places.get(this);
      place = holder === undefined ? "" : holder + pointerTo(key);
      if (typeof each === "object" && each !== null) places.set(each, place);
      return refuseWhatJsonLoses.call(this, key, each);
    });
  } catch {
    // The place is now that of the refused value.
  }
  const what = error instanceof Refusal ? error.message : "a circular reference";
  return new TypeError(`${what}${place === "" ? "" : `, at ${place},`} cannot be written as JSON`);
}

function nameOf(value: unknown): string {
  if (typeof value !== "object" || value === null) return value === undefined ? "undefined" : `a ${typeof value}`;
  const kind: unknown = value.constructor;
  return `a value of class ${typeof kind === "function" && kind.name !== "" ? kind.name : "without a name"}`;
}
