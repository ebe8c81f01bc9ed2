/** Rows of a table that do not move while a person points at them. */

/**
 * @template T
 * @typedef {{ key: string, row: T, isGone: boolean }} Shown
 */

/**
 * @template T
 * @param {readonly Shown<T>[]} shown as they stand
 * @param {readonly T[]} rows as they have just come
 * @param {(row: T) => string} keyOf
 * @param {boolean} isFrozen while it is, rows take new values and keep their places; new rows wait, and gone ones stay, marked
 * @returns {{ shown: Shown<T>[], added: number, gone: number }}
 */
export function arrange(shown, rows, keyOf, isFrozen) {
  if (!isFrozen) return { shown: rows.map((row) => ({ key: keyOf(row), row, isGone: false })), added: 0, gone: 0 };
  const byKey = new Map(rows.map((row) => [keyOf(row), row]));
  const kept = shown.map(({ key, row }) => ({ key, row: byKey.get(key) ?? row, isGone: !byKey.has(key) }));
  const gone = kept.filter((each) => each.isGone).length;
  return { shown: kept, added: byKey.size - (kept.length - gone), gone };
}
