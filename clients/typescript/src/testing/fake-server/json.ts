/** JSON as the server keeps it: numbers that a JavaScript number would round stay as they were written. */

import { randomUUID } from "node:crypto";

const MARK = randomUUID();
const MARKED = new RegExp(`"${MARK}:([^"]+)"`, "g");
const TOKENS = /"[^"\\]*(?:\\.[^"\\]*)*"|-?\d[\d.eE+-]*/g;
const MAY_BE_ROUNDED = /\d[\d.]{15}|\d[eE]/;

/** The value of a JSON text. A number of more than 15 digits is read as a marked string, which `stringify` undoes. */
export function parse(text: string): unknown {
  const value: unknown = JSON.parse(text);
  if (!MAY_BE_ROUNDED.test(text)) return value;
  return JSON.parse(text.replace(TOKENS, (token) => (isRounded(token) ? `"${MARK}:${token}"` : token)));
}

/** The JSON text of a value. */
export function stringify(value: unknown): string {
  return JSON.stringify(value).replace(MARKED, "$1");
}

function isRounded(token: string): boolean {
  return !token.startsWith('"') && (token.replace(/\D/g, "").length > 15 || !Number.isFinite(Number(token)));
}
