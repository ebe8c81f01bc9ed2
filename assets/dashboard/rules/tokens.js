/** Tokens in words: what each role may do, how a token stands, what goes with it when it is revoked, and what takes its place. */
import { operations } from "../api/operations.js";
import { visible } from "./text.js";
import { ago, lasts } from "./times.js";

/** @typedef {import("../api/types.js").components["schemas"]["Token"]} Token */
/** @typedef {import("../api/types.js").components["schemas"]["Role"]} Role */
/** @typedef {{ token: Token, sessions: readonly Token[] }} Row a token, and the sessions that browsers began with it */

/** @type {readonly (readonly [role: Role, words: string])[]} people first, then programs */
export const ROLES = [
  ["operator", "Sees everything but tokens, and acts: pauses, drains, redrives, cancels, changes settings. Reads the audit trail."],
  ["reader", "Sees queues, events, engines and dead letters, and changes nothing."],
  ["admin", "Makes and revokes tokens, and reads the audit trail. It sees no queues, events or engines, and is never limited to some."],
  ["orchestrator", "Runs engines: registers, drains and removes them; enqueues, changes and cancels events and runs."],
  ["producer", "Enqueues events; reads and cancels those that it brought itself. It does not sign in here."],
  ["registrar", "Registers engines of the queues that it is limited to, and gets each a token of its own. It does not sign in here."],
  ["engine", "One engine that is registered: leases and reports. An engine gets such a token when it registers; this is for replacing it by hand."],
];

/** @type {Readonly<Record<string, import("./filters.js").FilterSpec>>} */
export const FILTERS = {
  role: { kind: "choice", choices: ROLES.map(([role]) => role) },
  name: { kind: "text", most: 100 },
  engines: { kind: "flag" },
};

/** Engines have thousands: theirs are left out unless they are asked for. @param {Readonly<Record<string, string>>} values */
export function queryOf({ role, name, engines }) {
  const isAsked = role !== undefined || name !== undefined || engines === "true";
  return { role, name, except_role: isAsked ? undefined : "engine" };
}

/** All that a role may do that can sign in here: what changes something stands by itself. @param {string} role @returns {{ changes: string[], reads: string[] }} */
export function deedsOf(role) {
  const own = Object.entries(operations).filter(([, [, , roles]]) => roles.split(" or ").includes(role));
  const words = (/** @type {boolean} */ isRead) => own.filter(([, [method]]) => (method === "GET") === isRead).map(([id]) => id.replaceAll("_", " "));
  return { changes: words(false), reads: words(true) };
}

/** Each token with its sessions; a session whose token is not among them stands for itself. @param {readonly Token[]} tokens @returns {Row[]} */
export function rowsOf(tokens) {
  const known = new Set(tokens.map(({ token_id }) => token_id));
  const isFolded = (/** @type {Token} */ { session_of }) => session_of !== null && known.has(session_of);
  return tokens
    .filter((token) => !isFolded(token))
    .map((token) => ({ token, sessions: tokens.filter(({ session_of }) => session_of === token.token_id) }));
}

const SOON_SECONDS = 7 * 86_400;

/** @param {Pick<Token, "state" | "expires_at">} token @param {number} now milliseconds @returns {{ word: string, kind: import("../parts/words.js").StateKind }} */
export function stateOf({ state, expires_at }, now) {
  if (state === "revoked") return { word: "revoked", kind: "idle" };
  const left = expires_at === null ? Infinity : (Date.parse(expires_at) - now) / 1000;
  if (state === "expired" || left <= 0) return { word: "expired", kind: "idle" };
  return left < SOON_SECONDS ? { word: `ends in ${lasts(Math.ceil(left))}`, kind: "warning" } : { word: "active", kind: "good" };
}

/** It still lets somebody in. @param {Token} token */
export function isGood({ state }) {
  return state === "active";
}

/** @param {Pick<Token, "role" | "engine_types" | "engine_id">} token @returns {string} what it reaches */
export function limitsOf({ role, engine_types, engine_id }) {
  if (engine_id !== null) return `engine ${engine_id}`;
  if (role === "admin") return "no queues";
  return engine_types === null ? "all queues" : engine_types.map((name) => visible(name)).join(", ");
}

