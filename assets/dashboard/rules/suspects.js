/**
 * Is it a sick event, or a sick engine? Judged by who was lost with whom. An engine that fell silent with ten events proves nothing
 * against any of them: what counts is how often it happened. So losses of one engine whose leases overlapped are one fall, and each
 * fall is explained by the event, or by the engine, that explains most of them.
 */
import { isSilent, leaseEnd } from "./gantt.js";
import { count } from "./numbers.js";

/** @typedef {Pick<import("./gantt.js").ApiAttempt, "engine_id" | "leased_at" | "ended_at" | "late_by_seconds" | "outcome">} Attempt */
/** @typedef {{ event: string, engine: string | null, from: number, to: number }} Loss engine null: an anonymous one; times in milliseconds */
/** @typedef {{ engine: string | null, events: readonly string[] }} Fall events that one engine fell silent with at a time */
/** @typedef {{ kind: "event" | "engine", id: string, falls: readonly Fall[] }} Cause */
/** @typedef {{ falls: readonly Fall[], causes: readonly Cause[], unclear: readonly Fall[] }} Judged */

/** @param {string} event @param {readonly Attempt[]} attempts of this event @returns {Loss[]} those that ended without a report */
export function lossesOf(event, attempts) {
  return attempts.flatMap((attempt) => {
    if (!isSilent(attempt.outcome) || attempt.leased_at === null) return [];
    return [{ event, engine: attempt.engine_id, from: Date.parse(attempt.leased_at), to: leaseEnd(/** @type {any} */ (attempt)) }];
  });
}

/** @param {readonly Loss[]} losses @returns {Map<string | null, Loss[]>} */
function byEngine(losses) {
  /** @type {Map<string | null, Loss[]>} */
  const found = new Map();
  for (const loss of losses) {
    const own = found.get(loss.engine);
    if (own) own.push(loss);
    else found.set(loss.engine, [loss]);
  }
  return found;
}

/** @param {readonly Loss[]} losses @returns {Fall[]} */
export function fallsOf(losses) {
  /** @type {Fall[]} */
  const falls = [];
  for (const [engine, own] of byEngine([...losses].sort((a, b) => a.from - b.from))) {
    let until = -Infinity;
    /** @type {string[]} */
    let events = [];
    for (const { event, from, to } of own) {
      // Of anonymous leases nobody knows whether they were held by the same engine.
      if (engine === null || from >= until) {
        events = [];
        falls.push({ engine, events });
      }
      if (!events.includes(event)) events.push(event);
      until = Math.max(until, to);
    }
  }
  return falls;
}

/** @param {readonly Loss[]} losses @returns {Judged} */
export function judge(losses) {
  const falls = fallsOf(losses);
  let open = falls;
  /** @type {Cause[]} */
  const causes = [];
  /** @type {Fall[]} */
  const unclear = [];
  for (let best = strongest(open); best.length > 0; best = strongest(open)) {
    const [cause] = best;
    const explained = new Set(best.flatMap((each) => each.falls));
    if (best.length === 1 && cause !== undefined) causes.push(cause);
    else unclear.push(...explained);
    open = open.filter((fall) => !explained.has(fall));
  }
  return { falls, causes, unclear: [...unclear, ...open] };
}

/** What explains most of these; two where an event and an engine explain as many, and share some. @param {readonly Fall[]} falls @returns {Cause[]} */
function strongest(falls) {
  /** @type {Cause[]} */
  const candidates = [];
  for (const event of new Set(falls.flatMap(({ events }) => events))) {
    const own = falls.filter(({ events }) => events.includes(event));
    const named = new Set(own.map(({ engine }) => engine));
    // One that fell again and again with this event alone may be what is sick.
    if (named.size > 1 || (own.length > 1 && named.has(null))) candidates.push({ kind: "event", id: event, falls: own });
  }
  for (const engine of new Set(falls.map((fall) => fall.engine))) {
    const own = falls.filter((fall) => fall.engine === engine);
    const isOfOneEvent = own[0]?.events.some((event) => own.every(({ events }) => events.includes(event)));
    if (engine !== null && own.length > 1 && !isOfOneEvent) candidates.push({ kind: "engine", id: engine, falls: own });
  }
  candidates.sort((a, b) => b.falls.length - a.falls.length);
  const [first, ...others] = candidates;
  if (first === undefined) return [];
  const rival = others.find(({ kind, falls }) => kind !== first.kind && falls.length === first.falls.length && falls.some((fall) => first.falls.includes(fall)));
  return rival === undefined ? [first] : [first, rival];
}

