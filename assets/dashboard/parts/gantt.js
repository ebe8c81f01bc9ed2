/** The attempts of one event as bars over time. What is pointed at or has the focus is said in a line below. */
import { useEffect, useId, useMemo, useRef, useState } from "../vendor/hooks.js";
import { layOut } from "../rules/gantt.js";
import { axisOf, scaleOf } from "../rules/gantt-scale.js";
import { legendOf, markWords, sentenceOf } from "../rules/gantt-words.js";
import { lasts } from "../rules/times.js";
import { zoneNow } from "./time.js";
import { Button } from "./button.js";
import { drawing, HatchPatterns, LegendMark, ROW_HEIGHT } from "./gantt-marks.js";
import { GanttStrip } from "./gantt-strip.js";
import { h, html } from "./html.js";
import { short } from "./id.js";

/** @typedef {import("../rules/gantt.js").Mark} Mark */
/** @typedef {import("../rules/gantt.js").Row} GanttRow */

const AXIS_HEIGHT = 32;
const BESIDE = 4;
/** So many attempts of an event that has ended are read from the first. */
const SHORT_STORY = 8;
const FIRST_SHOWN = 20;
/** With more attempts, the table goes on. */
export const DRAWN_MOST = 200;

/**
 * @param {object} props
 * @param {import("../rules/gantt.js").Event} props.event
 * @param {readonly import("../rules/gantt.js").Attempt[]} props.attempts the newest ones, at most 200
 * @param {readonly import("../rules/gantt.js").Flag[]} props.flags
 * @param {number} props.now
 * @param {(attempt: number) => void} props.onOpen an attempt was chosen
 * @param {(() => Promise<unknown>) | null} props.more loads older attempts
 */
export function Gantt({ event, attempts, flags, now, onOpen, more }) {
  const [isWhole, setWhole] = useState(false);
  const [byEngine, setByEngine] = useState(false);
  const [isTrue, setTrue] = useState(false);
  const shown = useMemo(() => {
    const sorted = [...attempts].sort((a, b) => b.attempt - a.attempt);
    return isWhole ? sorted : sorted.slice(0, FIRST_SHOWN);
  }, [attempts, isWhole]);
  // While a mark is pointed at, or has the focus, all marks stay where they are.
  const [isStill, setStill] = useState(false);
  const kept = useRef(now);
  if (!isStill) kept.current = now;
  const at = kept.current;
  const gantt = useMemo(() => layOut({ event, attempts: shown, flags, now: at }, { byEngine }), [event, shown, flags, at, byEngine]);
  const frame = useRef(/** @type {HTMLDivElement | null} */ (null));
  const width = useWidth(frame);
  const scale = useMemo(() => scaleOf(gantt, width, { isTrue }), [gantt, width, isTrue]);
  const isFolded = scale.pieces.some((piece) => piece.isFold);
  return html`<div class="gantt">
    <p class="gantt-sentence">${sentenceOf(gantt)}</p>
    <div class="gantt-tools">
      ${h(Button, { kind: "quiet", isPressed: byEngine, onClick: () => setByEngine(!byEngine), children: "by engine" })}
      ${isFolded || isTrue ? h(Button, { kind: "quiet", isPressed: isTrue, onClick: () => setTrue(!isTrue), children: "true scale" }) : null}
      ${attempts.length > FIRST_SHOWN
        ? h(Button, { kind: "quiet", onClick: () => setWhole(!isWhole), children: isWhole ? `only the latest ${FIRST_SHOWN}` : `all ${attempts.length} that are loaded` })
        : null}
      ${more !== null && attempts.length < DRAWN_MOST ? h(Button, { kind: "quiet", onClick: () => more().then(() => setWhole(true)), children: "load older ones" }) : null}
    </div>
    <div ref=${frame} onMouseEnter=${() => setStill(true)} onMouseLeave=${() => setStill(false)}
        onFocusIn=${() => setStill(true)} onFocusOut=${() => setStill(false)}>
      ${h(Chart, { gantt, scale, now: at, isOpen: event.finished_at === null, onOpen })}</div>
    <ul class="gantt-legend">${legendOf(gantt.marks).map(({ kind, words }) => html`<li key=${kind}>${h(LegendMark, { kind })} ${words}</li>`)}</ul>
  </div>`;
}

/**
 * @param {{ gantt: import("../rules/gantt.js").Gantt, scale: import("../rules/gantt-scale.js").Scale, now: number, isOpen: boolean,
 *   onOpen: (attempt: number) => void }} props
 */
