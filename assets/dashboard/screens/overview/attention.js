/** What needs attention, the worst first: each with one link, and at most one thing to do. */
import { serverNow } from "../../api/call.js";
import { useState } from "../../vendor/hooks.js";
import { allIsWell, keyOf, notYet, offerOf, restInWords, weightOf } from "../../rules/attention.js";
import { count, rate } from "../../rules/numbers.js";
import { rowsOf } from "../../rules/queue-list.js";
import { lasts } from "../../rules/times.js";
import { may } from "../../state/session.js";
import { Button } from "../../parts/button.js";
import { h, html } from "../../parts/html.js";
import { Link } from "../../parts/link.js";
import { onDemand } from "../../parts/on-demand.js";
import { Advice } from "../../parts/advice.js";
import { useStill } from "../../parts/still.js";
import { Stranger } from "../../parts/stranger.js";
import { Ago } from "../../parts/time.js";
import { Status } from "../../parts/words.js";
import { screenAt } from "../list.js";

/** @typedef {import("../../state/overview.js").Overview} Overview */
/** @typedef {import("../../rules/attention.js").AttentionItem} AttentionItem */

/** Numbers that are older than this say so. */
const OLD_SECONDS = 20;
/** Items shown at first: nobody reads more. */
const SHOWN = 12;

/** @param {{ overview: Overview }} props */
export function Attention({ overview }) {
  const { shown, added, handlers } = useStill(overview.attention, keyOf);
  const [isWhole, setWhole] = useState(false);
  const listed = isWhole ? shown : shown.slice(0, SHOWN);
  const age = (serverNow() - Date.parse(overview.as_of)) / 1000;
  return html`<div ...${handlers}>
    ${age > OLD_SECONDS ? html`<p class="attention-old">${h(Status, { word: `These numbers are ${lasts(age)} old`, kind: "warning" })}
      ${" "}The server is slow to measure: look at its log and its database.</p>` : null}
    ${shown.length === 0 ? html`<p class="attention-well">${h(Status, wellOf(overview))}</p>` : null}
    <ol class="attention">${listed.map(({ key, row, isGone }) => h(Item, { key, item: row, isGone, overview }))}</ol>
    ${listed.length < shown.length ? html`<p>${restInWords(shown.slice(SHOWN).map(({ row }) => row))} ${h(Button, { onClick: () => setWhole(true), children: `Show all ${count(shown.length)}` })}</p>` : null}
    ${added > 0 ? html`<p class="note">${added} more, once the pointer is elsewhere.</p>` : null}
  </div>`;
}

/** @param {Overview} overview @returns {{ word: string, kind: "good" | "waiting" }} */
function wellOf({ totals, queues }) {
  const waits = notYet(rowsOf(queues, []));
  if (waits !== null) return { word: waits, kind: "waiting" };
  const word = allIsWell({
    completed: rate(totals.rates.completed_per_second),
    oldest: totals.due > 0 ? lasts(totals.oldest_due_age_seconds) : null,
    engines: totals.engines.active,
    queues: totals.queues,
  });
  return { word, kind: "good" };
}

/** @param {{ item: AttentionItem, isGone: boolean, overview: Overview }} props */
function Item({ item, isGone, overview }) {
  const weight = weightOf(item);
  const { link, action } = offerOf(item);
  return html`<li class=${`attention-item attention-${weight.kind} ${isGone ? "attention-gone" : ""}`}>
    <div class="attention-head">${h(Status, { word: weight.word, kind: weight.kind })}
      <span class="attention-since">began ${h(Ago, { at: item.since })}</span><code class="code">${item.code}</code></div>
    <p class="attention-message">${h(Stranger, { text: item.message, most: 400 })}</p>
    <div class="attention-do">${link && mayOpen(link.to) ? h(Link, { to: link.to, class: "button", children: link.text }) : null}${action && !isGone ? h(Act, { action, overview }) : null}
      ${isGone ? html`<span class="note">It is over.</span>` : h(Advice, { text: item.what_to_do })}</div>
  </li>`;
}

/** @param {import("../../rules/attention.js").Goal} goal */
function mayOpen({ screen, id = null }) {
  const needs = screenAt({ screen, id, filters: {} })?.operation;
  return !needs || may(needs);
}

/** @param {{ action: import("../../rules/attention.js").Action, overview: Overview }} props */
function Act({ action: { operation, verb, engineType, version }, overview }) {
  const queue = overview.queues.find((queue) => queue.engine_type === engineType) ?? { engine_type: engineType };
  const run = () => operation === "resume_queue"
    ? onDemand(() => import("../../parts/pause.js"), ({ resume }) => resume(queue))
    : onDemand(() => import("../../parts/lift.js"), ({ lift }) => lift(engineType, version ?? null));
  return h(Button, { operation, onClick: run, children: verb });
}
