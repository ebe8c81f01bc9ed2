/** What a text may lead to: ids, causes and names are asked for where that costs little, and what there is stands first. */
import { call } from "../api/call.js";
import { fits, timesOf } from "../rules/ids.js";
import { count } from "../rules/numbers.js";
import { visible } from "../rules/text.js";
import { queueNames } from "../state/overview.js";
import { seenThat } from "../state/seen.js";
import { may } from "../state/session.js";
import { short } from "./id.js";

/** @typedef {import("../state/place.js").Goal} Goal */
/** @typedef {{ words: string, to: Goal }} Offer */
/** @typedef {{ said: string, offers: readonly Offer[] }} Answer */

const LISTED_MOST = 8;
/** So many queues are asked for a key at once. */
const QUEUES_MOST = 8;
const PAGE = 200;
const PAGES_MOST = 3;
/** An event is stored a moment after its id was made. */
const LATER_MS = 2000;

/** An id has no kind: it is looked for one kind after another, the likeliest first. @param {string} id @returns {Promise<Goal | null>} */
export async function placeOfId(id) {
  const event = { screen: "events", id };
  if (await read("read_event", { event_id: id })) return event;
  if (await read("read_dead_letter", { event_id: id })) return event;
  if (await read("read_redrive_job", { job_id: id })) return { screen: "redrive-jobs", id };
  const engine = await read("read_engine", { engine_id: id });
  if (engine !== null) return { screen: "engines", id };
  if ((await eventsOfRun(id)) !== null) return { screen: "runs", id };
  // Tokens, and what is kept no more, have left their trail.
  const trail = await ask("list_audit", { query: { subject: id, limit: 1 } });
  return trail === null || trail.items.length === 0 ? null : { screen: "audit", filters: { subject: id } };
}

/** @param {string} fingerprint @returns {Promise<Goal | null>} */
export async function placeOfCause(fingerprint) {
  const groups = await ask("group_dead_letters", { query: { by: "engine_type", error_fingerprint: fingerprint } });
  return groups && groups.items.length > 0 ? { screen: "dead-letter-group", filters: { error_fingerprint: fingerprint } } : null;
}

/** @param {readonly import("../rules/ids.js").Ends[]} pieces @returns {Promise<Offer[]>} whole ids that they may be pieces of */
export async function wholeIds(pieces) {
  const isMeant = (/** @type {string} */ id) => fits(id, pieces);
  const [engines, events] = await Promise.all([
    ask("list_engines", { query: { view: "brief", limit: PAGE } }),
    Promise.all(pieces.map((piece) => eventsOf(piece, isMeant))),
  ]);
  const ids = [...events.flat(), ...(engines?.items ?? []).map(({ engine_id }) => engine_id), ...seenThat(isMeant)].filter(isMeant);
  return offersOf([...new Set(ids)].map((id) => ({ id, name: null })));
}

/** @param {readonly import("../rules/ids.js").Found[]} found @returns {Promise<Offer[]>} for those that there are */
export async function offersOf(found) {
  const offers = await Promise.all(found.slice(0, LISTED_MOST).map(async ({ id, name }) => {
    const to = await placeOfId(id);
    return to === null ? null : { words: `${name ?? kindAt(to)} ${id}`, to };
  }));
  return offers.filter((offer) => offer !== null);
}

/** @param {Goal} place */
function kindAt({ screen }) {
  if (screen === "redrive-jobs") return "redrive job";
  if (screen === "runs") return "run";
  if (screen === "audit") return "changes of";
  return screen === "events" ? "event" : "engine";
}

/** @param {import("../rules/ids.js").Ends} piece @param {(id: string) => boolean} isMeant @returns {Promise<string[]>} */
async function eventsOf(piece, isMeant) {
  const times = timesOf(piece);
  if (times === null) return [];
  const query = { created_after: new Date(times.from).toISOString(), created_before: new Date(times.to + LATER_MS).toISOString(), view: "brief", limit: PAGE };
  const found = [];
  let cursor = /** @type {string | null} */ (null);
  for (let page = 0; page < PAGES_MOST; page += 1) {
    const events = await ask("list_events", { query: { ...query, cursor } });
    if (events === null) break;
    found.push(...events.items.map(({ event_id }) => event_id).filter(isMeant));
    cursor = events.next_cursor;
    if (cursor === null) break;
  }
  return found;
}

/** What a text that is no id and no queue may be. @param {string} text @returns {Promise<Answer>} */
export async function namesLike(text) {
  const queues = queueNames();
  const isFew = queues.length > 0 && queues.length <= QUEUES_MOST;
  const asked = isFew ? queues.flatMap((queue) => [keyIn(queue, "idempotency_key", text), keyIn(queue, "unique_key", text)]) : [];
  const [events, keys] = await Promise.all([eventsOfRun(text), Promise.all(asked)]);
  const shown = visible(text);
  const run = events === null ? [] : [{ words: `Run “${shown}”: ${events}`, to: { screen: "runs", id: text } }];
  const type = { words: `Events with the type “${shown}”`, to: { screen: "events", filters: { event_type: text } } };
  const elsewhere = isFew || !may("list_events") ? [] : [
    { words: `Idempotency key “${shown}”: choose the queue`, to: { screen: "events", filters: { idempotency_key: text } } },
    { words: `Unique key “${shown}”: choose the queue`, to: { screen: "events", filters: { unique_key: text } } },
  ];
  const offers = [...run, ...keys.filter((offer) => offer !== null), type, ...elsewhere];
  return { said: offers.length === 1 ? `No queue, run or key has the name “${shown}”.` : "", offers };
}

/** @param {string} engine_type @param {"idempotency_key" | "unique_key"} name @param {string} key @returns {Promise<Offer | null>} */
async function keyIn(engine_type, name, key) {
  const filters = { engine_type, [name]: key };
  const events = await ask("list_events", { query: { ...filters, view: "brief", limit: 1 } });
  const [event] = events?.items ?? [];
  if (event === undefined) return null;
  const words = name === "unique_key" ? "Unique key" : "Idempotency key";
  return { words: `${words} “${visible(key)}” in ${engine_type}: event ${short(event.event_id)}`, to: { screen: "events", filters } };
}

/** @param {string} id @returns {Promise<string | null>} how many events it has; null: there is no such run */
async function eventsOfRun(id) {
  const run = await read("read_scenario_run", { scenario_run_id: id });
  // A run is whatever events name: one of which there are none is answered, too.
  const many = run === null ? 0 : Object.values(run.counts).reduce((sum, each) => sum + each, 0);
  return run === null || many === 0 ? null : many === 1 ? "1 event" : `${count(many, run.is_approximate)} events`;
}

/** @template {import("../api/call.js").OperationId} I @param {I} operation @param {Record<string, string>} path */
function read(operation, path) {
  return ask(operation, { path });
}

/** @template {import("../api/call.js").OperationId} I @param {I} operation @param {import("../api/call.js").Request} request @returns {Promise<import("../api/call.js").Data<I> | null>} */
async function ask(operation, request) {
  if (!may(operation)) return null;
  try {
    return (await call(operation, request)).data;
  } catch (error) {
    const { kind, status } = /** @type {import("../api/call.js").CallError} */ (error);
    // That nobody answers does not mean that there is no such thing.
    if (kind !== "problem" || status >= 500) throw error;
    return null;
  }
}
