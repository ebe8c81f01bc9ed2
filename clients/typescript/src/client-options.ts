/** The checks of a client's options, for programs without types. */

import { ConfigurationError, refusedHere } from "./errors.js";
import { hasFunctions, isNumber } from "./settings.js";

interface Check {
  readonly what: string;
  readonly isRight: (value: unknown) => boolean;
}
type Checks = Readonly<Record<string, Check>>;

const SECONDS: Check = { what: "a number from 0 up", isRight: (value) => isNumber(value, 0) };
const isFunction = (value: unknown): boolean => typeof value === "function";

const CLIENT: Checks = {
  url: { what: "an address or a list of addresses", isRight: () => true }, // checkUrls says more
  token: {
    what: "a string or a function",
    isRight: (value) => value === null || typeof value === "string" || isFunction(value),
  },
  onFull: { what: '"wait" or "throw"', isRight: (value) => value === "wait" || value === "throw" },
  timeoutSeconds: SECONDS,
  json: { what: "an object with parse and stringify", isRight: (value) => hasFunctions(value, "parse", "stringify") },
  fetch: { what: "a function", isRight: isFunction },
  logger: {
    what: "an object with debug, info, warn and error",
    isRight: (value) => hasFunctions(value, "debug", "info", "warn", "error"),
  },
};

const WAIT: Checks = {
  timeoutSeconds: SECONDS,
  signal: { what: "an AbortSignal", isRight: (value) => hasFunctions(value, "addEventListener", "throwIfAborted") },
};

/** Throws a ConfigurationError that names every wrong option of a client. */
export function checkClient(options: unknown): void {
  const wrong = wrongOptions(options, CLIENT);
  if (wrong !== "") throw new ConfigurationError(wrong);
}

/** Throws InvalidInput that names every wrong option of a wait. */
export function checkWait(options: unknown): void {
  const wrong = wrongOptions(options, WAIT);
  if (wrong !== "") throw refusedHere(wrong);
}

/** Throws InvalidInput unless `atomic` is true or false. */
export function checkEnqueueMany(atomic: unknown): void {
  if (typeof atomic !== "boolean") throw refusedHere("atomic must be true or false");
}

function wrongOptions(options: unknown, checks: Checks): string {
  if (typeof options !== "object" || options === null) return "the options must be an object";
  const wrong: string[] = [];
  for (const [name, value] of Object.entries(options)) {
    if (value === undefined) continue;
    const check = Object.hasOwn(checks, name) ? checks[name] : undefined;
    if (check === undefined) wrong.push(`there is no option ${name}`);
    else if (!check.isRight(value)) wrong.push(`${name} must be ${check.what}`);
  }
  return wrong.join("; ");
}
