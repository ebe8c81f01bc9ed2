/** The last values of something as a small line; the newest stands at the right, and gaps stay gaps. */
import { html } from "./html.js";

const POINTS = 20;
const [WIDTH, HEIGHT] = [80, 18];

/** @param {{ values: readonly (number | null)[], title: string, kind?: import("./words.js").StateKind }} props */
export function Spark({ values, title, kind = "busy" }) {
  const shown = values.slice(-POINTS);
  const most = Math.max(1e-9, ...shown.map((value) => value ?? 0));
  const step = WIDTH / (POINTS - 1);
  const first = POINTS - shown.length;
  let path = "";
  let isDown = false;
  shown.forEach((value, i) => {
    if (value === null) {
      isDown = false;
      return;
    }
    const x = ((first + i) * step).toFixed(1);
    const y = (HEIGHT - 1 - (value / most) * (HEIGHT - 2)).toFixed(1);
    // A value alone between gaps is a dot: a line of no length with round ends.
    path += isDown ? `L${x} ${y}` : `M${x} ${y}h0`;
    isDown = true;
  });
  return html`<svg class=${`spark kind-${kind}`} viewBox=${`-1 0 ${WIDTH + 2} ${HEIGHT}`} role="img" aria-label=${title}><title>${title}</title><path d=${path} /></svg>`;
}

/** A part of a whole as a bar. @param {{ part: number, whole: number, title: string, kind?: import("./words.js").StateKind }} props */
export function Bar({ part, whole, title, kind = "busy" }) {
  const width = whole <= 0 ? 0 : Math.min(100, (100 * part) / whole);
  return html`<svg class=${`bar kind-${kind}`} viewBox="0 0 100 8" preserveAspectRatio="none" role="img" aria-label=${title}><title>${title}</title>
    <rect class="bar-whole" width="100" height="8" /><rect class="bar-part" width=${width.toFixed(1)} height="8" /></svg>`;
}
