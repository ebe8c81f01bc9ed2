/** Where an instant stands on the axis of a gantt. Long times in which nothing happens are folded. */
import { ticks } from "./axis.js";
import { wall } from "./times.js";

/** @typedef {import("./gantt.js").Gantt} Gantt */
/** @typedef {{ from: number, to: number, left: number, right: number, isFold: boolean }} Piece */
/** @typedef {{ pieces: Piece[], width: number, x: (at: number) => number }} Scale */

export const FOLD_WIDTH = 44;
const LEAST_FOLD_MS = 30_000;
/** A quiet time is long that takes more of the axis than all the work together, so many times. */
const FOLD_TIMES_WORK = 1.5;
const PIECE_WIDTH = 24;
const WORK = new Set(["held", "lost", "running", "tail"]);

/**
 * @param {Gantt} gantt @param {number} width in pixels at least @param {{ isTrue?: boolean }} [how] isTrue: nothing is folded
 * @returns {Scale}
 */
export function scaleOf(gantt, width, { isTrue = false } = {}) {
  const folds = isTrue ? [] : foldsOf(gantt);
  /** @type {Piece[]} */
  const pieces = [];
  let at = gantt.from;
  for (const fold of folds) {
    if (fold.from > at) pieces.push({ from: at, to: fold.from, left: 0, right: 0, isFold: false });
    pieces.push({ from: fold.from, to: fold.to, left: 0, right: 0, isFold: true });
    at = fold.to;
  }
  if (gantt.to > at || pieces.length === 0) pieces.push({ from: at, to: gantt.to, left: 0, right: 0, isFold: false });
  const plain = pieces.filter((piece) => !piece.isFold);
  const time = plain.reduce((sum, piece) => sum + piece.to - piece.from, 0) || 1;
  const room = Math.max(width - folds.length * FOLD_WIDTH - plain.length * PIECE_WIDTH, plain.length * PIECE_WIDTH);
  let left = 0;
  for (const piece of pieces) {
    piece.left = left;
    left += piece.isFold ? FOLD_WIDTH : PIECE_WIDTH + (room * (piece.to - piece.from)) / time;
    piece.right = left;
  }
  return { pieces, width: left, x: (instant) => place(pieces, instant) };
}

/** @param {readonly Piece[]} pieces @param {number} at */
function place(pieces, at) {
  let low = 0;
  let high = pieces.length - 1;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (at <= (pieces[middle]?.to ?? 0)) high = middle;
    else low = middle + 1;
  }
  const piece = pieces[low];
  if (!piece) return 0;
  const share = (at - piece.from) / (piece.to - piece.from || 1);
  return piece.left + (piece.right - piece.left) * Math.min(1, Math.max(0, share));
}

/** Times between two happenings in which nobody works, where they are long beside the work. @param {Gantt} gantt */
function foldsOf({ marks, from, to }) {
  const work = marks.filter((mark) => WORK.has(mark.kind));
  const worked = work.reduce((sum, mark) => sum + mark.to - mark.from, 0);
  if (worked === 0) return [];
  const least = Math.max(LEAST_FOLD_MS, worked * FOLD_TIMES_WORK);
  const edges = marks.flatMap((mark) => [mark.from, mark.to, ...(mark.longest === undefined ? [] : [mark.longest])]);
  const sorted = [...new Set([from, ...edges, to])].sort((a, b) => a - b);
  const busy = [...work].sort((a, b) => a.from - b.from);
  /** @type {{ from: number, to: number }[]} */
  const folds = [];
  let next = 0;
  let busyUntil = -Infinity;
  sorted.forEach((start, index) => {
    const end = sorted[index + 1];
    for (let mark = busy[next]; mark && mark.from <= start; mark = busy[++next]) busyUntil = Math.max(busyUntil, mark.to);
    if (end === undefined || end - start < least || busyUntil > start) return;
    // Something of it stays on both sides, so that what begins and ends there is seen.
    const edge = (end - start) * 0.02;
    const shown = Math.min(edge, worked / 10);
    folds.push({ from: start + shown, to: end - shown });
  });
  return folds;
}

const SECONDS = [1, 2, 5, 10, 15, 30];

/** Pixels of `23:59:59`, with the gap before it. */
const LABEL = 52;

/**
 * The ticks of the axis, where they have room.
 * @param {Scale} scale @param {import("./times.js").Zone} zone @param {number} [room] pixels for a label
 * @returns {{ at: number, x: number, label: string }[]}
 */
export function axisOf(scale, zone, room = 76) {
  /** @type {{ at: number, x: number, label: string }[]} */
  const found = [];
  let free = -Infinity;
  for (const piece of scale.pieces) {
    if (piece.isFold) continue;
    const most = Math.floor((piece.right - piece.left) / room);
    const inside = most < 1 ? [] : ticksOf(piece, zone, most);
    for (const { at, label } of inside.length > 0 ? inside : [{ at: piece.from, label: secondsOf(piece.from, zone) }]) {
      const x = scale.x(at);
      if (x < free || x + LABEL > scale.width && found.length > 0) continue;
      found.push({ at, x, label });
      free = x + room;
    }
  }
  return found;
}

/** @param {Piece} piece @param {import("./times.js").Zone} zone @param {number} most */
function ticksOf({ from, to }, zone, most) {
  const step = SECONDS.find((each) => (to - from) / (each * 1000) <= most);
  if (step === undefined) return ticks(from, to, zone, most);
  const first = Math.ceil(from / (step * 1000)) * step * 1000;
  const count = Math.max(0, Math.floor((to - first) / (step * 1000)) + 1);
  return Array.from({ length: count }, (_, index) => first + index * step * 1000).map((at) => ({ at, label: secondsOf(at, zone) }));
}

/** @param {number} at @param {import("./times.js").Zone} zone */
function secondsOf(at, zone) {
  const shown = wall(at, zone);
  return shown ? `${shown.time}:${shown.second}` : "";
}
