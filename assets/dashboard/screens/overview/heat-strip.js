/** Every queue as one cell, in its place by name, so that a pattern is seen; what is not well stands out. */
import { useEffect, useMemo, useState } from "../../vendor/hooks.js";
import { rowsOf } from "../../rules/queue-list.js";
import { kindOf, rankOf } from "../../rules/queue-state.js";
import { Copy } from "../../parts/copy.js";
import { asCurl } from "../../parts/copy-as.js";
import { h, html } from "../../parts/html.js";
import { Link } from "../../parts/link.js";
import { Status } from "../../parts/words.js";

/** @typedef {{ name: string } & Pick<import("../../rules/queue-state.js").QueueState, "code" | "word" | "kind">} Cell */

/** Cells that a keyboard goes through one by one, at most. */
const MOST_STOPS = 40;
/** More than this are drawn once what stands above them is on the screen: a thousand cells take a tenth of a second. */
const DRAWN_AT_ONCE = 200;

/** @param {{ overview: import("../../state/overview.js").Overview }} props */
export function HeatStrip({ overview: { queues, attention } }) {
  const [isDrawn, setDrawn] = useState(queues.length <= DRAWN_AT_ONCE);
  useEffect(() => setDrawn(true), []);
  if (queues.length === 0) return h(NoQueues, null);
  if (!isDrawn) return null;
  return h(Strip, { rows: rowsOf(queues, attention).map(({ queue, state: { code, word, kind } }) => ({ name: queue.engine_type, code, word, kind })) });
}

/**
 * It is drawn anew only when a queue came, went or changed its state: a thousand cells are many.
 * @param {{ rows: readonly Cell[] }} props
 */
function Strip({ rows }) {
  const key = rows.map(({ name, code, kind }) => `${name} ${code} ${kind}`).join();
  return useMemo(() => draw(rows), [key]);
}

/** @param {readonly Cell[]} rows */
function draw(rows) {
  const worst = [...rows].sort((a, b) => rankOf(a.code) - rankOf(b.code)).slice(0, MOST_STOPS);
  const stops = new Set(worst.map(({ name }) => name));
  const kinds = [...new Map(rows.map((row) => [row.code, row])).values()].sort((a, b) => rankOf(a.code) - rankOf(b.code));
  return html`<div>
    <ul class=${`heat ${rows.length <= 24 ? "heat-names" : ""}`}>${rows.map(({ name, word, kind }) => html`<li key=${name} class="heat-item">${h(Link, {
      to: { screen: "queues", id: name }, class: `heat-cell status-${kind}`, title: `${name}: ${word}`, isStop: stops.has(name),
      children: html`<span class=${rows.length <= 24 ? "heat-name" : "hidden"}>${name}</span><span class="hidden">: ${word}</span>` })}</li>`)}</ul>
    <ul class="heat-legend">${kinds.map(({ code, word }) => html`<li key=${code}>${h(Link, { to: { screen: "queues", filters: { state: code } },
      children: h(Status, { word: `${rows.filter((row) => row.code === code).length} ${word}`, kind: kindOf(code) }) })}</li>`)}</ul>
  </div>`;
}

/** What makes the first queue. */
export function NoQueues() {
  const request = { body: { engine_type: "dialogue", event_type: "dialogue.requested", payload: { line: 1 } } };
  return html`<div class="no-queues"><p>There is no queue yet. A queue is made by the first event for it, or by the first engine that registers with its name:</p>
    <pre>${asCurl("enqueue_event", request)}</pre>${h(Copy, { text: () => asCurl("enqueue_event", request), label: "copy as curl" })}</div>`;
}
