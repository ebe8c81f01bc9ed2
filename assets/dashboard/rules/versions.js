/** Which version of the engines does the dying: said with the numbers, and never without enough of them. */
import { count, percent } from "./numbers.js";

/** @typedef {{ engine_type: string, engine_software_version: string | null, attempts: number, failed: number, lost: number, failure_ratio: number, is_enough: boolean }} Attempts */
/** @typedef {{ version: string | null, dead: number, attempts: Attempts | null }} Row */

/** From so many times the failures of another on, a version differs. */
const DIFFERS = 3;
/** Up to so many times, two versions fail alike. */
const ALIKE = 1.5;

/** @param {string | null} version */
export function versionInWords(version) {
  return version === null ? "engines without a version" : `version ${version}`;
}

/**
 * All versions of the queue, with their dead letters of the group and their latest attempts; those with most dead letters first.
 * @param {readonly { version: string | null, count: number }[]} dead @param {readonly Attempts[]} attempts @param {string} engineType
 * @returns {Row[]}
 */
export function versionRows(dead, attempts, engineType) {
  const ofQueue = attempts.filter((each) => each.engine_type === engineType);
  const rows = dead.map(({ version, count: many }) => ({
    version,
    dead: many,
    attempts: ofQueue.find((each) => each.engine_software_version === version) ?? null,
  }));
  const others = ofQueue.filter((each) => !dead.some(({ version }) => version === each.engine_software_version));
  return [...rows, ...others.map((each) => ({ version: each.engine_software_version, dead: 0, attempts: each }))].sort(
    (one, other) => other.dead - one.dead || (other.attempts?.attempts ?? 0) - (one.attempts?.attempts ?? 0),
  );
}

/** @param {readonly Row[]} rows @returns {string} how the dead letters spread over versions, as the end of a sentence */
export function spreadInWords(rows) {
  const dead = rows.filter((row) => row.dead > 0);
  const [first] = dead;
  if (first === undefined) return "";
  if (dead.length === 1) return `all of ${versionInWords(first.version)}`;
  const shown = dead.slice(0, 3).map((row) => `${count(row.dead)} of ${versionInWords(row.version)}`);
  return dead.length > 3 ? `${shown.join(", ")} and ${dead.length - 3} more` : shown.join(", ");
}

/** @param {readonly Row[]} rows @returns {string[]} sentences that compare the versions */
export function comparisons(rows) {
  const [first] = rows.filter((row) => row.dead > 0);
  if (first === undefined) return [];
  const others = rows.filter((row) => row !== first);
  if (first.attempts === null || !first.attempts.is_enough) {
    return [`${subject(first, "has", "have")} ${attemptsOf(first)} lately: too few to say.`];
  }
  const compared = others.filter((row) => row.attempts?.is_enough);
  const lines = [`${failing(first)}.`, ...compared.slice(0, 3).map((row) => besides(first, row))];
  const few = others.filter((row) => row.attempts !== null && !row.attempts.is_enough);
  if (compared.length === 0) lines.push("There is no other version with enough attempts to compare it with.");
  if (few.length > 0) lines.push(...few.map((row) => `${subject(row, "has", "have")} ${attemptsOf(row)}: too few to say.`));
  return lines;
}

/** @param {Row} first @param {Row} other both with enough attempts */
function besides(first, other) {
  const [ratio, otherRatio] = [first.attempts?.failure_ratio ?? 0, other.attempts?.failure_ratio ?? 0];
  const isAlike = Math.max(ratio, otherRatio) <= ALIKE * Math.min(ratio, otherRatio);
  const verdict = isAlike ? ": that is not much different" : otherRatio > ratio ? ": that is more, not less" : "";
  if (other.dead > 0) return `${failing(other)}${verdict}.`;
  return `${subject(other, "has", "have")} none of these in ${count(other.attempts?.attempts ?? 0)} attempts, and ${other.version === null ? "fail" : "fails"} ${percent(otherRatio)}${verdict}.`;
}

/** @param {Row} row */
function attemptsOf({ attempts }) {
  return attempts?.attempts === 1 ? "1 attempt" : `${count(attempts?.attempts ?? 0)} attempts`;
}

/** @param {Row} row with attempts */
function failing(row) {
  const { failed = 0, lost = 0, attempts = 0, failure_ratio: ratio = 0 } = row.attempts ?? {};
  return `${subject(row, "fails", "fail")} ${percent(ratio)} of ${row.version === null ? "their" : "its"} attempts (${count(failed + lost)} of ${count(attempts)})`;
}

/** @param {Row} row @param {string} one @param {string} many the verb */
function subject({ version }, one, many) {
  return version === null ? `Engines without a version ${many}` : `Version ${version} ${one}`;
}

/** The version that is to blame by the numbers; null: none can be named. @param {readonly Row[]} rows @returns {Row | null} */
export function blamed(rows) {
  const [first, ...others] = rows;
  if (first === undefined || first.dead === 0 || !first.attempts?.is_enough) return null;
  const compared = others.filter((row) => row.attempts?.is_enough);
  const ratio = first.attempts.failure_ratio;
  const differs = compared.length > 0 && compared.every((row) => ratio >= DIFFERS * (row.attempts?.failure_ratio ?? 0));
  return differs && ratio > 0 ? first : null;
}
