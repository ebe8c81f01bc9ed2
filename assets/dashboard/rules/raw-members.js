/** Parts of an answer as they were sent: what strangers wrote is never converted on its way to the screen or into a file. */
import { readAll, textOf } from "./json.js";
import { rawKeyOf, rawOf } from "./json-rows.js";

/** @param {string} text an object @returns {Map<string, string>} the JSON of each member, by its name */
export function rawMembers(text) {
  const { tree } = readAll(text);
  /** @type {Map<string, string>} */
  const members = new Map();
  for (const index of childrenOf(tree, 0)) members.set(textOf(rawKeyOf(tree, index) ?? '""'), rawOf(tree, index));
  return members;
}

/** @param {string} text an array @returns {string[]} the JSON of each item */
export function rawItems(text) {
  const { tree } = readAll(text);
  return childrenOf(tree, 0).map((index) => rawOf(tree, index));
}

/** @param {import("./json.js").Tree} tree @param {number} index */
function childrenOf(tree, index) {
  const children = [];
  const end = tree.afters[index] ?? 0;
  for (let at = index + 1; at < end; at = tree.afters[at] ?? end) children.push(at);
  return children;
}
