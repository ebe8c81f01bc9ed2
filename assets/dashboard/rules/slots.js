/** How much of the engines' room is taken. */
import { count } from "./numbers.js";

/** @typedef {{ total: number, unlimited_engines: number }} Slots */

/** @param {number} engines */
function withoutLimit(engines) {
  return engines === 1 ? "1 engine without a limit" : `${count(engines)} engines without a limit`;
}

/** @param {Slots} slots @returns {string} after the number that is processed: `of 28 slots, and 2 engines without a limit` */
export function ofSlots({ total, unlimited_engines: unlimited }) {
  if (total === 0) return unlimited > 0 ? `by ${withoutLimit(unlimited)}` : "no slot is there";
  const slots = total === 1 ? "of 1 slot" : `of ${count(total)} slots`;
  return unlimited > 0 ? `${slots}, and ${withoutLimit(unlimited)}` : slots;
}

/** @param {Slots & { busy: number }} slots @returns {string} `6 of 28 slots`; busy ones are counted of those that have a number alone */
export function busySlots({ busy, total, unlimited_engines: unlimited }) {
  if (total === 0 && unlimited > 0) return withoutLimit(unlimited);
  const slots = ofSlots({ total, unlimited_engines: unlimited });
  return total === 0 ? slots : `${count(busy)} ${slots}`;
}
