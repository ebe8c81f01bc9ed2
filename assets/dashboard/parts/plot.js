/** A plot over time, with what its lines mean, what was changed meanwhile, and the same numbers as a table. */
import { useEffect, useRef, useState } from "../vendor/hooks.js";
import { count, rate, ratesAlike, secondsAlike, short } from "../rules/numbers.js";
import { DASHES, blankInWords, endsOf, isBlank, valuesOf, wholeMinute } from "../rules/history.js";
import { atOf, lasts, wall } from "../rules/times.js";
import { serverNow } from "../api/call.js";
import { setFilters } from "../state/place.js";
import { theme } from "../state/taste.js";
import { h, html } from "./html.js";
import { PlotTable } from "./plot-table.js";
import { zoneNow } from "./time.js";

/** @typedef {import("../rules/history.js").Line} Line */
/** @typedef {import("../rules/history.js").Unit} Unit */
/** @typedef {import("../rules/history.js").History} History */
/** @typedef {import("../rules/changes.js").Marker} Marker */

/** @typedef {ReturnType<typeof import("./plot-canvas.js").drawPlot>} Drawing */

const WHOLE_STEPS = Array.from({ length: 10 }, (_, n) => [1, 2, 5].map((each) => each * 10 ** n)).flat();
const TIME_STEPS = [
  0.001, 0.01, 0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10_800, 21_600, 43_200, 86_400, 172_800, 604_800,
];

/** On the axis, and where there is room. */
const UNITS = {
  rate: { axis: ratesAlike, words: rate, steps: undefined },
  count: { axis: (/** @type {readonly number[]} */ values) => values.map(short), words: (/** @type {number | null} */ n) => count(n), steps: WHOLE_STEPS },
  seconds: { axis: secondsAlike, words: (/** @type {number | null} */ n) => (n === null ? "–" : lasts(n)), steps: TIME_STEPS },
};

/** A marker counts as pointed at from so far, as a part of the range. */
const NEAR = 0.012;

/**
 * @param {object} props
 * @param {string} props.title
 * @param {Unit} props.unit
 * @param {readonly Line[]} props.lines
 * @param {History} props.history
 * @param {readonly Marker[]} [props.markers]
 * @param {(from: string, to: string) => import("./html.js").Children} [props.links] to what happened in a minute that was clicked at
 */
export function Plot({ title, unit, lines, history, markers = [], links }) {
  const element = useRef(/** @type {HTMLDivElement | null} */ (null));
  const plot = useRef(/** @type {Drawing | null} */ (null));
  const [pointed, setPointed] = useState(/** @type {{ index: number | null, seconds: number | null }} */ ({ index: null, seconds: null }));
  const [picked, setPicked] = useState(/** @type {number | null} */ (null));
  const zone = zoneNow();
  const at = endsOf(history);
  const values = lines.map((line) => valuesOf(history, line, unit));
  const range = /** @type {const} */ ([Date.parse(history.from) / 1000, Date.parse(history.to) / 1000]);
  const zoom = (/** @type {number} */ from, /** @type {number} */ to) =>
    setFilters({ from: wholeMinute(from * 1000), to: wholeMinute(Math.max(to, from + 120) * 1000) });
  /** @type {import("./plot-canvas.js").Drawn} */
  const now = {
    lines,
    at,
    values,
    range,
    markers,
    zone,
    axisInWords: UNITS[unit].axis,
    steps: UNITS[unit].steps,
    point: (index, seconds) => setPointed({ index, seconds }),
    zoom,
    pick: setPicked,
  };
  const drawn = useRef(now);
  drawn.current = now;

  const [isMissing, setMissing] = useState(false);
  useEffect(() => {
    let isGone = false;
    const begin = (/** @type {typeof import("./plot-canvas.js")} */ { drawPlot }) => {
      if (!isGone && element.current) plot.current = drawPlot(element.current, () => drawn.current);
    };
    // What draws is as large as half of the page: it is loaded when there is something to draw.
    void import("./plot-canvas.js").then(begin, () => setMissing(true));
    return () => {
      isGone = true;
      plot.current?.end();
    };
  }, []);
  useEffect(() => plot.current?.update(), [history, zone, markers.length]);
  useRedraw(plot);

  const marker = pointed.seconds === null ? undefined : nearest(markers, pointed.seconds * 1000, (range[1] - range[0]) * 1000 * NEAR);
  return html`<figure class="plot">
    <figcaption class="plot-title">${title}${pointed.index === null ? null : html` <span class="plot-time">${atOf((at[pointed.index] ?? 0) * 1000, zone)}</span>`}</figcaption>
    <ul class="plot-legend">${lines.map((line, i) => html`<li key=${line.title}>${h(Swatch, { kind: line.kind, dash: DASHES[i % DASHES.length] ?? [] })} ${line.title}
      <b>${UNITS[unit].words(values[i]?.[pointed.index ?? lastKnown(values[i] ?? [])] ?? null)}</b></li>`)}</ul>
    <div class="plot-canvas" ref=${element} aria-hidden="true">${isBlank(history) ? html`<p class="plot-blank"><span>${blankInWords(history, serverNow(), (first) => wall(first, zone)?.time ?? "")}</span></p>` : null}</div>
    ${isMissing ? html`<p class="plot-marker" role="alert">What draws this plot could not be loaded: reload the page. The table below has its numbers.</p>` : null}
    <p class="plot-marker">${marker ? `${marker.sign} · ${wall(marker.at, zone)?.time} ${marker.text}` : ""}</p>
    ${picked !== null && links ? h(Picked, { at: picked * 1000, zone, links, close: () => setPicked(null) }) : null}
    ${h(PlotTable, { title, at, columns: lines.map((line, i) => ({ title: line.title, values: values[i] ?? [] })), inWords: UNITS[unit].words, zone, markers })}
  </figure>`;
}

/** What happened in the minute that was clicked at. @param {{ at: number, zone: string, links: (from: string, to: string) => import("./html.js").Children, close: () => void }} props */
function Picked({ at, zone, links, close }) {
  return html`<p class="plot-picked">${wall(at, zone)?.time}: ${links(wholeMinute(at - 30_000), wholeMinute(at + 30_000))}
    <button type="button" class="button button-quiet" onClick=${close}>close</button></p>`;
}

/** Colours are read when it is drawn: after a change of the theme it is drawn again. @param {{ current: Drawing | null }} plot */
function useRedraw(plot) {
  const chosen = theme.value;
  useEffect(() => {
    const redraw = () => plot.current?.redraw();
    const later = requestAnimationFrame(redraw);
    const system = matchMedia("(prefers-color-scheme: dark)");
    system.addEventListener("change", redraw);
    return () => {
      cancelAnimationFrame(later);
      system.removeEventListener("change", redraw);
    };
  }, [chosen]);
}

/** @param {readonly (number | null)[]} values */
function lastKnown(values) {
  return values.findLastIndex((value) => value !== null);
}

/** @param {readonly Marker[]} markers @param {number} at @param {number} within milliseconds */
function nearest(markers, at, within) {
  return markers
    .filter((marker) => Math.abs(marker.at - at) <= within)
    .sort((a, b) => Math.abs(a.at - at) - Math.abs(b.at - at))[0];
}

/** @param {{ kind: string, dash: readonly number[] }} props */
function Swatch({ kind, dash }) {
  return html`<svg class=${`plot-swatch kind-${kind}`} viewBox="0 0 22 6" aria-hidden="true"><line x1="0" y1="3" x2="22" y2="3" stroke-dasharray=${dash.join(" ")} /></svg>`;
}
