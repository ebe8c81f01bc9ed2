/** The attempts of one event in one line, for rows of tables. */
import { useMemo } from "../vendor/hooks.js";
import { layOut } from "../rules/gantt.js";
import { scaleOf } from "../rules/gantt-scale.js";
import { sentenceOf } from "../rules/gantt-words.js";
import { html } from "./html.js";

const HEIGHT = 16;
const WORKED = new Set(["held", "lost", "running", "tail"]);

/**
 * @param {{ event: import("../rules/gantt.js").Event, attempts: readonly import("../rules/gantt.js").Attempt[], now: number, width?: number }} props
 */
export function SmallGantt({ event, attempts, now, width = 120 }) {
  const { gantt, scale } = useMemo(() => {
    const laid = layOut({ event, attempts, now });
    return { gantt: laid, scale: scaleOf(laid, width) };
  }, [event, attempts, now, width]);
  const share = width / scale.width;
  return html`<svg class="gantt-small" width=${width} height=${HEIGHT} role="img" aria-label=${sentenceOf(gantt)}>
    <line class="gantt-backoff" x1="0" x2=${width} y1=${HEIGHT / 2} y2=${HEIGHT / 2} />
    ${gantt.marks.map((mark, index) => {
      const x = scale.x(mark.from) * share;
      const long = Math.max(2, scale.x(mark.to) * share - x);
      if (mark.kind === "due") return html`<rect key=${index} class="gantt-due" x=${x} y="5" width=${long} height="6" />`;
      if (!WORKED.has(mark.kind)) return null;
      const name = mark.kind === "held" ? mark.outcome : mark.kind;
      return html`<rect key=${index} class=${`gantt-bar gantt-${name}`} x=${x} y=${mark.kind === "tail" ? 6 : 2} width=${long} height=${mark.kind === "tail" ? 4 : 12} />`;
    })}
  </svg>`;
}
