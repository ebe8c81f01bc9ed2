/**
 * The attempts of one event over time: rows with marks, from what the API tells of the event and its attempts. Instants are
 * milliseconds since 1970.
 */
import { doublesOf } from "./gantt-doubles.js";

/** @typedef {import("../api/types.js").components["schemas"]["Attempt"]} ApiAttempt */
/**
 * @typedef {Pick<ApiAttempt, "attempt" | "engine_id" | "incarnation" | "engine_software_version" | "leased_at" | "ended_at"
 *   | "outcome" | "next_available_at" | "late_by_seconds" | "final_status" | "error_type" | "error_message" | "code" | "reason">
 *   & { refused_report_at?: string | null, refused_report_status?: string | null }} Attempt
 */
/** @typedef {import("../api/types.js").components["schemas"]["Event"]} ApiEvent */
/**
 * @typedef {Pick<ApiEvent, "status" | "created_at" | "available_at" | "attempt" | "leased_at" | "leased_by" | "lease_expires_at"
 *   | "lease_deadline_at" | "finished_at">} Event
 */
/** @typedef {{ at: number, kind: "redrive" | "cancel" | "pause" | "change", text: string }} Flag */

/**
 * - `early`: not due yet, of an event that was enqueued for later · `due`: waits for an engine · `backoff`: waits for its next try
 * - `dead`: lies as a dead letter · `held` · `lost`: held until the lease was lost silently · `running`
 * - `ahead`: from now to the end of the lease, and to the longest end · `tail`: an engine went on after its lease, until its report
 * - `double`: worked on by two at once, between two rows · `flag`
 * @typedef {"early" | "due" | "backoff" | "dead" | "held" | "lost" | "running" | "ahead" | "tail" | "double" | "flag"} MarkKind
 */

/**
 * @typedef {object} Mark
 * @property {MarkKind} kind
 * @property {number} from
 * @property {number} to
 * @property {number} row  index of its row
 * @property {number} [toRow]  of `double`: the other row
 * @property {Attempt | null} attempt
 * @property {string} [outcome]
 * @property {string} [text]  of a flag, and of a tail what was reported
 * @property {boolean} [isRefused]  of a tail: the report was refused
 * @property {boolean} [isVague]  of `dead`: when it ended is not known
 * @property {number} [longest]  of `ahead`: beyond which the lease is not renewed
 */

/** @typedef {{ key: string, attempt: number | null, engine: string | null, incarnation: number | null, kind: "attempt" | "engine" | "queue" }} Row */
/** @typedef {{ rows: Row[], marks: Mark[], from: number, to: number, hasOlder: boolean }} Gantt */

const SILENT = new Set(["expired", "engine_unresponsive", "engine_restarted", "deregistered", "max_lease"]);
/** Less is the time that an answer takes, and no waiting. */
const LEAST_MS = 20;

/** Whether an attempt ended without a report. @param {string} outcome */
export function isSilent(outcome) {
  return SILENT.has(outcome);
}

/** When its lease ended: before the report, where that came late. @param {Attempt} attempt */
export function leaseEnd(attempt) {
  return instant(attempt.ended_at) - (attempt.late_by_seconds ?? 0) * 1000;
}

/** @param {string} text */
export function instant(text) {
  return Date.parse(text);
}

/**
 * @param {object} facts
 * @param {Event} facts.event
 * @param {readonly Attempt[]} facts.attempts the newest ones, in any order, without gaps
 * @param {readonly Flag[]} [facts.flags]
 * @param {number} facts.now
 * @param {{ byEngine?: boolean }} [how] byEngine: one row for each registration of an engine, instead of one for each attempt
 * @returns {Gantt}
 */
