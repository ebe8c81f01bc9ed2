/** JSON with a line for each member, so that it can be edited and compared by lines: no value is spelled otherwise. */

const TOKEN = /"(?:[^"\\]|\\.)*"|[{}[\],:]|[^\s{}[\],:"]+/gs;

/** What is longer is left as it is. */
const LINED_MOST = 256 * 1024;

/** @param {string} text that is JSON @returns {string} as a person can edit it */
export function editable(text) {
  return text.length < LINED_MOST ? inLines(text) : text;
}

/** @param {string} text that is JSON @returns {string} */
export function inLines(text) {
  let depth = 0;
  let out = "";
  let before = "";
  for (const [token] of text.matchAll(TOKEN)) {
    if (token === "}" || token === "]") {
      depth -= 1;
      if (before !== "{" && before !== "[") out += newLine(depth);
    } else if (before === "{" || before === "[" || before === ",") out += newLine(depth);
    if (token === "{" || token === "[") depth += 1;
    out += token === ":" ? ": " : token;
    before = token;
  }
  return out;
}

/** @param {number} depth */
function newLine(depth) {
  return `\n${"  ".repeat(depth)}`;
}
