/** Sentences of the server that hold commands: `see why: eventlease explain vision; or pause it`. */

// A command ends where the sentence goes on; quoted words may hold anything.
const COMMAND = /\beventlease(?: (?:'[^']*'|"[^"]*"|[^\s;,'"]+))+/g;

/** @param {string} text @returns {{ words: string, isCommand: boolean }[]} all of the text, in its order */
export function commandsIn(text) {
  /** @type {{ words: string, isCommand: boolean }[]} */
  const parts = [];
  let last = 0;
  for (const { 0: found, index } of text.matchAll(COMMAND)) {
    const words = found.replace(/[.:)]+$/, "");
    if (index > last) parts.push({ words: text.slice(last, index), isCommand: false });
    parts.push({ words, isCommand: true });
    last = index + words.length;
  }
  if (last < text.length) parts.push({ words: text.slice(last), isCommand: false });
  return parts;
}
