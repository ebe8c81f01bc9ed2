/** How options are checked, for programs without types. */

/** What an option must be. `of` is what has the options. */
export interface Check<Of = unknown> {
  readonly what: string;
  readonly isRight: (value: unknown, of: Of) => boolean;
}
export type Checks<Of = unknown> = Readonly<Record<string, Check<Of>>>;

/** Says of each wrong option what it must be. One that is undefined counts as left out. */
export function wrongOptions<Of>(options: object, checks: Checks<Of>, of: Of): string[] {
  const wrong: string[] = [];
  for (const [name, value] of Object.entries(options)) {
    if (value === undefined) continue;
    const check = Object.hasOwn(checks, name) ? checks[name] : undefined;
    if (check === undefined) wrong.push(`there is no option ${name}`);
    else if (!check.isRight(value, of)) wrong.push(`${name} must be ${check.what}`);
  }
  return wrong;
}

export function isFunction(value: unknown): boolean {
  return typeof value === "function";
}

/** True for an object with these methods. */
export function hasFunctions(value: unknown, ...names: string[]): boolean {
  if (typeof value !== "object" || value === null) return false;
  return names.every((name) => isFunction((value as Record<string, unknown>)[name]));
}

/** What engines and clients are both given. */
export const COMMON: Checks = {
  json: { what: "an object with parse and stringify", isRight: (value) => hasFunctions(value, "parse", "stringify") },
  fetch: { what: "a function", isRight: isFunction },
  logger: {
    what: "an object with debug, info, warn and error",
    isRight: (value) => hasFunctions(value, "debug", "info", "warn", "error"),
  },
};

/** What the names of queues and event types consist of. */
export const NAME = "1 to 64 letters, digits, '.', '_', ':' or '-'";

/** True for what can be the name of a queue or an event type. */
export function isName(value: unknown): boolean {
  return typeof value === "string" && /^[A-Za-z0-9._:-]{1,64}$/.test(value);
}

export function isUuid(value: unknown): boolean {
  return typeof value === "string" && /^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/i.test(value);
}

/** True for a number within these limits, false for NaN and for other types. */
export function isNumber(value: unknown, least: number, most: number = Infinity): boolean {
  return typeof value === "number" && least <= value && value <= most;
}

/** True for a number above 0. */
export function isAboveZero(value: unknown): boolean {
  return isNumber(value, Number.MIN_VALUE);
}

export function isWhole(value: unknown, least: number, most: number = Infinity): boolean {
  return Number.isInteger(value) && isNumber(value, least, most);
}
