/** A message with blanks in the place of what changes from one event to the next, close to how the server makes causes of messages. */

// In this order: what stands first swallows what would be found within it.
const CHANGING = new RegExp(
  [
    "\"[^\"\\n]{1,200}\"|(?<![A-Za-z])'[^'\\n]{1,200}'(?![A-Za-z])|`[^`\\n]{1,200}`", // quoted
    "\\b[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}\\b", // UUIDs
    "\\b\\d{4}-\\d\\d-\\d\\d(?:[T ]\\d\\d:\\d\\d(?::\\d\\d(?:\\.\\d+)?)?(?:Z|[+-]\\d\\d:?\\d\\d)?)?", // times
    "\\b\\d{1,3}(?:\\.\\d{1,3}){3}(?::\\d+)?\\b", // addresses
    "\\b0[xX][0-9a-fA-F]+\\b|\\b(?=[0-9a-fA-F]*\\d)[0-9a-fA-F]{8,}\\b", // hexadecimal
    "(?<![A-Za-z_])[-+]?\\d[\\d,._]*(?:[eE][-+]?\\d+)?(?:\\s?(?:ms|s|min|m|h|d|[KMG]i?B|B|%))?(?![A-Za-z])", // numbers with units
  ].join("|"),
  "g",
);

/** @typedef {{ text: string, isBlank: boolean }} Piece */

/** @param {string} message @returns {Piece[]} which together are the message */
export function pieces(message) {
  /** @type {Piece[]} */
  const found = [];
  let at = 0;
  for (const match of message.matchAll(CHANGING)) {
    if (match.index > at) found.push({ text: message.slice(at, match.index), isBlank: false });
    found.push({ text: match[0], isBlank: true });
    at = match.index + match[0].length;
  }
  if (at < message.length) found.push({ text: message.slice(at), isBlank: false });
  return found;
}

/** @param {string | null} fingerprint @returns {boolean} the server made it of the message; else an engine sent it */
export function isMadeOfMessage(fingerprint) {
  return fingerprint !== null && /^[0-9a-f]{16}$/.test(fingerprint);
}
