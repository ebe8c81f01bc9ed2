/** Numbers as people read them. */
import { lasts } from "./times.js";

/** Up to here, the server counts; beyond, it estimates where it says so. */
const COUNTED = 10_000;
const grouped = new Intl.NumberFormat("en", { maximumFractionDigits: 0 });

/** @param {number | null | undefined} number */
function isNumber(number) {
  return typeof number === "number" && Number.isFinite(number);
}

/**
 * @param {number | null | undefined} number
 * @param {boolean} [isApproximate] the server estimated some of what it belongs to
 * @returns {string} `12,345`, or `≈ 48,000`
 */
export function count(number, isApproximate = false) {
  if (!isNumber(number)) return "–";
  const exact = /** @type {number} */ (number);
  if (!isApproximate || exact <= COUNTED) return grouped.format(exact);
  return `≈ ${grouped.format(rounded(exact))}`;
}

/** To two digits: an estimate has no more that mean anything. @param {number} number */
function rounded(number) {
  const unit = 10 ** (Math.floor(Math.log10(number)) - 1);
  return Math.round(number / unit) * unit;
}

/** Short, for the axis of a plot: `950`, `1.2k`, `48k`, `3M`. @param {number | null | undefined} number */
export function short(number) {
  if (!isNumber(number)) return "–";
  const value = /** @type {number} */ (number);
  if (Math.abs(value) < 1000) return Math.abs(value) < 10 ? String(Number(value.toFixed(2))) : String(Math.round(value));
  for (const [unit, size] of /** @type {const} */ ([["k", 1e3], ["M", 1e6], ["G", 1e9]])) {
    const shown = Number((value / size).toFixed(Math.abs(value) < 9.95 * size ? 1 : 0));
    if (Math.abs(shown) < 1000 || unit === "G") return `${shown}${unit}`;
  }
  return String(value);
}

/** `12.4/s`; what is rarer than once a second in minutes or hours: `3/min`. @param {number | null | undefined} perSecond @returns {string} */
export function rate(perSecond) {
  if (!isNumber(perSecond)) return "–";
  const value = /** @type {number} */ (perSecond);
  if (value === 0) return "0/s";
  if (value < 0) return `−${rate(-value)}`;
  if (value >= 0.95) return `${value < 99.95 ? trimmed(value) : grouped.format(value)}/s`;
  if (value * 60 >= 0.95) return `${value * 60 < 9.95 ? trimmed(value * 60) : Math.round(value * 60)}/min`;
  return value * 3600 >= 0.95 ? `${Math.round(value * 3600)}/h` : "< 1/h";
}

/** For an axis, all in the one unit that the largest of them has: `0`, `5/min`, `10/min`. @param {readonly number[]} perSecond @returns {string[]} */
export function ratesAlike(perSecond) {
  const most = Math.max(0, ...perSecond);
  const [times, unit] = most >= 0.95 ? [1, "s"] : most * 60 >= 0.95 ? [60, "min"] : [3600, "h"];
  return perSecond.map((value) => (value === 0 ? "0" : `${short(Number((value * times).toPrecision(3)))}/${unit}`));
}

/** Seconds on an axis, likewise: `0`, `30 s`, `60 s`, `90 s`. @param {readonly number[]} seconds @returns {string[]} */
export function secondsAlike(seconds) {
  const most = Math.max(0, ...seconds);
  const [size, unit] = most < 1 ? [0.001, "ms"] : most <= 180 ? [1, "s"] : most <= 10_800 ? [60, "min"] : most <= 259_200 ? [3600, "h"] : [86_400, "d"];
  return seconds.map((value) => (value === 0 ? "0" : `${short(Number((value / size).toPrecision(3)))} ${unit}`));
}

/** @param {number} number */
function trimmed(number) {
  return number.toFixed(1).replace(/\.0$/, "");
}

/** A part of a whole: `4 %`, `0.3 %`. @param {number | null | undefined} ratio from 0 to 1 */
export function percent(ratio) {
  if (!isNumber(ratio)) return "–";
  const value = /** @type {number} */ (ratio) * 100;
  if (value === 0 || value >= 9.95) return value > 99 && value < 100 ? "> 99 %" : `${Math.round(value)} %`;
  return value < 0.1 ? "< 0.1 %" : `${trimmed(value)} %`;
}

/** @param {number | null | undefined} number of bytes */
export function bytes(number) {
  if (!isNumber(number)) return "–";
  const value = /** @type {number} */ (number);
  if (value < 1024) return `${value} B`;
  const unit = value < 1023.5 * 1024 ? "KiB" : value < 1023.5 * 1024 ** 2 ? "MiB" : "GiB";
  const shown = value / 1024 ** (unit === "KiB" ? 1 : unit === "MiB" ? 2 : 3);
  return `${shown < 9.95 ? trimmed(shown) : Math.round(shown)} ${unit}`;
}

/** A quantile of durations, which the server knows to a quarter or so. @param {number | null | undefined} seconds */
export function quantile(seconds) {
  return isNumber(seconds) ? `≈ ${lasts(/** @type {number} */ (seconds))}` : "–";
}
