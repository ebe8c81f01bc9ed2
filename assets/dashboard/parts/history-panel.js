/** Plots of a queue, or of all, over the time that the address names. */
import { useState } from "../vendor/hooks.js";
import { call, serverNow } from "../api/call.js";
import { signsInWords } from "../rules/changes.js";
import { isBlank, rangeOf } from "../rules/history.js";
import { usePoll } from "../state/poll.js";
import { h, html } from "./html.js";
import { useMarkers } from "./markers.js";
import { Panel } from "./panel.js";
import { Plot } from "./plot.js";
import { Range } from "./range.js";

/** How often the first point is looked for. */
const FIRST_SECONDS = 10;

/** @typedef {{ title: string, unit: import("../rules/history.js").Unit, lines: readonly import("../rules/history.js").Line[] }} PlotOf */

/**
 * @param {object} props
 * @param {string} props.title
 * @param {Readonly<Record<string, string>>} props.values
 * @param {readonly PlotOf[]} props.plots
 * @param {string} [props.engineType]
 * @param {readonly import("../rules/changes.js").Marker[]} [props.more] markers beside those of the audit trail
 * @param {(from: string, to: string) => import("./html.js").Children} [props.links]
 */
export function HistoryPanel({ title, values, plots, engineType, more = [], links }) {
  const { from, to } = { from: values["from"], to: values["to"] };
  const isLive = to === undefined;
  const [isWaiting, setWaiting] = useState(false);
  const poll = usePoll(`read_history:${engineType ?? ""} ${from} ${to}`, async (signal) => {
    const history = await read(engineType, rangeOf({ from, to }, serverNow()), signal);
    setWaiting(isBlank(history));
    return history;
  }, { seconds: isLive ? (isWaiting ? FIRST_SECONDS : 60) : null });
  const markers = [...useMarkers(values, engineType), ...more].sort((a, b) => a.at - b.at);
  return h(Panel, {
    title,
    poll,
    actions: h(Range, { values }),
    children: (/** @type {import("../rules/history.js").History} */ history) => {
      const shown = markers.filter(({ at }) => at >= Date.parse(history.from) && at <= Date.parse(history.to));
      const signs = signsInWords(shown);
      return html`<div class="plots">${plots.map((plot) => h(Plot, { key: plot.title, ...plot, history, markers: shown, ...(links ? { links } : {}) }))}</div>${signs === "" ? null : html`<p class="note">${signs}</p>`}`;
    },
  });
}

/** @param {string | undefined} engineType @param {{ from: string, to: string | undefined }} range @param {AbortSignal} signal */
export async function read(engineType, range, signal) {
  if (engineType === undefined) return (await call("read_history", { query: range, signal })).data;
  return (await call("read_queue_history", { path: { engine_type: engineType }, query: range, signal })).data;
}
