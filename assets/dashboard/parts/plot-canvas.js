/** The drawing of a plot: uPlot with our axes, colours and marks. It knows nothing of components. */
import UPlot from "../vendor/uplot.js";
import { ticks } from "../rules/axis.js";
import { DASHES, lonely } from "../rules/history.js";

/** @typedef {import("../rules/history.js").Line} Line */
/** @typedef {import("../rules/changes.js").Marker} Marker */

/**
 * What is drawn, as it is at the time of drawing.
 * @typedef {object} Drawn
 * @property {readonly Line[]} lines
 * @property {readonly number[]} at  seconds
 * @property {readonly (readonly (number | null)[])[]} values  one list a line
 * @property {readonly [number, number]} range  seconds
 * @property {readonly Marker[]} markers
 * @property {import("../rules/times.js").Zone} zone
 * @property {(values: readonly number[]) => readonly string[]} axisInWords
 * @property {readonly number[] | undefined} steps  of the axis of values, where they are not the round numbers of ten
 * @property {(index: number | null, seconds: number | null) => void} point  the pointer is there; null: nowhere
 * @property {(from: number, to: number) => void} zoom  seconds
 * @property {(seconds: number) => void} pick  a click
 */

const HEIGHT = 170;
const LEFT = 56;
const TICK_WIDTH = 74;

/**
 * @param {HTMLElement} element
 * @param {() => Drawn} drawn
 */
export function drawPlot(element, drawn) {
  const colour = (/** @type {string} */ name) => getComputedStyle(element).getPropertyValue(name).trim() || "currentColor";
  const text = () => colour("--text-soft");
  const grid = { stroke: () => colour("--line"), width: 1 };
  const font = `11px ${getComputedStyle(element).fontFamily}`;
  const { steps } = drawn();
  let downAt = NaN;
  const plot = new UPlot(
    {
      width: Math.max(200, element.clientWidth),
      height: HEIGHT,
      legend: { show: false },
      cursor: { y: false, drag: { x: true, y: false, setScale: false, dist: 6 }, points: { size: 6 } },
      scales: { x: { time: false, range: () => [...drawn().range] }, y: { range: (_, __, most) => [0, most === null || most <= 0 ? 1 : most * 1.08] } },
      axes: [
        {
          stroke: text,
          font,
          grid: { show: false },
          ticks: { ...grid, size: 4 },
          size: 26,
          gap: 4,
          splits: (u, _, from, to) => ticks(from * 1000, to * 1000, drawn().zone, roomFor(u)).map(({ at }) => at / 1000),
          values: (u, splits) => labelsOf(splits, ticks(...rangeOf(u), drawn().zone, roomFor(u))),
        },
        {
          stroke: text,
          font,
          grid,
          ticks: { show: false },
          size: LEFT,
          gap: 6,
          space: 34,
          values: (_, splits) => [...drawn().axisInWords(splits)],
          ...(steps ? { incrs: [...steps] } : {}),
        },
      ],
      series: [
        {},
        ...drawn().lines.map(({ kind }, i) => ({
          stroke: () => colour(`--${kind}`),
          dash: DASHES[i % DASHES.length] ?? [],
          width: 1.75,
          points: { size: 4, fill: () => colour(`--${kind}`), stroke: () => colour(`--${kind}`), show: true, filter: () => lonely(drawn().values[i] ?? []) },
        })),
      ],
      hooks: {
        setCursor: [
          (u) => {
            const { left = -1, idx = null } = u.cursor;
            drawn().point(left < 0 ? null : idx, left < 0 ? null : u.posToVal(left, "x"));
          },
        ],
        setSelect: [
          (u) => {
            const { left, width } = u.select;
            if (width < 6) return;
            drawn().zoom(u.posToVal(left, "x"), u.posToVal(left + width, "x"));
            u.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
          },
        ],
        draw: [(u) => drawMarkers(u, drawn().markers, colour, font)],
        ready: [
          (u) => {
            u.over.addEventListener("mousedown", (event) => (downAt = event.clientX));
            u.over.addEventListener("click", (event) => {
              if (Math.abs(event.clientX - downAt) < 6) drawn().pick(u.posToVal(event.clientX - u.over.getBoundingClientRect().left, "x"));
            });
          },
        ],
      },
    },
    dataOf(drawn()),
    element,
  );
  const sizes = new ResizeObserver(() => {
    const width = Math.max(200, element.clientWidth);
    if (width !== plot.width) plot.setSize({ width, height: HEIGHT });
  });
  sizes.observe(element);
  return {
    update: () => plot.setData(dataOf(drawn())),
    redraw: () => plot.redraw(false, true),
    end() {
      sizes.disconnect();
      plot.destroy();
    },
  };
}

/** @param {Drawn} drawn @returns {import("../vendor/uplot.js").default.AlignedData} */
function dataOf({ at, values }) {
  return /** @type {any} */ ([at, ...values]);
}

/** How many ticks there is room for. @param {UPlot} u */
function roomFor(u) {
  return Math.max(2, Math.floor((u.width - LEFT) / TICK_WIDTH));
}

/** @param {UPlot} u @returns {[number, number]} milliseconds */
function rangeOf(u) {
  const { min, max } = u.scales["x"] ?? {};
  return [(min ?? 0) * 1000, (max ?? 0) * 1000];
}

/** @param {readonly number[]} splits @param {readonly { at: number, label: string }[]} found */
function labelsOf(splits, found) {
  const byTime = new Map(found.map(({ at, label }) => [at / 1000, label]));
  return splits.map((split) => byTime.get(split) ?? "");
}

/** @param {UPlot} u @param {readonly Marker[]} markers @param {(name: string) => string} colour @param {string} font */
function drawMarkers(u, markers, colour, font) {
  const { ctx, bbox } = u;
  const ratio = devicePixelRatio;
  ctx.save();
  ctx.strokeStyle = colour("--held");
  ctx.fillStyle = colour("--held");
  ctx.lineWidth = ratio;
  ctx.font = font.replace(/^(\d+)px/, (_, size) => `bold ${Number(size) * ratio}px`);
  ctx.textBaseline = "top";
  let last = -Infinity;
  for (const { at, sign } of markers) {
    const x = Math.round(u.valToPos(at / 1000, "x", true));
    if (x < bbox.left || x > bbox.left + bbox.width) continue;
    ctx.setLineDash([3 * ratio, 3 * ratio]);
    ctx.beginPath();
    ctx.moveTo(x, bbox.top);
    ctx.lineTo(x, bbox.top + bbox.height);
    ctx.stroke();
    // Letters that would lie on each other are left out: the list below the plot has them all.
    if (x - last < 12 * ratio) continue;
    const isAtEdge = x + 12 * ratio > bbox.left + bbox.width;
    ctx.textAlign = isAtEdge ? "right" : "left";
    ctx.fillText(sign, x + (isAtEdge ? -3 : 3) * ratio, bbox.top);
    last = x;
  }
  ctx.restore();
}
