/** Groups of dead letters by everything they are grouped by, gathered to one row for each cause in each queue. */

/**
 * @typedef {object} Group as the API has it
 * @property {string} [engine_type]
 * @property {string} [event_type]
 * @property {string} [reason]
 * @property {string | null} [error_type]
 * @property {string | null} [error_fingerprint]
 * @property {string | null} [engine_software_version]
 * @property {number} count
 * @property {number} redrivable
 * @property {string} first_dead_lettered_at
 * @property {string} last_dead_lettered_at
 * @property {string} sample_event_id
 * @property {string | null} sample_message
 */

/**
 * @typedef {object} Cause
 * @property {string} key
 * @property {string} engineType
 * @property {string | null} fingerprint null: not made yet
 * @property {(string | null)[]} errorTypes
 * @property {string[]} eventTypes
 * @property {string[]} reasons
 * @property {number} count
 * @property {number} redrivable
 * @property {string} first
 * @property {string} last
 * @property {string} sampleEventId
 * @property {string | null} sampleMessage
 * @property {{ version: string | null, count: number }[]} versions the largest first
 */

/** By this the page asks for groups. */
export const BY = "engine_type,event_type,reason,error_type,error_fingerprint,engine_software_version";
/** The same where those with one type of error are one row, whatever its message. */
export const BY_TYPE = "engine_type,event_type,reason,error_type,engine_software_version";
export const FOLDS = /** @type {const} */ (["cause", "error_type"]);
export const SORTS = /** @type {const} */ (["most", "newest"]);

/** @param {readonly Group[]} groups @param {typeof SORTS[number]} [sort] @param {typeof FOLDS[number]} [fold] @returns {Cause[]} */
export function causesOf(groups, sort = "most", fold = "cause") {
  /** @type {Map<string, Cause>} */
  const causes = new Map();
  for (const group of groups) {
    const key = JSON.stringify([group.engine_type ?? "", (fold === "cause" ? group.error_fingerprint : group.error_type) ?? null]);
    const cause = causes.get(key);
    if (cause === undefined) causes.set(key, causeOf(key, group));
    else gather(cause, group);
  }
  for (const { versions } of causes.values()) versions.sort((one, other) => other.count - one.count);
  const byTime = (/** @type {Cause} */ one, /** @type {Cause} */ other) => Date.parse(other.last) - Date.parse(one.last);
  const byCount = (/** @type {Cause} */ one, /** @type {Cause} */ other) => other.count - one.count;
  const [first, second] = sort === "newest" ? [byTime, byCount] : [byCount, byTime];
  return [...causes.values()].sort((one, other) => first(one, other) || second(one, other) || (one.key < other.key ? -1 : 1));
}

/** @param {readonly Group[]} groups @returns {Cause | null} all of them as one; null: there are none */
export function together(groups) {
  const [first, ...others] = groups;
  if (first === undefined) return null;
  const all = causeOf("", first);
  for (const group of others) gather(all, group);
  all.versions.sort((one, other) => other.count - one.count);
  return all;
}

/** @param {string} key @param {Group} group @returns {Cause} */
function causeOf(key, group) {
  return {
    key,
    engineType: group.engine_type ?? "",
    fingerprint: group.error_fingerprint ?? null,
    errorTypes: [group.error_type ?? null],
    eventTypes: [group.event_type ?? ""],
    reasons: [group.reason ?? ""],
    count: group.count,
    redrivable: group.redrivable,
    first: group.first_dead_lettered_at,
    last: group.last_dead_lettered_at,
    sampleEventId: group.sample_event_id,
    sampleMessage: group.sample_message,
    versions: [{ version: group.engine_software_version ?? null, count: group.count }],
  };
}

/** @param {Cause} cause @param {Group} group that belongs to it */
function gather(cause, group) {
  add(cause.errorTypes, group.error_type ?? null);
  add(cause.eventTypes, group.event_type ?? "");
  add(cause.reasons, group.reason ?? "");
  cause.count += group.count;
  cause.redrivable += group.redrivable;
  if (Date.parse(group.first_dead_lettered_at) < Date.parse(cause.first)) cause.first = group.first_dead_lettered_at;
  if (Date.parse(group.last_dead_lettered_at) > Date.parse(cause.last)) {
    cause.last = group.last_dead_lettered_at;
    cause.sampleEventId = group.sample_event_id;
    cause.sampleMessage = group.sample_message;
  }
  const version = group.engine_software_version ?? null;
  const known = cause.versions.find((each) => each.version === version);
  if (known === undefined) cause.versions.push({ version, count: group.count });
  else known.count += group.count;
}

/** @template T @param {T[]} list @param {T} item */
function add(list, item) {
  if (!list.includes(item)) list.push(item);
}

/**
 * Where a cause's first and last dead letter lie in the time that all of them span, from 0 to 1.
 * @param {Cause} cause @param {readonly Cause[]} all
 */
export function spanOf(cause, all) {
  const from = Math.min(...all.map(({ first }) => Date.parse(first)));
  const length = Math.max(...all.map(({ last }) => Date.parse(last))) - from;
  const place = (/** @type {string} */ at) => (length === 0 ? 1 : (Date.parse(at) - from) / length);
  return { from: length === 0 ? 0 : place(cause.first), to: place(cause.last) };
}

/** From so many causes of hardly any letters on, it is one cause whose messages differ. */
const MANY = 10;
const FEW_LETTERS = 2;

/**
 * @param {readonly Cause[]} causes as they are shown, one row each
 * @returns {string | null} why they had better be one row for each type of error; null: they had not
 */
export function foldingInWords(causes) {
  const small = causes.filter((cause) => cause.count <= FEW_LETTERS);
  if (small.length < MANY) return null;
  const each = small.every((cause) => cause.count === 1) ? "one letter" : "one or two letters";
  const types = new Set(small.flatMap(({ errorTypes }) => errorTypes));
  const events = new Set(small.flatMap(({ eventTypes }) => eventTypes));
  const [type, event] = [[...types][0], [...events][0]];
  const of = types.size === 1 && type ? `, all ${type}${events.size === 1 && event ? ` of ${event}` : ""}` : "";
  return `${small.length} causes are of ${each} each${of}: the same error, perhaps, with another message each time.`;
}

/**
 * @param {readonly Group[]} groups @param {boolean} hasMore than these
 * @returns {string | null} `48 causes in 3 queues`; null: all died of one
 */
export function severalInWords(groups, hasMore) {
  const causes = new Set(groups.map((group) => group.error_fingerprint ?? null)).size;
  const queues = new Set(groups.map((group) => group.engine_type ?? "")).size;
  if (causes < 2) return null;
  return `${hasMore ? "more than " : ""}${causes} causes${queues > 1 ? ` in ${queues} queues` : ""}`;
}
