/** One engine in sentences: whether it lives and asks for work, what it holds, when its leases come back, and what an action does. */
import { count } from "./numbers.js";
import { visible } from "./text.js";
import { ago, lasts } from "./times.js";

/** @typedef {import("../api/types.js").components["schemas"]["Engine"]} Engine */
/** @typedef {import("../api/types.js").components["schemas"]["HeldEvent"]} Held */
/** @typedef {Pick<import("./drain.js").Group, "engine_type" | "status" | "engines">} Group */
/** @typedef {{ word: string, kind: import("./event-words.js").StateKind }} State */

/** A heartbeat counts as missing once it is late by half an interval: the server writes down what it heard some seconds later. */
const LATE = 1.5;

/**
 * For how many seconds nothing was heard of an engine that registered with heartbeats, whether it ever sent one or not; null while none is overdue.
 * @param {Pick<Engine, "status" | "heartbeat_interval_seconds" | "last_seen_at">} engine @param {number} now in milliseconds of the server's clock
 */
export function overdue({ status, heartbeat_interval_seconds: interval, last_seen_at }, now) {
  if (status === "unresponsive" || interval === null) return null;
  const quiet = (now - Date.parse(last_seen_at)) / 1000;
  return quiet > LATE * interval ? quiet : null;
}

/** @param {Engine} engine @param {number} now in milliseconds of the server's clock @returns {State} */
export function engineStateOf(engine, now) {
  const { status, is_quarantined, holding_off, leases_held } = engine;
  if (status === "unresponsive") return { word: "silent", kind: "lost" };
  if (overdue(engine, now) !== null) return { word: "heartbeat overdue", kind: "warning" };
  if (status === "draining") return { word: leases_held === 0 ? "drained" : "draining", kind: "held" };
  if (is_quarantined) return { word: "quarantined", kind: "held" };
  if (holding_off !== null) return { word: "holding off", kind: "waiting" };
  return status === "active" ? { word: "active", kind: "good" } : { word: visible(status), kind: "waiting" };
}

/** An engine that has started asks for work at once. */
const STARTED_SECONDS = 60;

/** Whether it should have asked for work by now, and never did. @param {Pick<Engine, "status" | "last_poll_at" | "registered_at">} engine @param {number} now in milliseconds of the server's clock */
export function neverAsked({ status, last_poll_at, registered_at }, now) {
  return status === "active" && last_poll_at === null && (now - Date.parse(registered_at)) / 1000 > STARTED_SECONDS;
}

/** @param {Pick<Engine, "metadata">} engine @returns {number | null} null: it registered no limit */
export function slotsOf({ metadata }) {
  return metadata.static_config.resource_limits?.max_concurrent_events ?? null;
}

/** @param {Pick<Engine, "metadata">} engine @returns {string | null} */
export function versionOf({ metadata }) {
  return metadata.static_config.engine_software_version ?? null;
}

/** @param {Engine} engine @param {number} now in milliseconds of the server's clock */
export function engineSentence(engine, now) {
  const since = (/** @type {string} */ at) => ago((now - Date.parse(at)) / 1000);
  const heartbeat = engine.last_heartbeat === null ? "It has never sent a heartbeat" : `Last heartbeat ${since(engine.last_heartbeat)}`;
  const poll = engine.last_poll_at === null ? "it has never asked for work" : `it last asked for work ${since(engine.last_poll_at)}`;
  return `${standing(engine, now)}. ${holds(engine)}. ${heartbeat}; ${poll}.`;
}