function Chart({ gantt, scale, now, isOpen, onOpen }) {
  const id = useId();
  const zone = zoneNow();
  const [said, say] = useState(/** @type {Mark | null} */ (null));
  const [active, setActive] = useState(-1);
  const scroller = useRef(/** @type {HTMLDivElement | null} */ (null));
  const { from, to } = useRowsInView(scroller, gantt.rows.length, isOpen || gantt.rows.length > SHORT_STORY);
  const order = useMemo(() => gantt.marks.map((_, index) => index).sort((a, b) => before(gantt.marks, a, b)), [gantt]);
  const height = gantt.rows.length * ROW_HEIGHT;
  /** @param {Mark} mark */
  const open = (mark) => {
    if (mark.attempt) onOpen(mark.attempt.attempt);
  };
  /** @param {KeyboardEvent} event */
  const key = (event) => {
    const place = Math.max(0, Math.min(active, order.length - 1));
    const mark = gantt.marks[order[place] ?? 0];
    const goal = {
      ArrowRight: place + 1,
      ArrowLeft: place - 1,
      ArrowDown: nextRow(gantt.marks, order, place, 1),
      ArrowUp: nextRow(gantt.marks, order, place, -1),
      Home: 0,
      End: order.length - 1,
    }[event.key];
    if (event.key === "Enter" && mark) open(mark);
    else if (goal !== undefined && !event.ctrlKey && !event.metaKey && !event.altKey) focus(goal);
    else return;
    event.preventDefault();
    event.stopPropagation();
  };
  /** @param {number} goal */
  const focus = (goal) => {
    const place = Math.max(0, Math.min(order.length - 1, goal));
    const row = gantt.marks[order[place] ?? 0]?.row ?? 0;
    setActive(place);
    bringIntoView(scroller.current, row);
    requestAnimationFrame(() => {
      const mark = scroller.current?.querySelector(`[data-mark="${order[place]}"]`);
      if (mark instanceof SVGElement) mark.focus();
    });
  };
  const current = tabStop(gantt.marks, order, active, from, to);
  return html`<div>
    ${h(GanttStrip, { gantt, scale, scroller })}
    <div ref=${scroller} class="gantt-scroll" onKeyDown=${key} onMouseLeave=${() => say(null)}>
      <div class="gantt-grid">
        <div class="gantt-corner"></div>
        ${h(Axis, { scale, zone, now: isOpen ? now : null })}
        <div class="gantt-labels" ref=${(/** @type {HTMLElement | null} */ element) => element?.style.setProperty("height", `${height}px`)}>
          ${gantt.rows.slice(from, to).map((row, index) => h(Label, { key: row.key, row, top: (from + index) * ROW_HEIGHT }))}
        </div>
        <svg class="gantt-marks" width=${scale.width} height=${height} role="group" aria-label="Attempts over time; the arrow keys go from mark to mark">
          ${h(HatchPatterns, { id })}
          ${gantt.rows.slice(from, to).map((row, index) => {
            const y = (from + index + 1) * ROW_HEIGHT;
            return html`<line key=${row.key} class="gantt-row" x1="0" x2=${scale.width} y1=${y} y2=${y} />`;
          })}
          ${scale.pieces.filter((piece) => piece.isFold).map((piece) => html`<rect key=${piece.from} class="gantt-fold" x=${piece.left} y="0" width=${piece.right - piece.left} height=${height} />`)}
          ${isOpen && now >= gantt.from && now < gantt.to ? html`<line class="gantt-now" x1=${scale.x(now)} x2=${scale.x(now)} y1="0" y2=${height} />` : null}
          ${gantt.marks.map((mark, index) => {
            if (!isInView(mark, from, to)) return null;
            const sentence = markWords(mark, zone);
            return html`<g key=${index} class="gantt-mark" data-mark=${index} tabindex=${index === current ? 0 : -1}
                role=${mark.attempt ? "button" : "img"} aria-label=${sentence} onMouseEnter=${() => say(mark)}
                onFocus=${() => (say(mark), setActive(order.indexOf(index)))} onBlur=${() => say(null)} onClick=${() => open(mark)}>${drawing(mark, scale, id)}</g>`;
          })}
        </svg>
      </div>
    </div>
    <p class="gantt-said" aria-hidden="true">${said ? markWords(said, zone) : "Point at a mark, or go to one with the arrow keys; Enter opens its attempt."}</p>
  </div>`;
}

