/** Work that was done twice at once. */

/** @typedef {import("./gantt.js").Mark} Mark */

const WORKED = new Set(["held", "lost", "running", "tail"]);

/**
 * Where an engine went on after its lease had ended while another one worked on the same event.
 * @param {readonly Mark[]} marks @returns {Mark[]}
 */
export function doublesOf(marks) {
  const work = marks.filter((mark) => WORKED.has(mark.kind));
  /** @type {Mark[]} */
  const doubles = [];
  for (const tail of work.filter((mark) => mark.kind === "tail")) {
    for (const other of work) {
      if (other === tail || other.attempt?.attempt === tail.attempt?.attempt) continue;
      // Of two tails, the pair is found twice.
      if (other.kind === "tail" && (other.attempt?.attempt ?? 0) < (tail.attempt?.attempt ?? 0)) continue;
      const from = Math.max(tail.from, other.from);
      const to = Math.min(tail.to, other.to);
      if (to > from) doubles.push({ kind: "double", from, to, row: tail.row, toRow: other.row, attempt: other.attempt });
    }
  }
  return doubles;
}

/** For how long more than one engine worked on it: each moment counts once. @param {readonly Mark[]} marks @returns {number} milliseconds */
export function doubledTime(marks) {
  const doubles = marks.filter((mark) => mark.kind === "double").sort((a, b) => a.from - b.from);
  let total = 0;
  let until = -Infinity;
  for (const { from, to } of doubles) {
    total += Math.max(0, to - Math.max(from, until));
    until = Math.max(until, to);
  }
  return total;
}
