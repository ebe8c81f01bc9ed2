/** Which rows of a long table stand in the document: those in view, and some beside them. */
import { useEffect, useRef, useState } from "../vendor/hooks.js";

/** Up to so many rows, all stand there. */
const FEW = 120;
/** Of more, these are drawn first, before anybody knows what is in view. */
const FIRST = 60;
const BESIDE = 20;

/**
 * @param {number} count @param {number} rowHeight in pixels; all rows have the same
 * @returns {{ body: import("../vendor/preact.js").RefObject<HTMLTableSectionElement | null>, from: number, to: number }}
 */
export function useWindow(count, rowHeight) {
  const body = useRef(/** @type {HTMLTableSectionElement | null} */ (null));
  const [range, setRange] = useState({ from: 0, to: FIRST });
  useEffect(() => {
    if (count <= FEW) return undefined;
    const look = () => {
      const top = body.current?.getBoundingClientRect().top ?? 0;
      const from = Math.max(0, Math.floor(-top / rowHeight) - BESIDE);
      const to = Math.min(count, Math.ceil((innerHeight - top) / rowHeight) + BESIDE);
      setRange((before) => (Math.abs(before.from - from) < BESIDE / 2 && Math.abs(before.to - to) < BESIDE / 2 ? before : { from, to }));
    };
    look();
    addEventListener("scroll", look, { passive: true });
    addEventListener("resize", look);
    return () => {
      removeEventListener("scroll", look);
      removeEventListener("resize", look);
    };
  }, [count, rowHeight]);
  return count <= FEW ? { body, from: 0, to: count } : { body, from: Math.min(range.from, count), to: Math.min(range.to, count) };
}
