/** A string of JSON for the eye: escapes that only hide letters are letters again, all others stay in sight. */
import { visible } from "./text.js";

// A pair of surrogates is one character; the last part are those that cannot be left out and letters that nobody would miss.
const ESCAPE = /\\(?:u(d[89ab][0-9a-f]{2})\\u(d[c-f][0-9a-f]{2})|u([0-9a-f]{4})|(["\\/bfnrt]))/gi;

/**
 * @param {string} raw with its quotes, as it was sent; it may be cut off at its end
 * @returns {string} `"\u2026 50 \u20ac\n"` as `"… 50 €\n"`: what controls something or changes the order of reading is an escape still
 */
export function stringInWords(raw) {
  if (!raw.includes("\\u") && !raw.includes("\\U")) return visible(raw);
  let shown = "";
  let last = 0;
  for (const { 0: escape, 1: high, 2: low, 3: unit, index } of raw.matchAll(ESCAPE)) {
    const character = high && low ? String.fromCharCode(parseInt(high, 16), parseInt(low, 16)) : unit ? String.fromCharCode(parseInt(unit, 16)) : null;
    // `\"`, `\\` and `\n` tell more than what they stand for; so do quotes and backslashes by number, and what `visible` would escape.
    const isPlain = character !== null && character !== '"' && character !== "\\" && visible(character) === character;
    shown += visible(raw.slice(last, index)) + (isPlain ? character : escape);
    last = index + escape.length;
  }
  return shown + visible(raw.slice(last));
}
