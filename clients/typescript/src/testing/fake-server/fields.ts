/** Reads the members of request bodies, and notes every wrong place. */

import { stringify } from "./json.js";
import { invalid, type WrongPlace } from "./refusals.js";

export const MAX_PAYLOAD_BYTES = 1_048_576;
export const MAX_DETAIL_BYTES = 262_144;
export const MAX_JSON_DEPTH = 64;

/** A JSON object. */
export type Members = Record<string, unknown>;

/** Where in a body a value stands, and what is wrong in that body. */
interface Place {
  pointer: string;
  wrong: WrongPlace[];
}

/** What is wrong with a value. */
export class Wrong extends Error {}

/** Reads a value, or throws Wrong. */
export type Check<T> = (value: unknown, place: Place) => T;
/** The check of a member that must be there. */
export type Needed<T> = Check<T> & { isNeeded: true };
export type Shape = Record<string, Check<unknown>>;
/** What is read of an object with these members. */
export type Read<S extends Shape> = {
  [Name in keyof S]: S[Name] extends Needed<infer T> ? T : S[Name] extends Check<infer T> ? T | undefined : never;
};

/** Reads a body, or a part of it, or refuses it with all its wrong places. */
export function read<T>(value: unknown, check: Check<T>, pointer = ""): T {
  const wrong: WrongPlace[] = [];
  const result = noting(check, value, { pointer, wrong });
  if (wrong.length > 0) throw invalid(wrong);
  return result;
}

/** A member that must be there. Others may be left out, or null, which is the same. */
export function needed<T>(check: Check<T>): Needed<T> {
  return Object.assign((value: unknown, place: Place) => check(value, place), { isNeeded: true as const });
}

/** A member for which null is not the same as leaving it out. */
export function orNull<T>(check: Check<T>): Check<T | null> {
  const nullable: Check<T | null> = (value, place) => (value === null ? null : check(value, place));
  return Object.assign(nullable, { takesNull: true });
}

/** An object of these members and no others. */
export function members<S extends Shape>(
  shape: S,
  explain: (name: string) => string = () => "is not a field of this object",
): Check<Read<S>> {
  return (value, { pointer, wrong }) => {
    const given = isMembers(value) ? value : fail("must be an object");
    const result: Members = {};
    for (const [name, check] of Object.entries(shape)) {
      const place = { pointer: `${pointer}/${name}`, wrong };
      const isThere = Object.hasOwn(given, name);
      if (isThere && (given[name] !== null || "isNeeded" in check || "takesNull" in check)) {
        result[name] = noting(check, given[name], place);
      } else if (!isThere && "isNeeded" in check) {
        wrong.push({ pointer: place.pointer, detail: "is missing" });
      }
    }
    for (const name of Object.keys(given)) {
      if (!Object.hasOwn(shape, name)) wrong.push({ pointer: `${pointer}/${name}`, detail: explain(name) });
    }
    return result as Read<S>;
  };
}

/** An array within bounds, of items that are checked alike. */
export function array<T>(least: number, most: number, item: Check<T>): Check<T[]> {
  return (value, { pointer, wrong }) => {
    if (!Array.isArray(value) || value.length < least || value.length > most) {
      return fail(`must be an array of ${least} to ${most} items`);
    }
    return value.map((each, index) => noting(item, each, { pointer: `${pointer}/${index}`, wrong }));
  };
}

export function integer(least: number, most: number): Check<number> {
  return (value) => {
    const isRight = typeof value === "number" && Number.isInteger(value) && least <= value && value <= most;
    return isRight ? value : fail(`must be a whole number from ${least} to ${most}`);
  };
}

export function number(least: number, most: number): Check<number> {
  return (value) => {
    const isRight = typeof value === "number" && least <= value && value <= most;
    return isRight ? value : fail(`must be a number from ${least} to ${most}`);
  };
}

export function text(most: number): Check<string> {
  const detail = `must be a string of 1 to ${most} characters without control characters`;
  return matching(new RegExp(`^\\P{Cc}{1,${most}}$`, "u"), detail);
}

export function oneOf<T extends string>(...words: T[]): Check<T> {
  return (value) => words.find((word) => word === value) ?? fail(`must be one of ${words.join(", ")}`);
}

/** Any JSON within the limits of size and depth. */
export function json(mostBytes: number): Check<unknown> {
  return (value) => {
    const isRight = byteLength(value) <= mostBytes && !isDeeper(value, MAX_JSON_DEPTH);
    return isRight ? value : fail(`must have no more than ${mostBytes} bytes and ${MAX_JSON_DEPTH} levels`);
  };
}

export const UUID: RegExp = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;
export const identifier: Check<string> = lowered(matching(UUID, "is not a UUID"));
export const leaseToken: Check<string> = lowered(matching(/^[0-9a-f]{32}$/i, "is not a lease token"));
export const name: Check<string> = matching(/^[A-Za-z0-9._:-]{1,64}$/, "must be 1 to 64 letters, digits and . _ : -");
export const traceparent: Check<string> = matching(
  /^(?!ff)(?=.{55,64}$)[0-9a-f]{2}-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}((?<!^00-.*)-\P{Cc}*)?$/u,
  "must be a W3C traceparent, like 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
);
export const anything: Check<unknown> = (value) => value;
export const boolean: Check<boolean> = (value) => (typeof value === "boolean" ? value : fail("must be true or false"));
export const object: Check<Members> = (value, place) => {
  if (!isMembers(value)) return fail("must be an object");
  json(MAX_DETAIL_BYTES)(value, place);
  return value;
};
export const moment: Check<Date> = (value) => {
  const isTime = typeof value === "string" && /^\d{4}-\d\d-\d\dT.*(Z|[+-]\d\d:\d\d)$/.test(value);
  const result = new Date(isTime ? value : NaN);
  return Number.isNaN(result.getTime()) ? fail("is not a time like 2030-01-31T12:00:00Z") : result;
};
/** A scenario run's id: a text, or a whole number, which is kept as text. */
export const runId: Check<string> = (value, place) => text(64)(Number.isInteger(value) ? String(value) : value, place);

export function isMembers(value: unknown): value is Members {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The bytes of a value as clients write it; 0 where there is none. */
export function byteLength(value: unknown): number {
  return value === null || value === undefined ? 0 : Buffer.byteLength(stringify(value));
}

function isDeeper(value: unknown, levels: number): boolean {
  if (typeof value !== "object" || value === null) return false;
  return levels === 0 || Object.values(value).some((inner) => isDeeper(inner, levels - 1));
}

function matching(pattern: RegExp, detail: string): Check<string> {
  return (value) => (typeof value === "string" && pattern.test(value) ? value : fail(detail));
}

function lowered(check: Check<string>): Check<string> {
  return (value, place) => check(value, place).toLowerCase();
}

/** What a check reads; where it throws, its detail is noted, and the whole is refused once all of it is read. */
function noting<T>(check: Check<T>, value: unknown, place: Place): T {
  try {
    return check(value, place);
  } catch (error) {
    if (!(error instanceof Wrong)) throw error;
    place.wrong.push({ pointer: place.pointer, detail: error.message });
    return undefined as T;
  }
}

function fail(detail: string): never {
  throw new Wrong(detail);
}
