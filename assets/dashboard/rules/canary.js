/** Trying some dead letters before the rest: which of them, how they fared, and what that says. */

/** @typedef {{ event_id: string, engine_software_version: string | null, dead_lettered_at: string, redriven_as?: string | null }} Letter */
/** @typedef {"waiting" | "running" | "done" | "same" | "another" | "cancelled" | "unknown"} Fate */

export const COUNTS = /** @type {const} */ ([1, 10, 50]);
export const PRESET_COUNT = 10;
const DONE_RATIO = 0.9;

/**
 * Some of the dead letters, spread over versions and, within a version, over time: both the first and the last of them died of what
 * the others died of only if all in between did.
 * @param {readonly Letter[]} letters @param {number} count @returns {Letter[]} the oldest first
 */
export function spread(letters, count) {
  /** @type {Map<string | null, Letter[]>} */
  const byVersion = new Map();
  for (const letter of letters) {
    if (letter.redriven_as) continue;
    const same = byVersion.get(letter.engine_software_version);
    if (same === undefined) byVersion.set(letter.engine_software_version, [letter]);
    else same.push(letter);
  }
  const versions = [...byVersion.values()].sort((one, other) => other.length - one.length);
  const shares = sharesOf(versions.map(({ length }) => length), count);
  return inOrder(versions.flatMap((ofVersion, place) => evenly(inOrder(ofVersion), shares[place] ?? 0)));
}

/** The newest of them. @param {readonly Letter[]} letters @param {number} count @returns {Letter[]} the oldest first */
export function newest(letters, count) {
  const redrivable = inOrder(letters.filter((letter) => !letter.redriven_as));
  return redrivable.slice(Math.max(0, redrivable.length - count));
}

/** One after another gets one more, as long as it has some. @param {readonly number[]} sizes @param {number} count */
function sharesOf(sizes, count) {
  const shares = sizes.map(() => 0);
  let left = Math.min(count, sizes.reduce((sum, size) => sum + size, 0));
  while (left > 0) {
    for (const [place, size] of sizes.entries()) {
      const share = shares[place] ?? 0;
      if (left === 0 || share >= size) continue;
      shares[place] = share + 1;
      left -= 1;
    }
  }
  return shares;
}

/** @param {readonly Letter[]} ordered @param {number} count at most as many as there are */
function evenly(ordered, count) {
  if (count === 1) return ordered.slice(-1);
  return Array.from({ length: count }, (_, place) => /** @type {Letter} */ (ordered[Math.round((place * (ordered.length - 1)) / (count - 1))]));
}

/** @param {readonly Letter[]} letters */
function inOrder(letters) {
  return [...letters].sort((one, other) => Date.parse(one.dead_lettered_at) - Date.parse(other.dead_lettered_at));
}

/**
 * How one that was tried fared.
 * @param {{ status: string } | undefined} event as the server has it now
 * @param {{ isSame: boolean } | undefined} again its new dead letter, where it is known
 * @returns {Fate}
 */
export function fateOf(event, again) {
  switch (event?.status) {
    case "queued":
      return "waiting";
    case "processing":
      return "running";
    case "completed":
      return "done";
    case "cancelled":
      return "cancelled";
    case "failed":
      return again !== undefined && !again.isSame ? "another" : "same";
    default:
      return "unknown";
  }
}

/** @typedef {{ verdict: "wait" | "go_on" | "not_fixed" | "progress" | "unclear", counts: Record<Fate, number>, sentence: string, advice: string }} Judgement */

/** @param {readonly Fate[]} fates @returns {Judgement} */
export function judge(fates) {
  /** @type {Record<Fate, number>} */
  const counts = { waiting: 0, running: 0, done: 0, same: 0, another: 0, cancelled: 0, unknown: 0 };
  for (const fate of fates) counts[fate] += 1;
  return { ...verdictOf(counts, fates.length), counts, sentence: sentenceOf(counts) };
}

/** @param {Record<Fate, number>} counts @param {number} total @returns {Pick<Judgement, "verdict" | "advice">} */
function verdictOf(counts, total) {
  if (counts.same > 0) {
    return { verdict: "not_fixed", advice: "It is not fixed: the others would most likely die again, too." };
  }
  if (counts.waiting === total && total > 0) return { verdict: "wait", advice: "All of them wait for an engine." };
  if (counts.waiting + counts.running > 0) return { verdict: "wait", advice: "Wait until all of them have ended." };
  const ended = counts.done + counts.another;
  if (ended > 0 && counts.done / ended >= DONE_RATIO) return { verdict: "go_on", advice: "Go on: the cause seems to be fixed." };
  if (counts.another > 0) {
    return { verdict: "progress", advice: "They died of a different error: maybe that is progress. Look at it before you go on." };
  }
  return { verdict: "unclear", advice: "This says nothing of the others: none of them ran to its end." };
}

const WORDS = /** @type {const} */ ([
  ["done", "done"],
  ["running", "run"],
  ["waiting", "wait"],
  ["same", "died again of the same"],
  ["another", "died of a different error"],
  ["cancelled", "cancelled"],
  ["unknown", "not known any more"],
]);

/** @param {Record<Fate, number>} counts */
function sentenceOf(counts) {
  const parts = WORDS.filter(([fate]) => counts[fate] > 0).map(([fate, words]) => `${counts[fate]} ${words}`);
  return parts.join(", ") || "none was tried";
}
