/** That no event of a type is known, before a policy is set that would hold for none: its name may have a typing error. */
import { call, serverNow } from "../../api/call.js";
import { similarTo } from "../../rules/similar-names.js";
import { useOnce } from "../../state/poll.js";
import { may } from "../../state/session.js";
import { h, html } from "../../parts/html.js";
import { Link } from "../../parts/link.js";
import { Stranger } from "../../parts/stranger.js";
import { Status } from "../../parts/words.js";

const NAME_MOST = 64;
const OFFERED_MOST = 5;
/** Of the event types with a policy, and of the events of the last day, one page each is looked through. */
const PAGE = 200;
const DAY_MS = 86_400_000;

/** @param {{ type: string }} props a type without a policy of its own */
export function UnknownType({ type }) {
  const { data: known } = useOnce(`known_event_types:${type}`, (signal) => (may("list_events") ? othersIfUnknown(type, signal) : Promise.resolve(null)));
  if (known === null) return null;
  const similar = similarTo(type, known, OFFERED_MOST);
  const shown = similar.length > 0 ? similar : known.slice(0, OFFERED_MOST);
  const links = shown.map((name, place) => html`<span key=${name}>${place > 0 ? ", " : ""}${h(Link, { to: { screen: "policies", id: name }, children: h(Stranger, { text: name, most: NAME_MOST }) })}</span>`);
  return html`<div class="policy-unknown"><p>${h(Status, { word: "No event of this type is known.", kind: "warning" })} Check the spelling. A policy can be set beforehand, and holds as soon as such events come.</p>
    ${shown.length === 0 ? null : html`<p>${similar.length > 0 ? "Similar types that are known" : "Types that are known"}: ${links}</p>`}</div>`;
}

/** @param {string} type @param {AbortSignal} signal @returns {Promise<readonly string[] | null>} the types that are known; null: it is one of them */
async function othersIfUnknown(type, signal) {
  const own = await call("list_events", { query: { event_type: type, view: "brief", limit: 1 }, signal });
  if (own.data.items.length > 0) return null;
  const yesterday = new Date(serverNow() - DAY_MS).toISOString();
  const [policies, events] = await Promise.all([
    call("list_event_types", { query: { limit: PAGE }, signal }),
    call("list_events", { query: { created_after: yesterday, view: "brief", limit: PAGE }, signal }),
  ]);
  return [...new Set([...policies.data.items, ...events.data.items].map(({ event_type }) => event_type))].sort();
}