/** Which it looks like, in a sentence. @param {Judged} judged @param {(id: string) => string} short */
export function verdictOf({ falls, causes, unclear }, short) {
  if (falls.length === 0) return "The attempts that were lost are not known any more.";
  const events = causes.filter(({ kind }) => kind === "event");
  const engines = causes.filter(({ kind }) => kind === "engine");
  const sentences = [];
  if (events.length > 0) sentences.push(`It looks like ${events.length === 1 ? "a sick event" : "sick events"}: ${events.map((cause) => eventWords(cause, short)).join("; ")}.`);
  if (engines.length > 0) sentences.push(`${events.length > 0 ? "And like" : "It looks like"} ${engines.length === 1 ? "a sick engine" : "sick engines"}: ${engines.map((cause) => engineWords(cause, short)).join("; ")}.`);
  if (causes.length === 0) return "It is not known yet whether an event or an engine is sick: that shows when an event is lost with a second engine, or an engine falls silent again with others.";
  if (unclear.length > 0) sentences.push(`The cause of ${unclear.length === 1 ? "1 other loss" : `${count(unclear.length)} other losses`} is not known.`);
  return sentences.join(" ");
}

/** @param {Cause} cause @param {(id: string) => string} short */
function eventWords({ id, falls }, short) {
  const engines = enginesIn(falls);
  const beside = new Set(falls.flatMap(({ events }) => events)).size - 1;
  const others = beside === 0 ? "" : `, and ${beside === 1 ? "1 other event was" : `${count(beside)} other events were`} lost beside it`;
  return `${engines} engines lost event ${short(id)}${others}`;
}

/** @param {Cause} cause @param {(id: string) => string} short */
function engineWords({ id, falls }, short) {
  return `engine ${short(id)} lost its events ${falls.length === 2 ? "twice" : `${falls.length} times`}, others each time`;
}

/** Anonymous ones count each. @param {readonly Fall[]} falls */
function enginesIn(falls) {
  const named = new Set(falls.flatMap(({ engine }) => (engine === null ? [] : [engine])));
  return named.size + falls.filter(({ engine }) => engine === null).length;
}

/** What one event looks like. @param {Judged} judged @param {string} event @param {(id: string) => string} short @returns {{ word: string, kind: import("./event-words.js").StateKind, why: string }} */
export function looksLike({ falls, causes }, event, short) {
  const own = falls.filter(({ events }) => events.includes(event));
  if (own.length === 0) return { word: "not looked at", kind: "waiting", why: "Its lost attempts were not read: others were lost more often, or they are too long ago." };
  const sick = causes.find(({ kind, id }) => kind === "event" && id === event);
  if (sick) return { word: "kills engines", kind: "bad", why: `${enginesIn(sick.falls)} engines lost it without a report.` };
  const causesOf = own.map((fall) => causes.find((cause) => cause.falls.includes(fall)));
  const [cause] = causesOf;
  if (cause === undefined || causesOf.includes(undefined)) return { word: "unclear", kind: "warning", why: "It was lost too seldom to see whether it or its engine is sick." };
  if (cause.kind === "event") return { word: "lost beside", kind: "idle", why: `It was held by the same engine as event ${short(cause.id)}, which looks like what killed it.` };
  return { word: "sick engine", kind: "lost", why: `It was lost with engine ${short(cause.id)}, which loses others as well.` };
}

/**
 * Events × engines, as a table: how often each was lost with each.
 * @param {readonly Loss[]} losses @param {readonly string[]} events in the order of rows @param {number} most columns
 * @returns {{ engines: readonly (string | null)[], rows: readonly { event: string, cells: readonly number[], others: number }[], left: number }} left: engines that have no column
 */
export function crossTable(losses, events, most) {
  const shown = losses.filter(({ event }) => events.includes(event));
  const ofEngines = [...byEngine(shown)].sort(([, a], [, b]) => b.length - a.length);
  const engines = ofEngines.slice(0, most).map(([engine]) => engine);
  const rows = events.flatMap((event) => {
    const own = shown.filter((loss) => loss.event === event);
    if (own.length === 0) return [];
    const cells = engines.map((engine) => own.filter((loss) => loss.engine === engine).length);
    return [{ event, cells, others: own.length - cells.reduce((sum, each) => sum + each, 0) }];
  });
  return { engines, rows, left: ofEngines.length - engines.length };
}

/** The most lost first; of as many losses, those that are nearer to their end. @param {readonly T[]} events @returns {T[]} @template {{ event_id: string, lease_losses: number, losses_left: number | null }} T */
export function worstFirst(events) {
  return [...events].sort((a, b) => b.lease_losses - a.lease_losses || (a.losses_left ?? Infinity) - (b.losses_left ?? Infinity) || (a.event_id < b.event_id ? -1 : 1));
}
