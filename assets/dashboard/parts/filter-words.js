/** A filter of dead letters in words, with its times in the zone that is shown, and with nothing in it that hides. */
import { inWords } from "../rules/dead-letter-filter.js";
import { visible } from "../rules/text.js";
import { atOf } from "../rules/times.js";
import { zoneNow } from "./time.js";

/** @param {Readonly<Record<string, string>>} values as the address has them */
export function filterWords(values) {
  return visible(inWords(values, (instant) => atOf(instant, zoneNow())));
}