/** @param {{ scale: import("../rules/gantt-scale.js").Scale, zone: import("../rules/times.js").Zone, now: number | null }} props */
function Axis({ scale, zone }) {
  return html`<svg class="gantt-axis" width=${scale.width} height=${AXIS_HEIGHT} aria-hidden="true">
    ${axisOf(scale, zone).map(({ at, x, label }) => html`<g key=${at}>
      <line class="gantt-tick" x1=${x} x2=${x} y1=${AXIS_HEIGHT - 6} y2=${AXIS_HEIGHT} /><text x=${x + 3} y="13">${label}</text></g>`)}
    ${scale.pieces.filter((piece) => piece.isFold).map((piece) => html`<text key=${piece.from} class="gantt-fold-label"
      text-anchor="middle" x=${(piece.left + piece.right) / 2} y="28">${lasts((piece.to - piece.from) / 1000)}</text>`)}
  </svg>`;
}

/** @param {{ row: GanttRow, top: number }} props */
function Label({ row, top }) {
  /** @param {HTMLElement | null} element */
  const place = (element) => element?.style.setProperty("top", `${top}px`);
  const engine = row.engine === null ? (row.kind === "queue" ? "no engine" : "anonymous") : short(row.engine);
  const life = row.incarnation !== null && row.incarnation > 1 ? ` · life ${row.incarnation}` : "";
  const text = row.kind === "engine" ? `${engine}${life}` : row.attempt === null ? "in the queue" : `${row.attempt} · ${engine}`;
  return html`<div class="gantt-label" ref=${place} title=${row.engine ?? ""}>${text}</div>`;
}

/** @param {Mark} mark @param {number} from @param {number} to */
function isInView({ row, toRow = row }, from, to) {
  return Math.min(row, toRow) < to && Math.max(row, toRow) >= from;
}

/**
 * The mark that the tab key reaches: the one that was left, or else the latest of those in the document.
 * @param {readonly Mark[]} marks @param {readonly number[]} order @param {number} active @param {number} from @param {number} to
 */
function tabStop(marks, order, active, from, to) {
  const isThere = (/** @type {number | undefined} */ index) => {
    const mark = index === undefined ? undefined : marks[index];
    return mark !== undefined && isInView(mark, from, to);
  };
  const left = order[active];
  return isThere(left) ? left : order.findLast(isThere);
}

/** @param {readonly Mark[]} marks @param {number} a @param {number} b */
function before(marks, a, b) {
  return (marks[a]?.row ?? 0) - (marks[b]?.row ?? 0) || (marks[a]?.from ?? 0) - (marks[b]?.from ?? 0) || a - b;
}

/** @param {readonly Mark[]} marks @param {readonly number[]} order @param {number} place @param {1 | -1} step */
function nextRow(marks, order, place, step) {
  const row = marks[order[place] ?? 0]?.row ?? 0;
  for (let at = place + step; at >= 0 && at < order.length; at += step) if (marks[order[at] ?? 0]?.row !== row) return at;
  return place;
}

/** @param {{ current: HTMLElement | null }} scroller @param {number} rows @param {boolean} isFromEnd what happened last is seen first */
function useRowsInView(scroller, rows, isFromEnd) {
  const [top, setTop] = useState(0);
  useEffect(() => {
    const element = scroller.current;
    if (!element) return undefined;
    const look = () => setTop(Math.floor(element.scrollTop / ROW_HEIGHT));
    // The newest attempts stand at the bottom, and what happened last at the right.
    element.scrollTop = element.scrollHeight;
    if (isFromEnd) element.scrollLeft = element.scrollWidth;
    look();
    element.addEventListener("scroll", look, { passive: true });
    return () => element.removeEventListener("scroll", look);
  }, []);
  const seen = Math.ceil((scroller.current?.clientHeight || 640) / ROW_HEIGHT);
  return { from: Math.max(0, Math.min(top, rows - seen) - BESIDE), to: Math.min(rows, top + seen + BESIDE) };
}

/** @param {HTMLElement | null} scroller @param {number} row */
function bringIntoView(scroller, row) {
  if (!scroller) return;
  const top = row * ROW_HEIGHT;
  if (top < scroller.scrollTop) scroller.scrollTop = top;
  else if (top + ROW_HEIGHT + AXIS_HEIGHT > scroller.scrollTop + scroller.clientHeight) scroller.scrollTop = top + ROW_HEIGHT + AXIS_HEIGHT - scroller.clientHeight;
}

const LABEL_WIDTH = 168;
const LEAST_WIDTH = 480;

/** @param {{ current: HTMLElement | null }} frame @returns {number} pixels for the marks; on a phone they scroll sideways */
function useWidth(frame) {
  const [width, setWidth] = useState(800);
  useEffect(() => {
    const element = frame.current;
    if (!element) return undefined;
    const watch = new ResizeObserver(() => setWidth(Math.max(LEAST_WIDTH, Math.floor(element.clientWidth - LABEL_WIDTH - 14))));
    watch.observe(element);
    return () => watch.disconnect();
  }, []);
  return width;
}
