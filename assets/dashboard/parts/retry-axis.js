/** When a failing event is tried again, drawn on a line; where there are two, both have the same scale. The sentence beside it says the same. */
import { lasts } from "../rules/times.js";
import { html } from "./html.js";

/** @typedef {{ name: string, at: readonly import("../rules/retry-delays.js").Span[] }} Row */

const WIDTH = 600;
const EDGE = 6;
const HEIGHT = 22;

/** @param {{ rows: readonly Row[] }} props */
export function RetryAxis({ rows }) {
  const most = Math.max(...rows.map(({ at }) => at.at(-1)?.most ?? 0));
  if (most === 0) return null;
  const x = (/** @type {number} */ seconds) => EDGE + (seconds / most) * (WIDTH - 2 * EDGE);
  return html`<div class="retry-axis" aria-hidden="true">${rows.map(({ name, at }) => html`<div key=${name} class="retry-axis-row">
      ${rows.length > 1 ? html`<span class="note">${name}</span>` : null}
      <svg viewBox=${`0 0 ${WIDTH} ${HEIGHT}`} preserveAspectRatio="none" height=${HEIGHT}>
        <line class="retry-axis-line" x1=${x(0)} x2=${x(most)} y1=${HEIGHT / 2} y2=${HEIGHT / 2} />
        <rect class="retry-axis-first" x=${x(0) - 2} width="4" y="4" height=${HEIGHT - 8} />
        ${at.map((span, n) => html`<g key=${n}><title>${`retry ${n + 1}: ${lasts(span.least)} to ${lasts(span.most)} after the first try`}</title>
          <rect class="retry-axis-span" x=${x(span.least)} width=${Math.max(2, x(span.most) - x(span.least))} y="6" height=${HEIGHT - 12} />
          <rect class="retry-axis-try" x=${x(span.about) - 1.5} width="3" y="3" height=${HEIGHT - 6} /></g>`)}
      </svg></div>`)}
    <p class="retry-axis-ends note"><span>first try</span><span>${lasts(most)} later</span></p></div>`;
}
