/** What the table of engines shows of each. */
import { serverNow } from "../../api/call.js";
import { engineSentence, engineStateOf, looksLike, neverAsked, slotsOf, versionOf } from "../../rules/engine-words.js";
import { count } from "../../rules/numbers.js";
import { h, html } from "../../parts/html.js";
import { short } from "../../parts/id.js";
import { Bar } from "../../parts/spark.js";
import { Stranger } from "../../parts/stranger.js";
import { Ago } from "../../parts/time.js";
import { twoLines } from "../../parts/two-lines.js";
import { windowWidth } from "../../parts/width.js";
import { Status } from "../../parts/words.js";

/** @typedef {import("../../rules/engine-words.js").Engine} Engine */
/** @typedef {import("../../rules/engine-filter.js").Sort} Sort */
/** @typedef {import("../../parts/table.js").Column<Engine>} Column */

/** Windows that are narrower have no room for them; on a phone, rows are cards. @type {Readonly<Record<string, number>>} */
const FROM_WIDTH = { registered: 1240 };

/**
 * @param {object} of
 * @param {Sort} of.sort as it is
 * @param {(by: Sort) => void} of.by
 * @param {boolean} of.isOneType all are of one type, which need not be said of each
 * @param {(engine: Engine) => boolean} of.isZombie
 * @param {boolean} of.areZombies all of them are, and it is said what that looks like
 * @returns {readonly Column[]}
 */
export function columnsOf({ sort, by, isOneType, isZombie, areZombies }) {
  /** @param {Sort} name @param {"ascending" | "descending"} sorted @returns {Pick<Column, "sort" | "sorted">} */
  const sorts = (name, sorted) => ({ sort: () => by(sort === name ? "registered" : name), ...(sort === name ? { sorted } : {}) });
  /** @type {Column[]} */
  const all = [
    { name: "id", title: "Engine", phone: "head", cell: (engine) => idOf(engine, isOneType) },
    { name: "version", title: "Version", cell: (engine) => h(Stranger, { text: versionOf(engine), most: 24 }) },
    { name: "state", title: "State", cell: (engine) => stateOf(engine, isZombie(engine)) },
    ...(areZombies ? [/** @type {Column} */ ({ name: "looks", title: "Looks like", cell: (engine) => html`<span class="engines-look">${looksLike(engine, serverNow())}</span>` })] : []),
    { name: "held", title: "Held / slots", cell: heldOf, ...sorts("held", "descending") },
    { name: "seen", title: "Seen", cell: ({ last_seen_at }) => h(Ago, { at: last_seen_at }), ...sorts("seen", "ascending") },
    { name: "asked", title: "Asked for work", cell: askedOf, ...sorts("asked", "ascending") },
    { name: "registered", title: "Registered", phone: "hide", cell: ({ registered_at }) => h(Ago, { at: registered_at }), ...sorts("registered", "descending") },
  ];
  return all.filter(({ name, phone }) => phone !== "hide" || (!areZombies && windowWidth() >= (FROM_WIDTH[name] ?? 0)));
}

/** @param {Engine} engine @param {boolean} isOneType */
function idOf({ engine_id, engine_type }, isOneType) {
  const id = html`<span class="id" title=${engine_id}>${short(engine_id)}</span>`;
  return isOneType ? id : twoLines(h(Stranger, { text: engine_type, most: 40 }), id);
}

/** @param {Engine} engine @param {boolean} isZombie */
function stateOf(engine, isZombie) {
  const state = isZombie && engine.status === "active" ? /** @type {const} */ ({ word: "zombie", kind: "bad" }) : engineStateOf(engine, serverNow());
  return html`<span title=${engineSentence(engine, serverNow())}>${h(Status, state)}</span>`;
}

/** @param {Engine} engine */
function askedOf(engine) {
  if (engine.last_poll_at !== null) return h(Ago, { at: engine.last_poll_at });
  return neverAsked(engine, serverNow()) ? html`<span title=${looksLike(engine, serverNow())}>${h(Status, { word: "never", kind: "warning" })}</span>` : "never";
}

/** @param {Engine} engine */
function heldOf(engine) {
  const [held, slots] = [engine.leases_held, slotsOf(engine)];
  if (slots === null) return html`<span class="queues-slots" title="It registered no limit">${count(held)}/∞</span>`;
  return html`<span class="queues-slots">${h(Bar, { part: held, whole: slots, title: `It holds ${count(held)} of ${count(slots)}` })} ${count(held)}/${count(slots)}</span>`;
}
