/** Who works on this queue. */
import { call, serverNow } from "../../api/call.js";
import { engineSentence, engineStateOf, slotsOf, versionOf } from "../../rules/engine-words.js";
import { count } from "../../rules/numbers.js";
import { may } from "../../state/session.js";
import { usePoll } from "../../state/poll.js";
import { CopyCli } from "../../parts/copy-as.js";
import { EngineId } from "../../parts/engine-id.js";
import { h, html } from "../../parts/html.js";
import { Link } from "../../parts/link.js";
import { Panel } from "../../parts/panel.js";
import { Stranger } from "../../parts/stranger.js";
import { Table } from "../../parts/table.js";
import { Ago } from "../../parts/time.js";
import { Status } from "../../parts/words.js";
import { drainEngine, resumeEngine } from "../../parts/drain-engine.js";
import { quarantineVersion } from "../../parts/quarantine.js";
import { Barred } from "./barred.js";

/** @typedef {import("../../api/types.js").components["schemas"]["Engine"]} Engine */
/** @typedef {{ items: Engine[], next_cursor: string | null }} Page */

const READ = 100;
const SHOWN = 20;
/** @type {readonly import("../../parts/table.js").Column<Engine>[]} */
const COLUMNS = [
  { name: "id", title: "Engine", cell: ({ engine_id }) => h(EngineId, { id: engine_id }), phone: "head" },
  { name: "version", title: "Version", cell: (engine) => h(Stranger, { text: versionOf(engine), most: 24 }) },
  { name: "state", title: "State", cell: (engine) => h(State, { engine }) },
  { name: "held", title: "Holds", align: "right", cell: (engine) => `${count(engine.leases_held)}/${room(engine)}` },
  { name: "seen", title: "Seen", cell: ({ last_seen_at }) => h(Ago, { at: last_seen_at }) },
  { name: "asked", title: "Asked", phone: "hide", cell: ({ last_poll_at }) => (last_poll_at === null ? "never" : h(Ago, { at: last_poll_at })) },
];

/** @param {Engine} engine */
function room(engine) {
  const slots = slotsOf(engine);
  return slots === null ? "∞" : count(slots);
}

/** @param {{ engine: Engine }} props */
function State({ engine }) {
  const now = serverNow();
  return html`<span title=${engineSentence(engine, now)}>${h(Status, engineStateOf(engine, now))}</span>`;
}

/** @param {Engine} engine @returns {readonly import("../../parts/table.js").Action[]} */
function actions(engine) {
  const { engine_id: id, engine_type: name, is_quarantined: isQuarantined } = engine;
  return [
    engine.drain !== null ? { verb: "Resume", operation: "resume_engine", run: () => resumeEngine(id) } : { verb: "Drain", operation: "drain_engine", run: () => drainEngine(id) },
    ...(isQuarantined ? [] : [{ verb: "Quarantine version …", operation: /** @type {const} */ ("quarantine_version"), run: () => quarantineVersion(name, versionOf(engine)) }]),
  ];
}

/** @param {{ name: string }} props */
export function Engines({ name }) {
  return may("list_engines") ? h(List, { name }) : h(Barred, { title: "Engines", operation: "list_engines" });
}

/**
 * The engines of a queue, the first page of them: asked for once by all that show them.
 * @param {string} name @returns {import("../../state/poll.js").Poll<Page>}
 */
export function useEngines(name) {
  const isAllowed = may("list_engines");
  return usePoll(`list_engines:${name} ${isAllowed}`, async (signal) => {
    if (!isAllowed) return { items: [], next_cursor: null };
    return (await call("list_engines", { query: { engine_type: name, view: "brief", limit: READ }, signal })).data;
  }, { seconds: 15 });
}

/** @param {{ name: string }} props */
function List({ name }) {
  const poll = useEngines(name);
  return h(Panel, {
    title: "Engines",
    poll,
    actions: html`${h(Link, { to: { screen: "engines", filters: { engine_type: name } }, children: "all of them" })} ${h(CopyCli, { operation: "list_engines", request: { query: { engine_type: name } } })}`,
    isEmpty: (/** @type {Page} */ { items }) => items.length === 0,
    empty: html`No engine of <b>${h(Stranger, { text: name })}</b> is registered. An engine registers itself when it starts, with its queue's name as its type.`,
    children: (/** @type {Page} */ { items, next_cursor }) => html`
      ${h(Table, { name: "Engines", rows: items.slice(0, SHOWN), keyOf: (/** @type {Engine} */ { engine_id }) => engine_id, columns: COLUMNS, actions })}
      ${items.length > SHOWN ? html`<p class="note">${items.length - SHOWN}${next_cursor ? " and more" : ""} others.</p>` : null}`,
  });
}