/** @param {Engine} engine @param {number} now */
function standing(engine, now) {
  const { drain, holding_off, last_seen_at, heartbeat_interval_seconds: interval, heartbeat_timeout_seconds: timeout } = engine;
  const { word } = engineStateOf(engine, now);
  const quiet = overdue(engine, now);
  if (word === "silent") return `Silent: last seen ${ago((now - Date.parse(last_seen_at)) / 1000)}`;
  if (quiet !== null) {
    const left = timeout === null ? "" : `, and counts as silent in ${lasts(Math.max(0, timeout - quiet))}`;
    return `Nothing was heard of it for ${lasts(quiet)}: it should send a heartbeat every ${lasts(interval ?? 0)}${left}`;
  }
  if (drain !== null) {
    const then = drain.then === "exit" ? "was told to exit afterwards" : "stays registered";
    const why = drain.reason ? ` (${visible(drain.reason)})` : "";
    if (word === "drained") return `Drained${why}: it gets no new events, and can be stopped now; it ${then}`;
    return `Draining for ${lasts((now - Date.parse(drain.since)) / 1000)}${why}: it gets no new events, and ${then}`;
  }
  if (word === "quarantined") return "Active, but it gets no events: its version is quarantined";
  if (holding_off !== null && word === "holding off") {
    return `Active, but it asked for no events for another ${lasts(Math.max(0, (Date.parse(holding_off.until) - now) / 1000))} (${visible(holding_off.reason)})`;
  }
  return word.slice(0, 1).toUpperCase() + word.slice(1);
}

/** @param {Engine} engine */
function holds(engine) {
  const slots = slotsOf(engine);
  const held = engine.leases_held;
  if (slots === null) return held === 0 ? "It holds nothing" : `It holds ${count(held)} events, without a limit`;
  return `It holds ${count(held)} of ${count(slots)}`;
}

/** What the engine says of its load, beside what the server counts. @param {Pick<Engine, "current_workload" | "leases_held">} engine @returns {{ differs: boolean, words: string }} */
export function loadOf({ current_workload: own, leases_held: held }) {
  if (own === null) return { differs: false, words: `The server counts ${leases(held)}; the engine does not report its load.` };
  const both = `The engine reports a load of ${count(own)}, and the server counts ${leases(held)}.`;
  if (own === held) return { differs: false, words: both };
  const why = own > held
    ? "It may still work on events that it has lost, or have reported results after its last heartbeat."
    : "It may have forgotten some, which come back when their leases run out; or it was given events after its last heartbeat.";
  return { differs: true, words: `${both} They differ. ${why}` };
}

/** @param {number} held */
function leases(held) {
  return held === 1 ? "1 lease" : `${count(held)} leases`;
}

/**
 * When a lease comes back by itself, if the engine says nothing more: with the lease's end, or before that with the engine's silence.
 * Silence ends the leases of those alone that have sent a heartbeat and have a timeout.
 * @param {Pick<Engine, "heartbeat_timeout_seconds" | "last_heartbeat" | "last_seen_at">} engine @param {{ expires_at: string }} lease
 * @returns {{ at: string, by: "expiry" | "silence" }}
 */
export function comesBack({ heartbeat_timeout_seconds: timeout, last_heartbeat, last_seen_at }, { expires_at }) {
  if (timeout === null || last_heartbeat === null) return { at: expires_at, by: "expiry" };
  const silent = Date.parse(last_seen_at) + timeout * 1000;
  return silent < Date.parse(expires_at) ? { at: new Date(silent).toISOString(), by: "silence" } : { at: expires_at, by: "expiry" };
}

/**
 * What distinguishes the usual causes of a zombie.
 * @param {Pick<Engine, "current_workload" | "leases_held" | "last_poll_at" | "registered_at">} engine @param {number} now in milliseconds of the server's clock
 */
export function looksLike({ current_workload: own, leases_held: held, last_poll_at, registered_at }, now) {
  if (own !== null && own > held) return `It reports a load of ${count(own)} and holds ${held === 0 ? "nothing" : count(held)}: its slots may be taken by work that has ended.`;
  if (last_poll_at === null) return `It has never asked for work since it registered ${ago((now - Date.parse(registered_at)) / 1000)}: its polling may never have been started.`;
  return `It asked for work until ${ago((now - Date.parse(last_poll_at)) / 1000)}, and then no more: it may be stuck.`;
}

