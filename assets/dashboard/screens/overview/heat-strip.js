/** Every queue as one cell, in its place by name, so that a pattern is seen; what is not well stands out. */
import { rowsOf } from "../../rules/queue-list.js";
import { rankOf } from "../../rules/queue-state.js";
import { Copy } from "../../parts/copy.js";
import { asCli, asCurl } from "../../parts/copy-as.js";
import { h, html } from "../../parts/html.js";
import { Link } from "../../parts/link.js";
import { Status } from "../../parts/words.js";

/** Cells that a keyboard goes through one by one, at most. */
const MOST_STOPS = 40;

/** @param {{ overview: import("../../state/overview.js").Overview }} props */
export function HeatStrip({ overview: { queues, attention } }) {
  if (queues.length === 0) return h(NoQueues, null);
  const rows = rowsOf(queues, attention);
  const worst = [...rows].sort((a, b) => rankOf(a.state.code) - rankOf(b.state.code)).slice(0, MOST_STOPS);
  const stops = new Set(worst.map(({ queue }) => queue.engine_type));
  const kinds = [...new Map(rows.map(({ state }) => [state.code, state])).values()].sort((a, b) => rankOf(a.code) - rankOf(b.code));
  return html`<div>
    <ul class=${`heat ${rows.length <= 24 ? "heat-names" : ""}`}>${rows.map(({ queue: { engine_type: name }, state }) => html`<li key=${name} class="heat-item">${h(Link, {
      to: { screen: "queues", id: name }, class: `heat-cell status-${state.kind}`, title: `${name}: ${state.word}, ${state.why}`, isStop: stops.has(name),
      children: html`<span class=${rows.length <= 24 ? "heat-name" : "hidden"}>${name}</span><span class="hidden">: ${state.word}</span>` })}</li>`)}</ul>
    <ul class="heat-legend">${kinds.map((state) => html`<li key=${state.code}>${h(Link, { to: { screen: "queues", filters: { state: state.code } },
      children: h(Status, { word: `${rows.filter((row) => row.state.code === state.code).length} ${state.word}`, kind: state.kind }) })}</li>`)}</ul>
  </div>`;
}

/** What makes the first queue. */
export function NoQueues() {
  const request = { body: { engine_type: "dialogue", event_type: "dialogue.requested", payload: { line: 1 } } };
  return html`<div class="no-queues"><p>There is no queue yet. A queue is made by the first event for it, or by the first engine that registers with its name:</p>
    <pre>${asCli("enqueue_event", request)}</pre>${h(Copy, { text: () => asCli("enqueue_event", request), label: "copy as CLI" })}
    <pre>${asCurl("enqueue_event", request)}</pre>${h(Copy, { text: () => asCurl("enqueue_event", request), label: "copy as curl" })}</div>`;
}