/** Of the token itself, or of one of its sessions. @param {Row} row @returns {string | null} null: never */
export function lastUseOf({ token, sessions }) {
  // A session began with a use of its token.
  const uses = [token, ...sessions].flatMap(({ last_used_at, session_of, created_at }) => last_used_at ?? (session_of === null ? [] : created_at));
  return uses.sort((one, other) => Date.parse(other) - Date.parse(one))[0] ?? null;
}

const SURELY_SECONDS = 3600;
const PERHAPS_SECONDS = 7 * 86_400;
/** Last uses are written down so often, and a little later. */
const WRITTEN_AFTER_SECONDS = 90;

/** @param {Row} row @param {number} now milliseconds @param {boolean} [isRevoked] it is about to be @returns {string} `It was used 20 s ago`, with whether somebody will notice where it is revoked */
export function useInWords(row, now, isRevoked = false) {
  const used = lastUseOf(row);
  const age = (now - Date.parse(row.token.created_at)) / 1000;
  if (used === null) return age < WRITTEN_AFTER_SECONDS ? `It was made ${ago(age)}, and no use of it is written down yet.` : `It has not been used since it was made, ${ago(age)}.`;
  const seconds = (now - Date.parse(used)) / 1000;
  const last = `It was last used ${ago(seconds)}`;
  if (!isRevoked || seconds >= PERHAPS_SECONDS) return `${last}.`;
  return seconds < SURELY_SECONDS ? `${last}: whoever uses it will notice.` : `${last}: somebody may still need it.`;
}

/** Those of the same name that let the same caller in. @param {Token} token @param {readonly Token[]} tokens */
function othersOf(token, tokens) {
  return tokens.filter((each) => each.token_id !== token.token_id && each.name === token.name && each.role === token.role && each.session_of === null && isGood(each));
}

/** How far its replacement is, where there is one: the newer one of its name. @param {Token} token @param {readonly Row[]} rows @param {number} now @returns {string | null} */
export function successorInWords(token, rows, now) {
  if (!isGood(token) || token.session_of !== null) return null;
  const newer = othersOf(token, rows.map((row) => row.token)).filter(({ created_at }) => Date.parse(created_at) > Date.parse(token.created_at));
  const row = rows.find((each) => each.token === newer[0]);
  if (row === undefined) return null;
  const used = lastUseOf(row);
  return used === null ? "A newer token of this name is there, and no use of it is written down yet." : `A newer token of this name was used ${ago((now - Date.parse(used)) / 1000)}.`;
}

/**
 * What revoking it does, beforehand.
 * @param {Row} row @param {{ rows: readonly Row[], isAll: boolean, me: { name: string | null, role: string | null }, now: number }} known isAll: no page of the list is missing
 * @returns {{ sentences: string[], isGrave: boolean }}
 */
export function revokeInWords(row, { rows, isAll, me, now }) {
  const { token, sessions } = row;
  const open = sessions.filter(isGood).length;
  const others = othersOf(token, rows.map((each) => each.token));
  const isLastAdmin = isAll && token.role === "admin" && token.session_of === null && !rows.some(({ token: each }) => each !== token && each.role === "admin" && each.session_of === null && isGood(each));
  const sentences = [
    token.session_of === null ? "Whoever shows this token is refused within seconds, on every server." : "Whoever is signed in with this session has to sign in again.",
    useInWords(row, now, true),
    open === 0 ? "" : `${open === 1 ? "A session that began" : `${open} sessions that began`} with it ${open === 1 ? "ends" : "end"}, too.`,
    successorInWords(token, rows, now) ?? (others.length > 0 ? "An older token of this name stays." : ""),
    me.name === token.name && me.role === token.role ? "It has your name: you may be signed out." : "",
    isLastAdmin ? "It is the last admin's token: afterwards only eventlease token create with --database-url can make one." : "",
    "This cannot be undone.",
  ];
  return { sentences: sentences.filter((sentence) => sentence !== ""), isGrave: isLastAdmin };
}
