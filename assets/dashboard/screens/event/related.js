/** What the event belongs to, where it came from and what came of it. */
import { call } from "../../api/call.js";
import { may } from "../../state/session.js";
import { useOnce } from "../../state/poll.js";
import { Copy } from "../../parts/copy.js";
import { h, html } from "../../parts/html.js";
import { Link } from "../../parts/link.js";
import { Stranger } from "../../parts/stranger.js";

/** @typedef {import("../../rules/event-words.js").Event} Event */

/** @param {{ event: Event }} props */
export function EventRelated({ event }) {
  const { event_id: id, redriven_from, redriven_as, caused_by, scenario_run_id: run, unique_key, traceparent, engine_type } = event;
  const trace = traceparent?.split("-")[1] ?? null;
  const event_of = (/** @type {string} */ other) => h(Link, { to: { screen: "events", id: other }, children: html`<span class="id">${other}</span>` });
  /** @type {[string, unknown][]} */
  const facts = [];
  if (redriven_from) facts.push(["redriven from", event_of(redriven_from)]);
  if (redriven_as) facts.push(["redriven as", event_of(redriven_as)]);
  if (caused_by) facts.push(["follows", event_of(caused_by)]);
  facts.push(["follow-ups", h(Link, { to: { screen: "events", filters: { caused_by: id } }, children: "its follow-up events" })]);
  if (run) facts.push(["run", html`${h(Link, { to: { screen: "runs", id: run }, children: h(Stranger, { text: run }) })} ${h(Link, { to: { screen: "events", filters: { scenario_run_id: run } }, children: "its events" })}`]);
  if (unique_key) facts.push(["unique key", html`${h(Stranger, { text: unique_key })} ${h(Copy, { text: unique_key })}`]);
  if (trace) facts.push(["trace", html`<span class="id">${trace}</span> ${h(Copy, { text: trace })}`]);
  facts.push(["same type", h(Link, { to: { screen: "events", filters: { engine_type, event_type: event.event_type } }, children: "other events of this type" })]);
  return html`<section class="panel" aria-label="Related"><header class="panel-head"><h2>Related</h2></header>
    <dl class="facts">${facts.map(([name, value]) => html`<div key=${name}><dt>${name}</dt><dd>${value}</dd></div>`)}
      ${event.dead_letter_reason !== null && may("read_dead_letter") ? h(Cause, { id }) : null}</dl></section>`;
}

/** Dead letters of the same cause. @param {{ id: string }} props */
function Cause({ id }) {
  const poll = useOnce(`read_dead_letter:${id}`, async (signal) => (await call("read_dead_letter", { path: { event_id: id }, signal })).data);
  const letter = poll.data;
  if (letter === null || letter.error_fingerprint === null) return null;
  const filters = { engine_type: letter.engine_type, error_fingerprint: letter.error_fingerprint };
  return html`<div><dt>same cause</dt><dd>${h(Link, { to: { screen: "dead-letter-group", filters }, children: "dead letters with the same cause" })}</dd></div>`;
}
