/** The whole of a gantt in small, with a window to drag over it: shown where not all of it is in view. */
import { useEffect, useRef, useState } from "../vendor/hooks.js";
import { html } from "./html.js";

const HEIGHT = 44;
const DRAWN = new Set(["held", "lost", "running", "tail", "double"]);

/**
 * @param {object} props
 * @param {import("../rules/gantt.js").Gantt} props.gantt
 * @param {import("../rules/gantt-scale.js").Scale} props.scale
 * @param {{ current: HTMLElement | null }} props.scroller what the window moves
 */
export function GanttStrip({ gantt, scale, scroller }) {
  const [view, setView] = useState({ left: 0, width: 1, top: 0, height: 1 });
  const isDragged = useRef(false);
  useEffect(() => {
    const element = scroller.current;
    if (!element) return undefined;
    const look = () => setView(viewOf(element));
    const watch = new ResizeObserver(look);
    watch.observe(element);
    element.addEventListener("scroll", look, { passive: true });
    look();
    return () => {
      watch.disconnect();
      element.removeEventListener("scroll", look);
    };
  }, [gantt.rows.length, scale.width]);
  if (view.width >= 0.999 && view.height >= 0.999) return null;
  /** @param {PointerEvent} event */
  const move = (event) => {
    const element = scroller.current;
    const strip = /** @type {Element} */ (event.currentTarget).getBoundingClientRect();
    if (!element || !isDragged.current) return;
    element.scrollLeft = ((event.clientX - strip.left) / strip.width - view.width / 2) * element.scrollWidth;
    element.scrollTop = ((event.clientY - strip.top) / strip.height - view.height / 2) * element.scrollHeight;
  };
  /** @param {PointerEvent} event */
  const take = (event) => {
    isDragged.current = true;
    /** @type {Element} */ (event.currentTarget).setPointerCapture(event.pointerId);
    move(event);
  };
  const drop = () => {
    isDragged.current = false;
  };
  const row = HEIGHT / Math.max(1, gantt.rows.length);
  return html`<svg class="gantt-strip" height=${HEIGHT} viewBox=${`0 0 ${scale.width} ${HEIGHT}`} preserveAspectRatio="none" aria-hidden="true"
      onPointerDown=${take} onPointerMove=${move} onPointerUp=${drop} onPointerCancel=${drop}>
    ${gantt.marks.map((mark, index) => (DRAWN.has(mark.kind)
      ? html`<rect key=${index} class=${`gantt-bar gantt-${mark.kind === "held" ? mark.outcome : mark.kind}`} x=${scale.x(mark.from)} y=${mark.row * row}
          width=${Math.max(scale.width / 400, scale.x(mark.to) - scale.x(mark.from))} height=${Math.max(1, ((mark.toRow ?? mark.row) - mark.row + 1) * row)} />` : null))}
    <rect class="gantt-window" x=${view.left * scale.width} y=${view.top * HEIGHT} width=${view.width * scale.width} height=${view.height * HEIGHT} />
  </svg>`;
}

/** Which part is in view, of 1. @param {HTMLElement} element */
function viewOf({ scrollLeft, scrollTop, clientWidth, clientHeight, scrollWidth, scrollHeight }) {
  return { left: scrollLeft / scrollWidth, width: clientWidth / scrollWidth, top: scrollTop / scrollHeight, height: clientHeight / scrollHeight };
}
