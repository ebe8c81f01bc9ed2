// How the modules of assets/dashboard import each other.
import { readFileSync } from "node:fs";
import { posix } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../../assets/dashboard/", import.meta.url));

/**
 * What a module imports: at once, before it runs, or later, by `import("…")`.
 *
 * @param {string} code without comments
 * @returns {{ name: string, at: number, isAtOnce: boolean }[]}
 */
export function importsOf(code) {
  const atOnce = [...code.matchAll(/(?<=^|;)(?:import|export)\b[^;"']*?(?:\bfrom\s*|import\s*)["']([^"']+)["']/gm)];
  const later = [...code.matchAll(/\bimport\(\s*["']([^"']+)["']/g)];
  return [...atOnce.map((match) => [match, true]), ...later.map((match) => [match, false])].map(([match, isAtOnce]) => ({
    name: match[1],
    at: match.index,
    isAtOnce,
  }));
}

/** These modules, and all that they need before they run. @param {readonly string[]} paths @returns {string[]} in order */
export function atOnce(paths) {
  const found = new Set();
  const waiting = [...paths];
  while (waiting.length > 0) {
    const path = /** @type {string} */ (waiting.pop());
    if (found.has(path)) continue;
    found.add(path);
    const code = withoutComments(readFileSync(root + path, "utf8"));
    waiting.push(...importsOf(code).filter(({ isAtOnce }) => isAtOnce).map(({ name }) => posix.join(posix.dirname(path), name)));
  }
  return [...found].sort();
}

/** Comments become blanks; texts stay, in which two strokes are no comment. @param {string} text */
export function withoutComments(text) {
  const piece = /(["'])(?:\\.|(?!\1)[^\\\n])*\1|\/\*[\s\S]*?\*\/|(?<![:\\])\/\/[^\n]*/g;
  return text.replace(piece, (found) => (found.startsWith("/") ? blank(found) : found));
}

/** Keeps only the ends of lines. @param {string} text */
export function blank(text) {
  return text.replace(/[^\n]/g, " ");
}
