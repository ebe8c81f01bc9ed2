/** Where a pasted text may lead: told by its shape alone. */

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;
const UUIDS = /(?<![0-9a-z-])(?:"?([a-z_]{1,40})"?\s*[:=]\s*"?)?([0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12})(?![0-9a-z-])/gi;
const UUID_LENGTH = 36;
const TRACE = /^(?:[0-9a-f]{2}-)?([0-9a-f]{32})(?:-[0-9a-f]{16}-[0-9a-f]{2})?$/i;
const FINGERPRINT = /^[0-9a-f]{16}$/i;
// As the page shortens ids, or a terminal: both ends, with dots between.
const ENDS = /^([0-9a-f-]{4,30})(?:…|\.{2,3})([0-9a-f-]{4,30})$/i;
// The beginning of one, behind its first hyphen at least.
const HEAD = /^[0-9a-f]{8}-[0-9a-f-]{1,27}$/i;
const SHORT = /^(?=.*\d)[0-9a-f]{6,12}$/i;
const NAME = /^[A-Za-z0-9][A-Za-z0-9._:-]{0,127}$/;
const LISTED_MOST = 8;

/** @typedef {{ head: string, tail: string }} Ends what an id begins and ends with, as far as that is known */
/** @typedef {{ id: string, name: string | null }} Found an id within a text, with what stands before it */

/**
 * @param {string} text @param {readonly string[]} queues whose names are known
 * @returns {{ kind: "id", id: string } | { kind: "ids", found: Found[] } | { kind: "piece", ends: Ends[], isSure: boolean } | { kind: "cause", fingerprint: string }
 *   | { kind: "trace" } | { kind: "queue", names: string[] } | { kind: "unknown" }} a piece that is not sure may be a name as well
 */
export function kindOf(text, queues) {
  const word = bare(text);
  if (UUID.test(word)) return { kind: "id", id: word.toLowerCase() };
  if (TRACE.test(word)) return { kind: "trace" };
  if (queues.includes(word)) return { kind: "queue", names: [word] };
  const found = idsIn(text);
  if (found.length > 0) return { kind: "ids", found };
  if (FINGERPRINT.test(word)) return { kind: "cause", fingerprint: word.toLowerCase() };
  const [, head, tail] = ENDS.exec(word) ?? [];
  if (head !== undefined && tail !== undefined) return { kind: "piece", ends: [ends(head, tail)], isSure: true };
  if (HEAD.test(word)) return { kind: "piece", ends: [ends(word, "")], isSure: true };
  const wanted = word.toLowerCase();
  const names = NAME.test(word) ? queues.filter((name) => name.toLowerCase().includes(wanted)) : [];
  if (names.length > 0) return { kind: "queue", names: names.slice(0, LISTED_MOST) };
  return SHORT.test(word) ? { kind: "piece", ends: [ends(word, ""), ends("", word)], isSure: false } : { kind: "unknown" };
}

/** Without what was copied along with it. @param {string} text */
export function bare(text) {
  return text.replace(/^[\s"'`]+|[\s"'`,;]+$/g, "");
}

/** @param {string} head @param {string} tail @returns {Ends} */
function ends(head, tail) {
  return { head: head.toLowerCase(), tail: tail.toLowerCase() };
}

/** The ids in a line of a log, or in JSON. @param {string} text @returns {Found[]} each once */
function idsIn(text) {
  /** @type {Map<string, Found>} */
  const found = new Map();
  for (const [, name, id = ""] of text.matchAll(UUIDS)) {
    const key = id.toLowerCase();
    if (!found.has(key)) found.set(key, { id: key, name: name ?? null });
  }
  return [...found.values()].slice(0, LISTED_MOST);
}

/** @param {string} text */
export function isWholeId(text) {
  return UUID.test(text);
}

/** @param {string} text that should be a whole id @returns {string | null} what is wrong with it */
export function idFault(text) {
  if (isWholeId(text)) return null;
  const { length } = text;
  if (/^[0-9a-f-]+$/i.test(text) && length !== UUID_LENGTH) return `This is no whole id: ${length} of ${UUID_LENGTH} characters. Copy the whole of it`;
  if (ENDS.test(text)) return "This is no whole id: its middle is left out. Copy the whole of it";
  return "This is no id: one looks like 01a229b5-1896-72a7-8000-739e4d1a78a0";
}

/** @param {string} id @param {readonly Ends[]} pieces @returns {boolean} it may be what one of them is a piece of */
export function fits(id, pieces) {
  return pieces.some(({ head, tail }) => id.startsWith(head) && id.endsWith(tail));
}

const TIME_DIGITS = 12;

/**
 * When the events were made whose ids begin so: an event's id begins with its time.
 * @param {Ends} ends @returns {{ from: number, to: number } | null} milliseconds since 1970; null: it says too little
 */
export function timesOf({ head }) {
  const digits = head.replaceAll("-", "").slice(0, TIME_DIGITS);
  if (digits.length < 8) return null;
  return { from: Number.parseInt(digits.padEnd(TIME_DIGITS, "0"), 16), to: Number.parseInt(digits.padEnd(TIME_DIGITS, "f"), 16) };
}