export function layOut({ event, attempts, flags = [], now }, { byEngine = false } = {}) {
  const sorted = [...attempts].sort((a, b) => a.attempt - b.attempt);
  const rows = new Rows(byEngine);
  /** @type {Mark[]} */
  const marks = [];
  let due = sorted[0]?.attempt === 1 || sorted.length === 0 ? { kind: /** @type {const} */ ("first"), at: instant(event.created_at) } : null;
  /** @type {Attempt | null} */
  let before = null;
  for (const attempt of sorted) {
    const row = rows.of(attempt);
    const until = attempt.leased_at === null ? instant(attempt.ended_at) : instant(attempt.leased_at);
    if (before) marks.push(...between(before, until, rows.waiting(row), flags, attempt));
    else if (due) add(marks, { kind: "due", from: due.at, to: until, row: rows.waiting(row), attempt });
    marks.push(...marksOf(attempt, row));
    before = attempt;
  }
  if (event.status === "processing" && event.leased_at !== null) {
    const running = runningAttempt(event);
    const row = rows.of(running);
    if (before) marks.push(...between(before, instant(event.leased_at), rows.waiting(row), flags, running));
    else add(marks, { kind: "due", from: instant(event.created_at), to: instant(event.leased_at), row: rows.waiting(row), attempt: running });
    add(marks, { kind: "running", from: instant(event.leased_at), to: Math.max(now, instant(event.leased_at)), row, attempt: running });
    const end = instant(event.lease_expires_at ?? event.leased_at);
    const longest = event.lease_deadline_at === null ? end : instant(event.lease_deadline_at);
    if (longest > now) marks.push({ kind: "ahead", from: now, to: Math.max(end, now), longest, row, attempt: running });
  } else if (event.status === "queued") {
    marks.push(...waitingNow(event, before, rows.next(event.attempt + 1), flags, now));
  }
  marks.push(...doublesOf(marks));
  const range = rangeOf(marks, event, now);
  marks.push(...flags.filter((flag) => flag.at >= range.from).map((flag) => flagMark(flag, marks, rows.list.length)));
  const first = sorted[0];
  return { rows: rows.list, marks, ...range, hasOlder: first !== undefined && first.attempt > 1 };
}

/** The rows, in the order in which they are first needed. */
class Rows {
  /** @type {Row[]} */
  list = [];
  /** @type {Map<string, number>} */
  #places = new Map();

  /** @param {boolean} byEngine */
  constructor(byEngine) {
    this.byEngine = byEngine;
    if (byEngine) this.#place({ key: "queue", attempt: null, engine: null, incarnation: null, kind: "queue" });
  }

  /** @param {Attempt} attempt */
  of({ attempt, engine_id: engine, incarnation, leased_at }) {
    if (!this.byEngine) return this.#place({ key: String(attempt), attempt, engine, incarnation, kind: leased_at === null ? "queue" : "attempt" });
    if (leased_at === null) return 0;
    return this.#place({ key: `${engine ?? "anonymous"} ${incarnation ?? this.#lastLife(engine)}`, attempt: null, engine, incarnation, kind: "engine" });
  }

  /** Where waiting is drawn that leads to the attempt of that row. @param {number} row */
  waiting(row) {
    return this.byEngine ? 0 : row;
  }

  /** @param {number} attempt that has not begun */
  next(attempt) {
    return this.byEngine ? 0 : this.#place({ key: String(attempt), attempt, engine: null, incarnation: null, kind: "queue" });
  }

  /** Which registration holds a lease now is not told: the latest that is known. @param {string | null} engine */
  #lastLife(engine) {
    return this.list.findLast((row) => row.engine === engine)?.incarnation ?? null;
  }

  /** @param {Row} row */
  #place(row) {
    const known = this.#places.get(row.key);
    if (known !== undefined) return known;
    this.#places.set(row.key, this.list.length);
    return this.list.push(row) - 1;
  }
}

/** @param {Event} event @returns {Attempt} what is known of the attempt that runs */
function runningAttempt(event) {
  return {
    attempt: event.attempt, engine_id: event.leased_by, incarnation: null, engine_software_version: null, leased_at: event.leased_at,
    ended_at: "", outcome: "running", next_available_at: null, late_by_seconds: null, final_status: null, error_type: null,
    error_message: null, code: null, reason: null,
  };
}

