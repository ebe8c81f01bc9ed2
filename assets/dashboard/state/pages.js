/** A list that is read page by page: the first one again and again, until more are wanted. */
import { useRef, useState } from "../vendor/hooks.js";
import { usePoll } from "./poll.js";

/**
 * @template T
 * @typedef {{ items: readonly T[], next_cursor: string | null }} Page
 */

/**
 * @template T
 * @param {string} key all that the question depends on
 * @param {(cursor: string | null, signal?: AbortSignal) => Promise<Page<T>>} question
 * @param {{ seconds: number, idOf: (item: T) => string }} how
 * @returns {{ poll: import("./poll.js").Poll<Page<T>>, rows: readonly T[], more: (() => Promise<void>) | null }} more: null behind the last page
 */
export function usePages(key, question, { seconds, idOf }) {
  const [older, setOlder] = useState({ key, items: /** @type {readonly T[]} */ ([]), next: /** @type {string | null | undefined} */ (undefined) });
  const isCurrent = older.key === key && older.next !== undefined;
  const current = useRef(key);
  current.current = key;
  // Once more than the first page is shown, it stands still: what comes new would push rows over the border of the pages.
  const poll = usePoll(key, (signal) => question(null, signal), { seconds: isCurrent ? null : seconds });
  const first = poll.data?.items ?? [];
  const known = new Set(first.map(idOf));
  const rows = isCurrent ? [...first, ...older.items.filter((item) => !known.has(idOf(item)))] : first;
  const next = isCurrent ? older.next : (poll.data?.next_cursor ?? null);
  const more = async () => {
    const page = await question(next ?? null);
    if (current.current === key) setOlder({ key, items: [...(isCurrent ? older.items : []), ...page.items], next: page.next_cursor });
  };
  return { poll, rows, more: next ? more : null };
}
