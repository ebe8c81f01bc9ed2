/** One engine in a sentence: whose it is, whether it lives and asks, and what it holds. */
import { call } from "../api/call.js";
import { count } from "../rules/numbers.js";
import { usePoll } from "../state/poll.js";
import { h, html } from "./html.js";
import { Link } from "./link.js";
import { Panel } from "./panel.js";
import { Stranger } from "./stranger.js";
import { Ago } from "./time.js";

/** @typedef {import("../api/call.js").Data<"read_engine">} Engine */

const SECONDS = 15;
const STATES = { active: "is active", draining: "is draining", unresponsive: "has gone silent" };

/** @param {{ id: string, at: "queue" | "events", actions?: import("./html.js").Children }} props at: where this stands; it leads to the other */
export function EnginePanel({ id, at, actions }) {
  const poll = usePoll(`read_engine:${id}`, async (signal) => (await call("read_engine", { path: { engine_id: id }, signal })).data, { seconds: SECONDS });
  return h(Panel, {
    title: "The engine",
    poll,
    actions,
    gone: html`No engine of the id <span class="id">${id}</span> is registered: it has ended, or your token does not reach its queue.`,
    children: (/** @type {Engine} */ engine) => html`<p>Engine ${h(Link, { to: { screen: "engines", id }, children: html`<span class="id">${id}</span>` })} of <b>${h(Stranger, { text: engine.engine_type })}</b>, version ${h(Stranger, { text: engine.metadata.static_config.engine_software_version ?? null, most: 40 })},
      ${" "}${engine.is_quarantined ? "is quarantined: it is given no events" : (/** @type {Record<string, string>} */ (STATES)[engine.status] ?? engine.status)};
      ${" "}seen ${h(Ago, { at: engine.last_seen_at })}, ${engine.last_poll_at === null ? "it has never asked for work" : html`asked for work ${h(Ago, { at: engine.last_poll_at })}`};
      ${" "}it holds ${engine.leases_held === 0 ? "nothing" : engine.leases_held === 1 ? "1 event" : `${count(engine.leases_held)} events`}.
      ${" "}${at === "events" ? h(Link, { to: { screen: "queues", id: engine.engine_type, filters: { engine: id } }, children: "to its queue" }) : h(Link, { to: { screen: "events", filters: { leased_by: id } }, children: "the events that it holds" })}</p>`,
  });
}