/** The marks of an attempt itself. @param {Attempt} attempt @param {number} row @returns {Mark[]} */
function marksOf(attempt, row) {
  const ended = instant(attempt.ended_at);
  if (attempt.leased_at === null) return [{ kind: "flag", from: ended, to: ended, row, attempt, text: "It was cancelled while it waited" }];
  /** @type {Mark[]} */
  const marks = [];
  const { outcome } = attempt;
  const end = leaseEnd(attempt);
  marks.push({ kind: isSilent(outcome) ? "lost" : "held", from: instant(attempt.leased_at), to: Math.max(end, instant(attempt.leased_at)), row, attempt, outcome });
  if (attempt.late_by_seconds !== null) {
    marks.push({ kind: "tail", from: end, to: instant(attempt.ended_at), row, attempt, text: outcome, isRefused: false });
  } else if (attempt.refused_report_at) {
    const text = attempt.refused_report_status ?? "";
    marks.push({ kind: "tail", from: end, to: Math.max(end, instant(attempt.refused_report_at)), row, attempt, text, isRefused: true });
  }
  return marks;
}

/**
 * What lies between the end of an attempt and the next one.
 * @param {Attempt} before @param {number} until @param {number} row @param {readonly Flag[]} flags @param {Attempt} attempt the next
 */
function between(before, until, row, flags, attempt) {
  /** @type {Mark[]} */
  const marks = [];
  const ended = instant(before.ended_at);
  if (before.next_available_at !== null && before.final_status === null) {
    const due = Math.min(instant(before.next_available_at), until);
    add(marks, { kind: "backoff", from: ended, to: due, row, attempt });
    add(marks, { kind: "due", from: Math.max(due, ended), to: until, row, attempt });
    return marks;
  }
  if (before.final_status === null) {
    add(marks, { kind: "due", from: ended, to: until, row, attempt });
    return marks;
  }
  const redrive = flags.find((flag) => flag.kind === "redrive" && flag.at >= ended && flag.at <= until);
  add(marks, { kind: "dead", from: ended, to: redrive?.at ?? until, row, attempt, isVague: redrive === undefined });
  if (redrive) add(marks, { kind: "due", from: redrive.at, to: until, row, attempt });
  return marks;
}

/** @param {Event} event @param {Attempt | null} before @param {number} row @param {readonly Flag[]} flags @param {number} now */
function waitingNow(event, before, row, flags, now) {
  /** @type {Mark[]} */
  const marks = [];
  const due = event.available_at === null ? now : instant(event.available_at);
  const began = before ? instant(before.ended_at) : instant(event.created_at);
  const redrive = before?.final_status ? flags.findLast((flag) => flag.kind === "redrive" && flag.at >= began) : undefined;
  let from = began;
  if (before?.final_status) {
    from = Math.max(began, redrive?.at ?? Math.min(due, now));
    add(marks, { kind: "dead", from: began, to: from, row, attempt: before, isVague: redrive === undefined });
  }
  add(marks, { kind: before && !before.final_status ? "backoff" : "early", from, to: Math.max(due, from), row, attempt: before });
  add(marks, { kind: "due", from: Math.max(due, from), to: now, row, attempt: before });
  return marks;
}

/** @param {Mark[]} marks @param {Mark} mark is left out where it is too short to be anything */
function add(marks, mark) {
  if (mark.to - mark.from >= LEAST_MS || mark.kind === "running") marks.push(mark);
}

/** @param {readonly Mark[]} marks @param {Event} event @param {number} now */
function rangeOf(marks, event, now) {
  const open = event.status === "queued" || event.status === "processing";
  const from = marks.reduce((least, mark) => Math.min(least, mark.from), marks.length > 0 ? Infinity : instant(event.created_at));
  const ended = event.finished_at === null ? from : instant(event.finished_at);
  const last = marks.reduce((most, mark) => Math.max(most, mark.longest ?? mark.to), open ? now : ended);
  return { from, to: Math.max(last, from + 1) };
}

/** @param {Flag} flag @param {readonly Mark[]} marks @param {number} rows @returns {Mark} on the row that was under way then */
function flagMark({ at, text }, marks, rows) {
  const under = marks.find((mark) => mark.from <= at && at <= mark.to) ?? marks.find((mark) => mark.from > at);
  return { kind: "flag", from: at, to: at, row: under?.row ?? Math.max(0, rows - 1), attempt: null, text };
}
