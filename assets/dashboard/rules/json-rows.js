/** What is shown of JSON that was read: its rows, the path of a value, what is covered, and where a text occurs. */
import { KIND, textOf } from "./json.js";

/** @typedef {import("./json.js").Tree} Tree */

/** Members down to this depth are open at first. */
const OPEN_DEPTH = 2;
export const FOUND_MOST = 1000;

/** @param {Tree} tree @param {number} index */
export function isContainer(tree, index) {
  const kind = tree.kinds[index];
  return kind === KIND.object || kind === KIND.array;
}

/** @param {Tree} tree @param {number} index @returns {number} how many values it is in */
export function depthOf(tree, index) {
  let depth = 0;
  for (let at = tree.parents[index] ?? -1; at >= 0; at = tree.parents[at] ?? -1) depth += 1;
  return depth;
}

/**
 * The rows from top to bottom: `2 × index` for a value, and `2 × index + 1` for the end of one that is open.
 * @param {Tree} tree
 * @param {ReadonlySet<number>} toggled those that a person opened or closed, against how they were at first
 * @returns {number[]}
 */
export function rowsOf(tree, toggled) {
  const rows = [];
  /** @type {number[]} */
  const open = [];
  const total = tree.kinds.length;
  for (let index = 0; index < total;) {
    rows.push(2 * index);
    if (isOpen(tree, index, open.length, toggled)) {
      open.push(index);
      index += 1;
    } else index = tree.afters[index] ?? total;
    for (let last = open.at(-1); last !== undefined && index >= (tree.afters[last] ?? total); last = open.at(-1)) {
      rows.push(2 * last + 1);
      open.pop();
    }
  }
  return rows;
}

/** @param {Tree} tree @param {number} index @param {number} depth @param {ReadonlySet<number>} toggled */
export function isOpen(tree, index, depth, toggled) {
  if (!isContainer(tree, index) || tree.counts[index] === 0) return false;
  return depth < OPEN_DEPTH !== toggled.has(index);
}

/** @param {Tree} tree @param {number} index @param {ReadonlySet<number>} toggled @returns {Set<number>} so that it is on a row */
export function reveal(tree, index, toggled) {
  const now = new Set(toggled);
  let depth = depthOf(tree, index);
  for (let at = tree.parents[index] ?? -1; at >= 0; at = tree.parents[at] ?? -1) {
    depth -= 1;
    if (isOpen(tree, at, depth, now)) continue;
    if (now.has(at)) now.delete(at);
    else now.add(at);
  }
  return now;
}

/** @param {Tree} tree @param {number} index @returns {string} as it stands in the text */
export function rawOf(tree, index) {
  return tree.text.slice(tree.starts[index], tree.ends[index] || undefined);
}

/** @param {Tree} tree @param {number} index @returns {string | null} its name, with quotes and escapes as it was sent */
export function rawKeyOf(tree, index) {
  const start = tree.keyStarts[index] ?? -1;
  return start < 0 ? null : tree.text.slice(start, tree.keyEnds[index]);
}

/** @param {Tree} tree @param {number} index @returns {string} such as `npc.lines[3]["a name"]`; empty for the whole */
export function pathOf(tree, index) {
  const parts = [];
  for (let at = index; (tree.parents[at] ?? -1) >= 0; at = tree.parents[at] ?? -1) {
    const key = rawKeyOf(tree, at);
    if (key === null) parts.push(`[${placeOf(tree, at)}]`);
    else parts.push(/^"[A-Za-z_$][\w$]*"$/.test(key) ? `.${key.slice(1, -1)}` : `[${key}]`);
  }
  return parts.reverse().join("").replace(/^\./, "");
}

/** @param {Tree} tree @param {number} index of an array's item @returns {number} its place in the array, from 0 */
function placeOf(tree, index) {
  let place = 0;
  for (let at = (tree.parents[index] ?? -1) + 1; at < index; at = tree.afters[at] ?? index) place += 1;
  return place;
}

