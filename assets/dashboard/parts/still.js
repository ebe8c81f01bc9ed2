/** Items of a list, which keep their places while one of them has the pointer or the focus. */
import { useRef, useState } from "../vendor/hooks.js";
import { arrange } from "../rules/rows.js";
import { dialogsOpen } from "../state/live.js";

/**
 * @template T
 * @param {readonly T[]} rows @param {(row: T) => string} keyOf
 */
export function useStill(rows, keyOf) {
  const [isHeld, hold] = useState(false);
  const kept = useRef(/** @type {readonly import("../rules/rows.js").Shown<T>[]} */ ([]));
  const { shown, added, gone } = arrange(kept.current, rows, keyOf, kept.current.length > 0 && (isHeld || dialogsOpen.value > 0));
  kept.current = shown;
  /** @param {FocusEvent} event */
  const leave = (event) => {
    const to = event.relatedTarget;
    if (!(to instanceof Node) || !(/** @type {Node} */ (event.currentTarget).contains(to))) hold(false);
  };
  const handlers = { onMouseEnter: () => hold(true), onMouseLeave: () => hold(false), onFocusIn: () => hold(true), onFocusOut: leave };
  return { shown, added, gone, handlers };
}
