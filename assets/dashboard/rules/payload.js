/** A payload as a person types it: checked as text, so that what is sent is what was typed. */
import { readAll } from "./json.js";
import { bytes, count } from "./numbers.js";

/** @typedef {{ max_payload_bytes: number, max_json_depth: number }} Limits */
/** @typedef {{ fault: string | null, size: number }} Checked  size: in bytes, as the server counts them */

/** @param {string} text @param {Limits} [limits] of the server @returns {Checked} */
export function checked(text, limits) {
  const size = new TextEncoder().encode(text).length;
  return { fault: faultOf(text, size, limits), size };
}

/** @param {string} text @param {number} size @param {Limits | undefined} limits @returns {string | null} */
function faultOf(text, size, limits) {
  if (text.trim() === "") return "A payload is missing: at least {}";
  if (limits && size > limits.max_payload_bytes) return `It has ${count(size)} bytes, and the server takes ${count(limits.max_payload_bytes)} at most`;
  const { fault, tree } = readAll(text);
  if (fault !== null) return `This is no JSON: ${fault.message}, in line ${fault.line}, column ${fault.column}`;
  if (limits && depthOf(tree) > limits.max_json_depth) return `It is nested ${count(depthOf(tree))} levels deep, and the server takes ${count(limits.max_json_depth)} at most`;
  return null;
}

/** @param {Checked} checked @param {Limits} [limits] @returns {string} what is said of one without a fault */
export function sizeInWords({ size }, limits) {
  return `It is JSON of ${bytes(size)}${limits ? ` of ${bytes(limits.max_payload_bytes)} at most` : ""}.`;
}

/** How many objects and arrays stand around the deepest value, itself one of them if it is. @param {import("./json.js").Tree} tree */
function depthOf({ kinds, parents }) {
  /** @type {number[]} */
  const depths = [];
  let deepest = 0;
  kinds.forEach((kind, index) => {
    const around = depths[parents[index] ?? -1] ?? 0;
    const depth = around + (kind <= 1 ? 1 : 0);
    depths.push(depth);
    deepest = Math.max(deepest, depth);
  });
  return deepest;
}
