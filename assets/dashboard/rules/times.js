/** Times and durations in words. An instant is milliseconds since 1970 or an ISO text; a zone is a choice of the reader. */

/** @typedef {"local" | "utc" | (string & {})} Zone  beside the two choices, any name that `Intl` knows */

const UNITS = /** @type {const} */ ([
  ["d", 86_400],
  ["h", 3600],
  ["min", 60],
  ["s", 1],
]);

/**
 * A duration, with two units at most: `2 h 5 min`, `340 ms`.
 * @param {number} seconds
 * @returns {string}
 */
export function lasts(seconds) {
  if (!Number.isFinite(seconds)) return "–";
  if (seconds < 0) return `−${lasts(-seconds)}`;
  if (seconds === 0) return "0 s";
  if (seconds < 0.9995) return seconds < 0.001 ? "< 1 ms" : `${Math.round(seconds * 1000)} ms`;
  if (seconds < 9.95) return `${trimmed(seconds)} s`;
  // Rounded to the smaller of the two units that are shown, so that 59.7 s is 1 min and never 60 s.
  const whole = Math.round(seconds);
  const first = UNITS.findIndex(([, size]) => whole >= size);
  return inUnits(seconds, first) ?? inUnits(seconds, first - 1) ?? `${whole} s`;
}

/** @param {number} seconds @param {number} first of the units; null where rounding carries over into a larger one */
function inUnits(seconds, first) {
  const [name, size] = UNITS[first] ?? UNITS[0];
  const next = UNITS[first + 1];
  if (!next) return `${Math.round(seconds)} ${name}`;
  const [nextName, nextSize] = next;
  const rounded = Math.round(seconds / nextSize);
  const larger = UNITS[first - 1];
  if (larger && rounded * nextSize >= larger[1]) return null;
  const whole = Math.floor((rounded * nextSize) / size);
  const rest = rounded - (whole * size) / nextSize;
  return rest === 0 ? `${whole} ${name}` : `${whole} ${name} ${rest} ${nextName}`;
}

/** @param {number} seconds */
function trimmed(seconds) {
  return seconds.toFixed(1).replace(/\.0$/, "");
}

/**
 * How long ago, or how soon where it is negative: `3 min ago`, `in 40 s`. Below an hour it has one unit, for such texts
 * stand in lists and change often.
 * @param {number} seconds
 */
export function ago(seconds) {
  const size = Math.floor(Math.abs(seconds));
  if (!Number.isFinite(size)) return "–";
  if (size === 0) return "now";
  const length = size < 60 ? `${size} s` : size < 3600 ? `${Math.floor(size / 60)} min` : lasts(size);
  return seconds < 0 ? `in ${length}` : `${length} ago`;
}

/** @type {Map<string, Intl.DateTimeFormat>} making one is slow, and there are a few zones at most */
const formats = new Map();

/** @param {Zone} zone */
function formatOf(zone) {
  let format = formats.get(zone);
  if (!format) {
    format = new Intl.DateTimeFormat("en-GB", {
      timeZone: zone === "utc" ? "UTC" : zone === "local" ? undefined : zone,
      weekday: "short",
      year: "numeric",
      month: "2-digit",
      day: "2-digit",
      hour: "2-digit",
      minute: "2-digit",
      second: "2-digit",
      hourCycle: "h23",
    });
    formats.set(zone, format);
  }
  return format;
}

/** @param {number | string} instant @returns {number} milliseconds since 1970; NaN where it is none */
export function milliseconds(instant) {
  return typeof instant === "number" ? instant : Date.parse(instant);
}

/**
 * What a clock on the wall and a calendar show there.
 * @param {number | string} instant @param {Zone} zone
 */
export function wall(instant, zone) {
  const at = milliseconds(instant);
  if (!Number.isFinite(at)) return null;
  /** @type {Record<string, string>} */
  const parts = {};
  for (const { type, value } of formatOf(zone).formatToParts(at)) parts[type] = value;
  const { weekday = "", year = "", month = "", day = "", hour = "", minute = "", second = "" } = parts;
  const asUtc = Date.UTC(Number(year), Number(month) - 1, Number(day), Number(hour), Number(minute), Number(second));
  const offset = Math.round((asUtc - Math.floor(at / 1000) * 1000) / 60_000);
  return { weekday, date: `${year}-${month}-${day}`, day: Number(day), month: Number(month), time: `${hour}:${minute}`, second, offset };
}

/** How many minutes the zone is before UTC then. @param {number | string} instant @param {Zone} zone */
export function offsetOf(instant, zone) {
  return wall(instant, zone)?.offset ?? 0;
}

/** @param {number} minutes @param {Zone} zone @returns {string} `UTC`, `UTC+1`, `UTC−3:30` */
export function offsetName(minutes, zone) {
  if (zone === "utc" || minutes === 0) return zone === "utc" ? "UTC" : "UTC+0";
  const size = Math.abs(minutes);
  const rest = size % 60;
  return `UTC${minutes < 0 ? "−" : "+"}${Math.floor(size / 60)}${rest ? `:${String(rest).padStart(2, "0")}` : ""}`;
}

/**
 * An instant with its offset, which also tells apart the two halves of an hour that a night in autumn has twice.
 * @param {number | string} instant @param {Zone} zone @returns {string} `2026-11-29 14:03:12 UTC+1`
 */
export function atOf(instant, zone) {
  const shown = wall(instant, zone);
  return shown ? `${shown.date} ${shown.time}:${shown.second} ${offsetName(shown.offset, zone)}` : "–";
}