/** Whether a member of that name is covered at first, against shoulders and pictures. @param {string} name */
export function isSecret(name) {
  const words = name.replace(/([a-z0-9])([A-Z])/g, "$1_$2").toLowerCase().split(/[^a-z0-9]+/);
  if (words.some((word) => /^(password|passwd|passphrase|pwd|secret|token|authorization|credentials?|apikey)$/.test(word))) return true;
  return words.some((word, place) => word === "api" && words[place + 1] === "key");
}

/** @param {Tree} tree @param {number} index @returns {number} the value itself or one it is in whose name is a secret's; else -1 */
export function secretAround(tree, index) {
  for (let at = index; at >= 0; at = tree.parents[at] ?? -1) {
    const key = rawKeyOf(tree, at);
    if (key !== null && isSecret(textOf(key))) return at;
  }
  return -1;
}

const COVER = "••••••";

/**
 * The text as far as it was read, and what is behind it, with dots in place of secrets.
 * @param {import("./json.js").Reader} reader
 */
export function coveredText({ tree, pendingKey }) {
  const parts = [];
  let from = 0;
  for (let index = 0; index < tree.kinds.length;) {
    const key = rawKeyOf(tree, index);
    if (key === null || !isSecret(textOf(key))) {
      index += 1;
      continue;
    }
    const end = tree.ends[index] || tree.text.length;
    parts.push(tree.text.slice(from, tree.starts[index]), COVER);
    from = end;
    index = Math.max(index + 1, tree.afters[index] ?? 0);
  }
  if (pendingKey && isSecret(textOf(tree.text.slice(...pendingKey)))) {
    parts.push(tree.text.slice(from, pendingKey[1]), `: ${COVER}`);
    from = tree.text.length;
  }
  parts.push(tree.text.slice(from));
  return parts.join("");
}

/**
 * The values whose text, or whose name, has the wanted text in it; not the arrays and objects around them.
 * @param {Tree} tree @param {string} wanted capital letters aside
 * @returns {number[]} at most FOUND_MOST
 */
export function find(tree, wanted) {
  /** @type {number[]} */
  const found = [];
  if (wanted === "") return found;
  const pattern = new RegExp([...wanted].map(asSentOrEscaped).join(""), "gi");
  for (let index = 0; index < tree.kinds.length && found.length < FOUND_MOST; index += 1) {
    const keyStart = tree.keyStarts[index] ?? -1;
    const start = keyStart < 0 ? tree.starts[index] ?? 0 : keyStart;
    // A container's own part is its name; what is in it comes as further values.
    const end = isContainer(tree, index) ? (keyStart < 0 ? start : tree.keyEnds[index] ?? start) : tree.ends[index] || tree.text.length;
    pattern.lastIndex = start;
    const hit = pattern.exec(tree.text);
    if (!hit) break;
    if (hit.index + hit[0].length <= end) found.push(index);
    // Nothing that ends before the hit can have one.
    else index = lastBefore(tree, index, hit.index);
  }
  return found;
}

/** A part of a pattern: letters beyond ASCII may have been sent as escapes, and are shown as letters. @param {string} character */
function asSentOrEscaped(character) {
  if (character <= "~") return character.replace(/[.*+?^${}()|[\]\\]/, "\\$&");
  const units = character.split("").map((unit) => `\\\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`);
  return `(?:${character}|${units.join("")})`;
}

/** @param {Tree} tree @param {number} index @param {number} at @returns {number} the last value that begins at or before `at`, less one */
function lastBefore(tree, index, at) {
  let low = index;
  let high = tree.kinds.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    const key = tree.keyStarts[middle] ?? -1;
    if ((key < 0 ? tree.starts[middle] ?? 0 : key) <= at) low = middle;
    else high = middle - 1;
  }
  return Math.max(index, low - 1);
}
