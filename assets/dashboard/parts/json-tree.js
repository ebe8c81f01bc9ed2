/** The tree of a JSON value: one line each, and only those in view stand in the document. */
import { useEffect, useId, useMemo, useRef, useState } from "../vendor/hooks.js";
import { depthOf, find, FOUND_MOST, isContainer, isOpen, reveal, rowsOf } from "../rules/json-rows.js";
import { Button } from "./button.js";
import { h, html } from "./html.js";
import { JsonDetail } from "./json-detail.js";
import { JsonRow } from "./json-row.js";

/** @typedef {import("../rules/json.js").Tree} Tree */

const ROW_HEIGHT = 24;
const BESIDE = 20;
/** Lines that wrap have no known height: they come in pages. */
const PAGE = 400;

/** @param {{ tree: Tree, name: string, wraps: boolean, children?: import("./html.js").Children }} props children: further tools */
export function JsonTree({ tree, name, wraps, children }) {
  const id = useId();
  const [toggled, setToggled] = useState(/** @type {ReadonlySet<number>} */ (new Set()));
  const [bare, setBare] = useState(/** @type {ReadonlySet<number>} */ (new Set()));
  const [chosen, setChosen] = useState(0);
  const [wanted, setWanted] = useState("");
  const [page, setPage] = useState(0);
  const rows = useMemo(() => rowsOf(tree, toggled), [tree, toggled]);
  const found = useMemo(() => find(tree, wanted), [tree, wanted]);
  const marks = useMemo(() => new Set(found), [found]);
  const scroller = useRef(/** @type {HTMLDivElement | null} */ (null));
  const { from, to } = useRowsInView(scroller, rows.length, wraps ? page : null);
  const place = Math.max(0, rows.indexOf(2 * chosen));

  /** @param {number} index @param {ReadonlySet<number>} [now] */
  const choose = (index, now = toggled) => {
    const at = rowsOf(tree, now).indexOf(2 * index);
    setToggled(now);
    setChosen(index);
    setPage(Math.floor(at / PAGE));
    requestAnimationFrame(() => bringIntoView(scroller.current, wraps ? at % PAGE : at, wraps));
  };
  /** @param {number} index */
  const toggle = (index) => choose(index, turned(toggled, index));
  /** @param {number} step */
  const nextFound = (step) => {
    const after = step > 0 ? found.find((each) => each > chosen) : found.findLast((each) => each < chosen);
    const index = after ?? (step > 0 ? found[0] : found.at(-1));
    if (index !== undefined) choose(index, reveal(tree, index, toggled));
  };
  /** @param {KeyboardEvent} event */
  const key = (event) => {
    const target = goal(event.key, { tree, toggled, rows, place, chosen });
    if (target === null || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    event.stopPropagation();
    if (target === "toggle") toggle(chosen);
    else choose(target);
  };
  const shown = rows.slice(from, to);
  const isShown = shown.includes(2 * chosen);
  return html`<div class="json-tree">
    <div class="json-find"><label>Find <input type="search" value=${wanted} onInput=${(/** @type {any} */ event) => setWanted(event.currentTarget.value)}
        onKeyDown=${(/** @type {KeyboardEvent} */ event) => event.key === "Enter" && nextFound(event.shiftKey ? -1 : 1)} /></label>
      ${wanted === "" ? null : html`<span role="status">${found.length === 0 ? "nothing" : `${found.length}${found.length === FOUND_MOST ? "+" : ""} found`}</span>
        ${h(Button, { kind: "quiet", label: "the one before", onClick: () => nextFound(-1), children: "↑" })}
        ${h(Button, { kind: "quiet", label: "the next one", onClick: () => nextFound(1), children: "↓" })}`}
      ${children}
    </div>
    <div ref=${scroller} class=${`json-rows ${wraps ? "json-wraps" : ""}`} role="tree" aria-label=${name} tabindex="0"
        aria-activedescendant=${isShown ? `${id}-${chosen}` : undefined} onKeyDown=${key}>
      ${wraps ? null : h(Space, { rows: from })}
      ${shown.map((row) => h(JsonRow, { key: row, tree, row, id: `${id}-${row >> 1}`, toggled, isChosen: row === 2 * chosen, isFound: marks.has(row >> 1), bare, choose, toggle,
        uncover: (/** @type {number} */ index) => setBare(new Set(bare).add(index)) }))}
      ${wraps ? null : h(Space, { rows: rows.length - to })}
    </div>
    ${wraps && rows.length > PAGE ? html`<div class="json-pieces">
      ${h(Button, { onClick: () => setPage(page - 1), why: page === 0 ? "This is the beginning" : null, children: "earlier" })}
      <span>lines ${from + 1} to ${to} of ${rows.length}</span>
      ${h(Button, { onClick: () => setPage(page + 1), why: to === rows.length ? "This is the end" : null, children: "further" })}</div>` : null}
    ${h(JsonDetail, { key: chosen, tree, index: chosen, bare })}
  </div>`;
}

/** @param {ReadonlySet<number>} set @param {number} index */
function turned(set, index) {
  const now = new Set(set);
  if (!now.delete(index)) now.add(index);
  return now;
}

/**
 * Where a key of the tree pattern leads.
 * @param {string} key @param {{ tree: Tree, toggled: ReadonlySet<number>, rows: readonly number[], place: number, chosen: number }} state
 * @returns {number | "toggle" | null}
 */
function goal(key, { tree, toggled, rows, place, chosen }) {
  const open = isOpen(tree, chosen, depthOf(tree, chosen), toggled);
  const values = (/** @type {number} */ step) => {
    let at = place + step;
    while ((rows[at] ?? 0) % 2 === 1) at += step; // ends of values are not chosen
    const row = rows[at];
    return row === undefined ? null : row / 2;
  };
  switch (key) {
    case "ArrowDown":
      return values(1);
    case "ArrowUp":
      return values(-1);
    case "Home":
      return 0;
    case "End":
      return (rows.findLast((row) => row % 2 === 0) ?? 0) / 2;
    case "ArrowRight":
      return open ? values(1) : isContainer(tree, chosen) ? "toggle" : null;
    case "ArrowLeft": {
      const parent = tree.parents[chosen] ?? -1;
      return open ? "toggle" : parent < 0 ? null : parent;
    }
    case "Enter":
      return isContainer(tree, chosen) ? "toggle" : null;
    default:
      return null;
  }
}

/**
 * @param {{ current: HTMLElement | null }} scroller @param {number} count @param {number | null} page of lines that wrap
 * @returns {{ from: number, to: number }}
 */
function useRowsInView(scroller, count, page) {
  const [top, setTop] = useState(0);
  useEffect(() => {
    const element = scroller.current;
    if (!element || page !== null) return undefined;
    const look = () => setTop(Math.floor(element.scrollTop / ROW_HEIGHT / 10) * 10);
    element.addEventListener("scroll", look, { passive: true });
    return () => element.removeEventListener("scroll", look);
  }, [page]);
  if (page !== null) return { from: Math.min(page * PAGE, count), to: Math.min((page + 1) * PAGE, count) };
  const from = Math.max(0, Math.min(top, count) - BESIDE);
  const seen = Math.ceil((scroller.current?.clientHeight || 480) / ROW_HEIGHT);
  return { from, to: Math.min(count, top + seen + 2 * BESIDE) };
}

/** @param {HTMLElement | null} scroller @param {number} at @param {boolean} wraps */
function bringIntoView(scroller, at, wraps) {
  if (!scroller) return;
  if (wraps) {
    scroller.children[at]?.scrollIntoView({ block: "nearest" });
    return;
  }
  const top = at * ROW_HEIGHT;
  if (top < scroller.scrollTop) scroller.scrollTop = top;
  else if (top + ROW_HEIGHT > scroller.scrollTop + scroller.clientHeight) scroller.scrollTop = top + ROW_HEIGHT - scroller.clientHeight;
}

/** Room for the lines that are not in the document. @param {{ rows: number }} props */
function Space({ rows }) {
  /** @param {HTMLElement | null} element */
  const high = (element) => element?.style.setProperty("height", `${rows * ROW_HEIGHT}px`);
  return html`<div ref=${high} role="presentation"></div>`;
}
