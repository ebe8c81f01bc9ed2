/** Text from strangers, so written that it stays on its line, in its order, and in plain sight. */

// Control, format and private characters, lone surrogates, line and paragraph separators, and spaces that look like a space.
const HIDDEN = /[\p{Cc}\p{Cf}\p{Co}\p{Cs}\p{Zl}\p{Zp}\u00a0\u1680\u2000-\u200a\u202f\u205f\u3000\u115f\u1160\u3164\uffa0]/gu;
const SHORT = new Map([["\n", "\\n"], ["\r", "\\r"], ["\t", "\\t"], ["\0", "\\0"]]);

/**
 * The text with each character as an escape that controls something or changes the order of reading, as the program's log
 * and command line show it: `a\u{202e}b`.
 * @param {string} text @param {{ keepsLines?: boolean }} [options] keepsLines: line ends and tabs stay what they are
 */
export function visible(text, { keepsLines = false } = {}) {
  return text.replace(HIDDEN, (character) => {
    if (keepsLines && (character === "\n" || character === "\t")) return character;
    return SHORT.get(character) ?? `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`;
  });
}

/**
 * Cuts a text to its first `most` characters, and never through the middle of one.
 * @param {string} text @param {number} most UTF-16 units @returns {{ head: string, left: number }} left: characters cut off
 */
export function cut(text, most) {
  if (text.length <= most) return { head: text, left: 0 };
  const last = text.charCodeAt(most - 1);
  const end = last >= 0xd800 && last < 0xdc00 ? most - 1 : most;
  return { head: text.slice(0, end), left: text.length - end };
}
