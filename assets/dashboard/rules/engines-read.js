/** How far the reading of a long list of engines is, and what it leaves out. */
import { count } from "./numbers.js";

/**
 * @param {object} of
 * @param {number} of.loaded
 * @param {number | null} of.shown of those that are loaded; null: the page filters nothing
 * @param {boolean} of.isWhole the reading is over
 * @param {boolean} of.hasMore there are more than are read
 * @param {number | null} of.expected as the summary counts them
 */
export function readInWords({ loaded, shown, isWhole, hasMore, expected }) {
  const all = loaded === 1 ? "1 engine" : `${count(loaded)} engines`;
  const found = shown === null ? all : `${count(shown)} of ${all}`;
  if (!isWhole) return `${found} so far${expected !== null && expected > loaded ? `, of about ${count(expected)}` : ""}: the others are being read.`;
  if (!hasMore) return `${found}.`;
  return `${found}. There are more: the newest ${count(loaded)} are read, and are sorted and filtered here. Name a type, a version or a state to see the others.`;
}
