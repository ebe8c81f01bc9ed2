/** The engines that match, read page by page: the first reading shows what it has, and the others replace it when they are whole. */
import { useState } from "../../vendor/hooks.js";
import { useSignal } from "../../vendor/signals.js";
import { call } from "../../api/call.js";
import { may } from "../../state/session.js";
import { usePoll } from "../../state/poll.js";

/** @typedef {import("../../rules/engine-words.js").Engine} Engine */
/** @typedef {{ engines: readonly Engine[], hasMore: boolean, isWhole: boolean }} Reading */

const PAGE = 200;
/** 10,000 engines, with which 50 pages are read one after another. */
const PAGES_MOST = 50;
/** The first page is shown, and from then on every fifth one, as drawing takes longer than reading. */
const SHOWN_EACH = 5;
/** A reading costs the server so much more, the more pages it has: it is repeated the more seldom. */
const [LEAST_SECONDS, SECONDS_A_PAGE] = [15, 3];

/**
 * @param {Readonly<Record<string, string>>} query
 * @returns {import("../../state/poll.js").Poll<Reading>}
 */
export function useEngines(query) {
  const key = `engines:${JSON.stringify(query)}`;
  const [pages, setPages] = useState(1);
  const begun = useSignal(/** @type {{ key: string, reading: Reading } | null} */ (null));
  const poll = usePoll(key, async (signal, /** @type {Reading | null} */ before) => {
    const reading = await read(query, signal, async (reading) => {
      if (before !== null) return;
      begun.value = { key, reading };
      await painted();
    });
    setPages(Math.ceil(reading.engines.length / PAGE));
    return reading;
  }, { seconds: Math.max(LEAST_SECONDS, SECONDS_A_PAGE * pages) });
  return { ...poll, data: poll.data ?? (begun.value?.key === key ? begun.value.reading : null) };
}

/** @param {Readonly<Record<string, string>>} query @param {AbortSignal} signal @param {(reading: Reading) => Promise<void>} progress @returns {Promise<Reading>} */
async function read(query, signal, progress) {
  /** @type {Map<string, Engine>} */
  const engines = new Map();
  let cursor = /** @type {string | null} */ (null);
  for (let page = 0; page < PAGES_MOST; page += 1) {
    const { data } = await call("list_engines", { query: { ...query, view: "brief", limit: PAGE, cursor }, signal });
    for (const engine of data.items) engines.set(engine.engine_id, engine);
    cursor = data.next_cursor;
    if (cursor === null) break;
    if (page % SHOWN_EACH === 0) await progress({ engines: [...engines.values()], hasMore: true, isWhole: false });
  }
  return { engines: [...engines.values()], hasMore: cursor !== null, isWhole: true };
}

/** When the rows so far are on the screen: work for further pages would delay them. */
async function painted() {
  if (document.hidden) return; // nothing is painted then
  await new Promise((resolve) => requestAnimationFrame(() => setTimeout(resolve)));
}

/**
 * The ids of the zombies, as lists of engines do not say which are; of very many, the first page.
 * @param {string | undefined} type @param {boolean} isWanted
 * @returns {ReadonlySet<string>}
 */
export function useZombies(type, isWanted) {
  const isAsked = isWanted && may("list_engines");
  const { data } = usePoll(`zombies:${type ?? ""} ${isAsked}`, async (signal) => {
    if (!isAsked) return new Set();
    const { data } = await call("list_engines", { query: { zombie: true, engine_type: type, view: "brief", limit: PAGE }, signal });
    return new Set(data.items.map(({ engine_id }) => engine_id));
  }, { seconds: LEAST_SECONDS });
  return data ?? new Set();
}
