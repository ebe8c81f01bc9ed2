/** Reads the members of request bodies, and notes every wrong place. */

import { stringify } from "./json.js";
import type { WrongPlace } from "./refusals.js";

export const MAX_PAYLOAD_BYTES = 1_048_576;
export const MAX_DETAIL_BYTES = 262_144;
export const MAX_JSON_DEPTH = 64;

/** A JSON object. */
export type Members = Record<string, unknown>;

/** Where in a body a value stands. */
export class Place {
  readonly pointer: string;
  readonly wrong: WrongPlace[];

  constructor(pointer: string, wrong: WrongPlace[]) {
    this.pointer = pointer;
    this.wrong = wrong;
  }

  at(name: string | number): Place {
    return new Place(`${this.pointer}/${name}`, this.wrong);
  }

  /** Notes what is wrong here. */
  note(detail: string): undefined {
    this.wrong.push({ pointer: this.pointer, detail });
  }
}

/** Reads a value; undefined, and a note, where it is wrong. */
export type Check<T> = (value: unknown, place: Place) => T | undefined;

/** The check of a member that must be there. */
export interface Needed<T> extends Check<T> {
  isNeeded: true;
}

/** The check of a member for which null is a value. */
export interface Nullable<T> extends Check<T> {
  takesNull: true;
}

export type Shape = Record<string, Check<unknown>>;

/** What is read of an object with these members: once nothing is wrong, all that are needed are there. */
export type Read<S extends Shape> = {
  [Name in keyof S]: S[Name] extends Needed<infer T> ? T : S[Name] extends Check<infer T> ? T | undefined : never;
};

/** A member that must be there. Others may be left out, or null, which is the same. */
export function needed<T>(check: Check<T>): Needed<T> {
  return Object.assign((value: unknown, place: Place) => check(value, place), { isNeeded: true as const });
}

/** A member for which null is not the same as leaving it out. */
export function orNull<T>(check: Check<T>): Nullable<T | null> {
  const read: Check<T | null> = (value, place) => (value === null ? null : check(value, place));
  return Object.assign(read, { takesNull: true as const });
}

/** An object of these members and no others. */
export function members<S extends Shape>(
  shape: S,
  explain: (name: string) => string = () => "is not a field of this object",
): Check<Read<S>> {
  return (value, place) => {
    if (!isMembers(value)) return place.note("must be an object");
    const read: Members = {};
    for (const [name, check] of Object.entries(shape)) {
      const takesNull = "isNeeded" in check || "takesNull" in check;
      if (!Object.hasOwn(value, name)) {
        if ("isNeeded" in check) place.at(name).note("is missing");
      } else if (value[name] !== null || takesNull) read[name] = check(value[name], place.at(name));
    }
    for (const name of Object.keys(value)) if (!Object.hasOwn(shape, name)) place.at(name).note(explain(name));
    return read as Read<S>;
  };
}

/** An array within bounds, of items that are checked alike. */
export function array<T>(least: number, most: number, item: Check<T>): Check<T[]> {
  return (value, place) => {
    if (!Array.isArray(value) || value.length < least || value.length > most) {
      return place.note(`must be an array of ${least} to ${most} items`);
    }
    return value.map((each, index) => item(each, place.at(index)) as T);
  };
}

export const anything: Check<unknown> = (value) => value;
export const boolean: Check<boolean> = rule(
  (value): value is boolean => typeof value === "boolean",
  "must be true or false",
);
export const name: Check<string> = matching(/^[A-Za-z0-9._:-]{1,64}$/, "must be 1 to 64 letters, digits and . _ : -");
export const leaseToken: Check<string> = lowered(matching(/^[0-9a-f]{32}$/i, "is not a lease token"));
export const UUID: RegExp = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;
export const identifier: Check<string> = lowered(matching(UUID, "is not a UUID"));

export function integer(least: number, most: number): Check<number> {
  const isRight = (value: unknown): value is number =>
    Number.isInteger(value) && least <= Number(value) && Number(value) <= most;
  return rule(isRight, `must be a whole number from ${least} to ${most}`);
}

export function text(most: number): Check<string> {
  const pattern = new RegExp(`^\\P{Cc}{1,${most}}$`, "u");
  return matching(pattern, `must be a string of 1 to ${most} characters without control characters`);
}

export function oneOf<T extends string>(...words: T[]): Check<T> {
  return rule((value): value is T => words.some((word) => word === value), `must be one of ${words.join(", ")}`);
}

/** Any JSON within the limits of size and depth. */
export function json(mostBytes: number): Check<unknown> {
  const isRight = (value: unknown): value is unknown =>
    byteLength(value) <= mostBytes && !isDeeper(value, MAX_JSON_DEPTH);
  return rule(isRight, `must have no more than ${mostBytes} bytes and ${MAX_JSON_DEPTH} levels`);
}

export const object: Check<Members> = (value, place) =>
  isMembers(value) ? (json(MAX_DETAIL_BYTES)(value, place) as Members | undefined) : place.note("must be an object");

export const moment: Check<Date> = (value, place) => {
  const isTime = typeof value === "string" && /^\d{4}-\d\d-\d\dT.*(Z|[+-]\d\d:\d\d)$/.test(value);
  const read = new Date(isTime ? value : NaN);
  return Number.isNaN(read.getTime()) ? place.note("is not a time like 2030-01-31T12:00:00Z") : read;
};

/** A scenario run's id: a text, or a whole number, which is kept as text. */
export const runId: Check<string> = (value, place) => text(64)(Number.isInteger(value) ? String(value) : value, place);

export function isMembers(value: unknown): value is Members {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The bytes of a value as clients write it. */
export function byteLength(value: unknown): number {
  return Buffer.byteLength(stringify(value));
}

function isDeeper(value: unknown, levels: number): boolean {
  if (typeof value !== "object" || value === null) return false;
  return levels === 0 || Object.values(value).some((inner) => isDeeper(inner, levels - 1));
}

function rule<T>(isRight: (value: unknown) => value is T, detail: string): Check<T> {
  return (value, place) => (isRight(value) ? value : place.note(detail));
}

function matching(pattern: RegExp, detail: string): Check<string> {
  return rule((value): value is string => typeof value === "string" && pattern.test(value), detail);
}

function lowered(check: Check<string>): Check<string> {
  return (value, place) => check(value, place)?.toLowerCase();
}
