/** Which rows of a long table stand in the document: those in view, and some beside them. */
import { useEffect, useRef, useState } from "../vendor/hooks.js";

/** Up to so many rows, all stand there. */
const FEW = 120;
/** Of more, these are drawn first, before anybody knows what is in view: a row costs a millisecond and more. */
const FIRST = 12;
const BESIDE = 10;

/** In pixels, until rows are there to measure. */
const USUAL_HEIGHT = 36;

/**
 * Rows are as high as what stands in them: where they are is reckoned by how high those are that can be seen.
 * @param {number} count
 * @returns {{ body: import("../vendor/preact.js").RefObject<HTMLTableSectionElement | null>, from: number, to: number, rowHeight: number }}
 */
export function useWindow(count) {
  const body = useRef(/** @type {HTMLTableSectionElement | null} */ (null));
  const [seen, setSeen] = useState({ from: 0, to: FIRST, rowHeight: USUAL_HEIGHT });
  useEffect(() => {
    if (count <= FEW) return undefined;
    const look = () => {
      const rowHeight = heightOfRows(body.current) ?? USUAL_HEIGHT;
      const top = body.current?.getBoundingClientRect().top ?? 0;
      const from = Math.max(0, Math.floor(-top / rowHeight) - BESIDE);
      const to = Math.min(count, Math.ceil((innerHeight - top) / rowHeight) + BESIDE);
      const isNear = (/** @type {number} */ one, /** @type {number} */ other) => Math.abs(one - other) < BESIDE / 2;
      setSeen((before) => (isNear(before.from, from) && isNear(before.to, to) ? before : { from, to, rowHeight }));
    };
    look();
    addEventListener("scroll", look, { passive: true });
    addEventListener("resize", look);
    return () => {
      removeEventListener("scroll", look);
      removeEventListener("resize", look);
    };
  }, [count]);
  if (count <= FEW) return { body, from: 0, to: count, rowHeight: seen.rowHeight };
  return { body, from: Math.min(seen.from, count), to: Math.min(seen.to, count), rowHeight: seen.rowHeight };
}

/** On average. @param {HTMLElement | null} body */
function heightOfRows(body) {
  const rows = body?.querySelectorAll(":scope > tr.table-row");
  const [first, last] = [rows?.[0], rows?.[(rows?.length ?? 0) - 1]];
  if (!rows || !first || !last) return null;
  return (last.getBoundingClientRect().bottom - first.getBoundingClientRect().top) / rows.length || null;
}
