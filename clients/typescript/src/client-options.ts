/** The checks of a client's options, for programs without types. */

import { ConfigurationError, refusedHere } from "./errors.js";
import { wrongLevel } from "./logger.js";
import { COMMON, hasFunctions, isFunction, isNumber, wrongOptions, type Check, type Checks } from "./option-checks.js";

const SECONDS: Check = { what: "a number from 0 up", isRight: (value) => isNumber(value, 0) };

const CLIENT: Checks = {
  ...COMMON,
  url: { what: "an address or a list of addresses", isRight: () => true }, // checkUrls says more
  token: {
    what: "a string or a function",
    isRight: (value) => value === null || typeof value === "string" || isFunction(value),
  },
  onFull: { what: '"wait" or "throw"', isRight: (value) => value === "wait" || value === "throw" },
  timeoutSeconds: SECONDS,
};

const WAIT: Checks = {
  timeoutSeconds: SECONDS,
  signal: { what: "an AbortSignal", isRight: (value) => hasFunctions(value, "addEventListener", "throwIfAborted") },
};

/** Throws a ConfigurationError that names every wrong option of a client. */
export function checkClient(options: { readonly logger?: unknown }): void {
  const wrong = wrongOf(options, CLIENT);
  if (wrong.length === 0 && options.logger === undefined) wrong.push(...wrongLevel());
  if (wrong.length > 0) throw new ConfigurationError(wrong.join("; "));
}

/** Throws InvalidInput that names every wrong option of a wait. */
export function checkWait(options: unknown): void {
  const wrong = wrongOf(options, WAIT);
  if (wrong.length > 0) throw refusedHere(wrong.join("; "));
}

/** Throws InvalidInput unless the options of an event are an object. The server refuses unknown ones. */
export function checkEnqueue(options: unknown): void {
  if (typeof options !== "object" || options === null || Array.isArray(options)) {
    throw refusedHere("the options must be an object, such as { priority: 9 }");
  }
}

/** Throws InvalidInput unless `atomic` is true or false. */
export function checkEnqueueMany(atomic: unknown): void {
  if (typeof atomic !== "boolean") throw refusedHere("atomic must be true or false");
}

function wrongOf(options: unknown, checks: Checks): string[] {
  if (typeof options !== "object" || options === null) return ["the options must be an object"];
  return wrongOptions(options, checks, undefined);
}
