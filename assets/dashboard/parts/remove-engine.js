/** Removing an engine: for good, so it is asked first, with what becomes of each event that it holds. */
import { call } from "../api/call.js";
import { removalOf, removalSentence } from "../rules/engine-words.js";
import { act, said } from "./act.js";
import { asCurl } from "./copy-as.js";
import { ask } from "./dialog.js";
import { h, html } from "./html.js";
import { short } from "./id.js";
import { tell } from "./notices.js";
import { Stranger } from "./stranger.js";

/** @typedef {import("../rules/engine-words.js").Engine} Engine */

const LISTED_MOST = 20;

/** @param {string} id @returns {Promise<boolean>} */
export async function removeEngine(id) {
  const path = { engine_id: id };
  let found;
  try {
    const query = { view: "brief", limit: LISTED_MOST };
    const [engine, held] = await Promise.all([call("read_engine", { path }), call("list_engine_leases", { path, query })]);
    found = { engine: engine.data, held: held.data };
  } catch (error) {
    tell(`It was not removed, as what it holds could not be read: ${said(/** @type {import("../api/call.js").CallError} */ (error))}`, { isBad: true });
    return false;
  }
  const { engine, held } = found;
  const isWanted = await ask({
    title: "Remove this engine?",
    sentence: `${removalSentence(engine)} This cannot be undone.`,
    facts: [["Engine", html`<span class="id">${id}</span> of ${h(Stranger, { text: engine.engine_type })}`]],
    form: () => (held.items.length === 0 ? null : html`<div><h3>What it holds</h3><ul class="engine-held">${held.items.map((event) => html`<li key=${event.event_id}>
      <span class="id" title=${event.event_id}>${short(event.event_id)}</span> ${h(Stranger, { text: event.event_type, most: 40 })}: ${removalOf(engine, event)}</li>`)}</ul>
      ${held.next_cursor === null ? null : html`<p class="note">These are the newest ${LISTED_MOST} of ${engine.leases_held}.</p>`}</div>`),
    verb: "Remove the engine",
    isDanger: true,
    curl: () => asCurl("deregister_engine", { path }),
  });
  if (!isWanted) return false;
  return (await act("deregister_engine", { path }, { done: `Engine ${short(id)} is removed.` })) !== null;
}
