/** How the marks of a gantt are drawn. The shape tells them apart, and the colour helps. */
import { outcomeWords } from "../rules/gantt-words.js";
import { html } from "./html.js";

/** @typedef {import("../rules/gantt.js").Mark} Mark */

export const ROW_HEIGHT = 30;
const BAR = 16;
const LEAST_WIDTH = 3;
const TOOTH = 4;

/** What bars are filled with where a colour is not enough. @param {{ id: string }} props */
export function HatchPatterns({ id }) {
  return html`<defs>
    <pattern id=${`${id}-hatch`} width="5" height="5" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">
      <rect class="gantt-hatch-ground" width="5" height="5" /><line class="gantt-hatch" x1="0" x2="0" y1="0" y2="5" /></pattern>
    <pattern id=${`${id}-double`} width="6" height="6" patternUnits="userSpaceOnUse" patternTransform="rotate(-45)"><line class="gantt-double-line" x1="0" x2="0" y1="0" y2="6" /></pattern>
  </defs>`;
}

/** @param {Mark} mark @param {import("../rules/gantt-scale.js").Scale} scale @param {string} id of the patterns */
export function drawing(mark, scale, id) {
  const x = scale.x(mark.from);
  const end = Math.max(scale.x(mark.to), x + LEAST_WIDTH);
  const middle = mark.row * ROW_HEIGHT + ROW_HEIGHT / 2;
  const longest = mark.longest === undefined ? end : scale.x(mark.longest);
  const other = mark.toRow === undefined ? middle : mark.toRow * ROW_HEIGHT + ROW_HEIGHT / 2;
  return shape(mark.kind, { x, end, middle, longest, other, id, outcome: mark.outcome ?? "", isRefused: mark.isRefused ?? false });
}

/**
 * @param {string} kind
 * @param {{ x: number, end: number, middle: number, longest: number, other: number, id: string, outcome: string, isRefused: boolean }} place
 */
function shape(kind, { x, end, middle, longest, other, id, outcome, isRefused }) {
  const top = middle - BAR / 2;
  const width = end - x;
  const target = html`<rect class="gantt-target" x=${x} y=${middle - ROW_HEIGHT / 2 + 2} width=${width} height=${ROW_HEIGHT - 4} />`;
  switch (kind) {
    case "due":
      return html`<rect class="gantt-due" x=${x} y=${middle - 5} width=${width} height="10" rx="2" />`;
    case "early":
    case "backoff":
      return html`${target}<line class=${`gantt-${kind}`} x1=${x} x2=${end} y1=${middle} y2=${middle} />`;
    case "dead":
      return html`${target}<path class="gantt-dead" d=${`M${x} ${middle - 2}H${end}M${x} ${middle + 2}H${end}`} />`;
    case "held":
      return html`<rect class=${`gantt-bar gantt-${outcomeClass(outcome)}`} x=${x} y=${top} width=${width} height=${BAR} rx="2" />${letter(outcome, x, width, middle)}`;
    case "lost":
      return html`<path class="gantt-bar gantt-lost" d=${torn(x, end, top)} /><line class="gantt-noticed" x1=${end} x2=${end} y1=${top - 4} y2=${top + BAR + 4} />${letter(outcome, x, width - TOOTH, middle)}`;
    case "running":
      return html`<path class="gantt-bar gantt-running" d=${`M${end} ${top}H${x}V${top + BAR}H${end}`} />${width > 16 ? html`<text class="gantt-letter" x=${x + 4} y=${middle + 4}>▶</text>` : null}`;
    case "ahead":
      return html`<rect class="gantt-target" x=${x} y=${middle - 12} width=${Math.max(LEAST_WIDTH, longest - x)} height="24" />
        <path class="gantt-lease" d=${`M${x} ${middle}H${end}M${end} ${middle - 8}V${middle + 8}`} />
        ${longest > end ? html`<path class="gantt-longest" d=${`M${end} ${middle}H${longest}M${longest} ${middle - 8}V${middle + 8}`} />` : null}`;
    case "tail":
      return html`${target}<rect class=${isRefused ? "gantt-tail gantt-refused" : "gantt-tail"} fill=${`url(#${id}-hatch)`} x=${x} y=${middle - 4} width=${width} height="8" />
        ${isRefused ? html`<path class="gantt-refused-end" d=${`M${end - 4} ${middle - 4}l8 8m0 -8l-8 8`} />` : null}`;
    case "double":
      return html`<rect class="gantt-double" fill=${`url(#${id}-double)`} x=${x} y=${Math.min(middle, other)} width=${width} height=${Math.max(2, Math.abs(other - middle))} />`;
    case "flag":
      return html`<rect class="gantt-target" x=${x - 4} y=${middle - 14} width="16" height="28" /><path class="gantt-flag" d=${`M${x} ${middle + 14}V${middle - 13}l10 5l-10 5`} />`;
    default:
      return null;
  }
}

/** @param {string} outcome */
function outcomeClass(outcome) {
  return ["completed", "failed", "released", "cancelled"].includes(outcome) ? outcome : "other";
}

/** A bar whose right end is torn off. @param {number} x @param {number} end @param {number} top */
function torn(x, end, top) {
  const teeth = end - x > TOOTH ? TOOTH : 0;
  return `M${end} ${top}H${x}V${top + BAR}H${end}l${-teeth} ${-BAR / 4}l${teeth} ${-BAR / 4}l${-teeth} ${-BAR / 4}Z`;
}

/** @param {string} outcome @param {number} x @param {number} width @param {number} middle */
function letter(outcome, x, width, middle) {
  return width < 16 ? null : html`<text class="gantt-letter" x=${x + 4} y=${middle + 4}>${outcomeWords(outcome).letter}</text>`;
}

/** The same mark, for the legend. @param {{ kind: string }} props */
export function LegendMark({ kind }) {
  const isRefused = kind === "refused";
  const isHeld = ["completed", "failed", "released", "cancelled"].includes(kind);
  const drawn = isRefused ? "tail" : isHeld ? "held" : kind;
  const place = { x: 2, end: drawn === "ahead" ? 16 : 30, middle: 15, longest: 32, other: 22, id: `legend-${kind}`, outcome: isHeld ? kind : "expired", isRefused };
  if (drawn === "flag") place.x = 12;
  if (drawn === "double") place.middle = 6;
  return html`<svg class="gantt-legend-mark" width="36" height="30" aria-hidden="true">${drawn === "tail" || drawn === "double" ? HatchPatterns({ id: place.id }) : null}${shape(drawn, place)}</svg>`;
}