/** By what its life is judged. @param {Engine} engine */
export function livenessOf({ heartbeat_timeout_seconds: timeout, heartbeat_interval_seconds: interval, last_heartbeat, status }) {
  if (timeout === null) return "It registered without a heartbeat: it is judged by its leases alone, and removed after 7 days without a call.";
  if (last_heartbeat === null) return `It has never sent a heartbeat, so its leases end by themselves alone; after ${lasts(timeout)} without a call it counts as silent.`;
  const every = interval === null ? "" : `It should send a heartbeat every ${lasts(interval)}. `;
  if (status === "unresponsive") return `${every}It said nothing for ${lasts(timeout)}, so what it held was taken back then, as silent losses. Its next call makes it active again; after 7 days it is removed.`;
  return `${every}If it says nothing for ${lasts(timeout)}, it counts as silent, and what it holds comes back at once.`;
}

/** @param {Pick<Engine, "incarnation">} engine */
export function registrationsOf({ incarnation }) {
  if (incarnation <= 1) return "once";
  return `${count(incarnation)} times; each time anew it lost what it held`;
}

/** What draining it leaves. @param {Engine} engine @param {readonly Group[]} groups of the engines of its type */
export function drainEffect(engine, groups) {
  const held = drained(engine);
  const active = groups.reduce((sum, { engine_type, status, engines }) => sum + (engine_type === engine.engine_type && status === "active" ? engines : 0), 0);
  const others = active - (engine.status === "active" ? 1 : 0);
  const name = visible(engine.engine_type);
  const alone = active === 0 && engine.status !== "active" ? `No engine of ${name} is active: its queue stands still already.` : `No other engine of ${name} is active: its queue stands still then.`;
  const rest = others <= 0 ? alone : `${others === 1 ? "1 other engine" : `${count(others)} other engines`} of ${name} ${others === 1 ? "is" : "are"} active.`;
  return `${held}; it stays registered. ${rest}`;
}

/** A silent engine finishes nothing that the server would wait for. @param {Engine} engine */
function drained({ status, leases_held: held }) {
  if (status === "unresponsive") return "It is silent: if it comes back, it gets nothing more";
  return held === 0 ? "It holds nothing, and gets nothing more" : `It finishes the ${held === 1 ? "one" : count(held)} that it holds, and gets nothing more`;
}

/** What letting it go on does. @param {Engine} engine */
export function resumeEffect(engine) {
  const name = visible(engine.engine_type);
  const quarantine = engine.is_quarantined ? `; but its version is quarantined in ${name}, and until that is lifted it gets none` : "";
  const gone = engine.drain?.then === "exit" && engine.leases_held === 0 ? " It was told to exit: if it has done so, nothing follows." : "";
  return `It is given events of ${name} again with its next poll${quarantine}.${gone}`;
}

/** What happens to what it holds when it is removed. @param {Pick<Engine, "status">} engine @param {Pick<Held, "losses_left">} held */
export function removalOf({ status }, { losses_left }) {
  if (status === "draining") return "goes back, and spends nothing";
  if (losses_left <= 1) return "becomes a dead letter: this is its last silent loss";
  return `goes back, as a silent loss: ${losses_left === 2 ? "1 is left" : `${count(losses_left - 1)} are left`}`;
}

/** @param {Engine} engine */
export function removalSentence(engine) {
  const held = engine.leases_held;
  const call = "An engine that still runs is told with its next call that it is not registered, and may register again.";
  if (held === 0) return `It holds nothing. ${call}`;
  const it = held === 1 ? "The event that it holds goes" : `The ${count(held)} events that it holds go`;
  const how = engine.status === "draining" ? `and ${held === 1 ? "spends" : "spend"} nothing, as it is draining` : `as ${held === 1 ? "a silent loss" : "silent losses"}. Drain it first, and it can finish ${held === 1 ? "it" : "them"}`;
  return `${it} back into the queue ${how}. ${call}`;
}
