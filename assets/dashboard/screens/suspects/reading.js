/** Open events that were lost, and how the worst of them were: lists first, then the attempts of each. */
import { call } from "../../api/call.js";
import { lossesOf, worstFirst } from "../../rules/suspects.js";

/** @typedef {import("../../api/types.js").components["schemas"]["Event"]} Event */
/** @typedef {import("../../rules/suspects.js").Loss} Loss */
/** @typedef {{ id: string, left: number | null, losses: readonly Loss[] }} Facts left: of its budget of silent losses */
/** @typedef {{ events: readonly Event[], losses: readonly Loss[], known: ReadonlyMap<string, Facts>, hasMore: boolean }} Suspects known: by the event and how far it was, so that its attempts are read once */

export const PAGE = 200;
export const PAGES_MOST = 3;
/** So many events are asked for their attempts, the most lost first. */
export const LOOKED_AT = 20;
const ATTEMPTS = 50;

/** @param {Readonly<Record<string, string>>} query @param {Suspects | null} before @param {AbortSignal} signal @returns {Promise<Suspects>} */
export async function readSuspects(query, before, signal) {
  /** @type {Event[]} */
  const found = [];
  let cursor = /** @type {string | null} */ (null);
  for (let page = 0; page < PAGES_MOST; page += 1) {
    const { data } = await call("list_events", { query: { ...query, view: "brief", limit: PAGE, cursor }, signal });
    found.push(...data.items);
    cursor = data.next_cursor;
    if (cursor === null) break;
  }
  const events = worstFirst([...new Map(found.map((event) => [event.event_id, event])).values()]);
  const known = new Map(await Promise.all(events.slice(0, LOOKED_AT).map(async (event) => {
    const key = `${event.event_id} ${event.attempt} ${event.lease_losses}`;
    return /** @type {const} */ ([key, before?.known.get(key) ?? (await readFacts(event.event_id, signal))]);
  })));
  const facts = [...known.values()];
  const left = new Map(facts.map((each) => [each.id, each.left]));
  return { events: worstFirst(events.map((event) => ({ ...event, losses_left: left.get(event.event_id) ?? null }))), losses: facts.flatMap(({ losses }) => losses), known, hasMore: cursor !== null };
}

/** A brief list does not say how many losses are left. @param {string} id @param {AbortSignal} signal @returns {Promise<Facts>} */
async function readFacts(id, signal) {
  const path = { event_id: id };
  try {
    const [event, attempts] = await Promise.all([
      call("read_event", { path, signal }),
      call("list_attempts", { path, query: { view: "brief", limit: ATTEMPTS }, signal }),
    ]);
    return { id, left: event.data.losses_left, losses: lossesOf(id, attempts.data.items) };
  } catch (error) {
    if (/** @type {import("../../api/call.js").CallError} */ (error).status === 404) return { id, left: null, losses: [] }; // it has ended meanwhile
    throw error;
  }
}
