/** When a failing event is tried again, by the server's formula: retry n waits `min(initial × multiplier^(n−1), max)`, give or take. */
import { lasts } from "./times.js";

/** @typedef {{ retries: number, initial: number, multiplier: number, max: number, jitter: number }} Delays seconds, but for the number of retries, the multiplier and the jitter */
/** @typedef {{ about: number, least: number, most: number }} Span seconds; chance moves a delay between the two ends, and never above `max` */

const LISTED_MOST = 5;

/** Before each retry. @param {Delays} delays @returns {Span[]} */
export function delaysOf({ retries, initial, multiplier, max, jitter }) {
  return Array.from({ length: retries }, (_, n) => {
    const about = Math.min(initial * multiplier ** n, max);
    return { about, least: about * (1 - jitter), most: Math.min(about * (1 + jitter), max) };
  });
}

/** How long after the first try each retry is, beside what the tries themselves take. @param {Delays} delays @returns {Span[]} */
export function retriesAt(delays) {
  let at = { about: 0, least: 0, most: 0 };
  return delaysOf(delays).map(({ about, least, most }) => {
    at = { about: at.about + about, least: at.least + least, most: at.most + most };
    return at;
  });
}

/** @param {Delays} delays @returns {string} `1 s, 2 s, 4 s, 8 s, 16 s … 5 min, ±20 %` */
export function delaysInShort(delays) {
  const all = delaysOf(delays).map(({ about }) => about);
  if (all.length === 0) return "none";
  const shown = all.slice(0, LISTED_MOST).map(lasts).join(", ");
  const last = all.length > LISTED_MOST ? ` … ${lasts(all.at(-1) ?? 0)}` : "";
  const isMoved = delays.jitter > 0 && all.some((delay) => delay > 0);
  return `${shown}${last}${isMoved ? `, ±${Math.round(delays.jitter * 100)} %` : ""}`;
}

/** @param {Delays} delays @returns {string} `Tried again after 1 s, 2 s, 4 s: the last try about 7 s after the first.` */
export function delaysInWords(delays) {
  const last = retriesAt(delays).at(-1);
  if (last === undefined) return "A reported failure makes a dead letter at once.";
  if (last.about === 0) return `Tried again ${delays.retries === 1 ? "once" : `${delays.retries} times`}, each time at once.`;
  return `Tried again after ${delaysInShort(delays)}: the last try about ${lasts(last.about)} after the first.`;
}

/** What is lost by trying for a shorter time; null where it is not shorter. @param {Delays | null} before @param {Delays} after @returns {string | null} `An outage longer than about 15 s makes dead letters; until now …` */
export function outageInWords(before, after) {
  const [was, is] = [before, after].map((delays) => (delays === null ? null : retriesAt(delays).at(-1)?.about ?? 0));
  if (was == null || is == null || is >= was) return null;
  return is === 0 ? `Any outage makes dead letters; until now it takes one longer than about ${lasts(was)}.` : `An outage longer than about ${lasts(is)} makes dead letters; until now it takes one longer than about ${lasts(was)}.`;
}
