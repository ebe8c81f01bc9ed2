/** Those that were tried: one row each, and what they say of the others. */
import { CallError, call, serverNow } from "../../api/call.js";
import { fateOf, judge } from "../../rules/canary.js";
import { setFilters } from "../../state/place.js";
import { usePoll } from "../../state/poll.js";
import { Button } from "../../parts/button.js";
import { SmallGantt } from "../../parts/gantt-small.js";
import { h, html } from "../../parts/html.js";
import { Id } from "../../parts/id.js";
import { Panel } from "../../parts/panel.js";
import { Stranger } from "../../parts/stranger.js";
import { Ago } from "../../parts/time.js";
import { Status } from "../../parts/words.js";
import { Verdict } from "./verdict.js";

/** @typedef {import("../../api/types.js").components["schemas"]["Event"]} Event */
/** @typedef {import("../../api/types.js").components["schemas"]["Attempt"]} Attempt */
/** @typedef {{ id: string, event: Event | null, attempts: readonly Attempt[], isSame: boolean | null }} Try null: it has not died again, or not known */

const FEW = 10;
const STATUS = /** @type {const} */ ({
  waiting: ["waits", "waiting"],
  running: ["runs", "busy"],
  done: ["done", "good"],
  same: ["died again of the same", "bad"],
  another: ["died of a different error", "warning"],
  cancelled: ["cancelled", "idle"],
  unknown: ["not known any more", "idle"],
});

/** @param {{ ids: readonly string[], at: string, filter: Readonly<Record<string, string>> }} props */
export function Tried({ ids, at, filter }) {
  const poll = usePoll(
    `read_event:tried:${ids.join(",")}`,
    (signal, /** @type {readonly Try[] | null} */ before) => askAll(ids, at, filter, before, signal),
    { seconds: ids.length <= FEW ? 2 : 5 },
  );
  const close = h(Button, { kind: "quiet", onClick: () => setFilters({ tried: null, tried_at: null, job: null }), children: "watch no longer" });
  return h(Panel, {
    title: ids.length === 1 ? "The one that was tried" : `The ${ids.length} that were tried`,
    poll,
    actions: close,
    children: (/** @type {readonly Try[]} */ tries) => h(Rows, { tries, at }),
  });
}

/** @param {Try} tried */
function fate({ event, isSame }) {
  return fateOf(event ?? undefined, isSame === null ? undefined : { isSame });
}

/** @param {{ tries: readonly Try[], at: string }} props */
function Rows({ tries, at }) {
  const judgement = judge(tries.map(fate));
  return html`<div>
    ${h(Verdict, { judgement, queue: tries.find(({ event }) => event !== null)?.event?.engine_type ?? null })}
    <p class="note">Tried ${h(Ago, { at })}. The address of this page shows them to others, too.</p>
    <div class="scrolls"><table class="plain tried" aria-label="Those that were tried"><tbody>${tries.map((tried) => {
      const { id, event, attempts } = tried;
      const [word, kind] = STATUS[fate(tried)];
      return html`<tr key=${id}><th scope="row">${h(Id, { id, to: { screen: "events", id } })}</th><td>${h(Status, { word, kind })}</td>
        <td>${event === null ? null : h(SmallGantt, { event, attempts: attempts.filter((each) => each.ended_at >= at), now: serverNow(), width: 160 })}</td>
        <td>${event?.status === "failed" ? h(Stranger, { text: event.error_message, most: 80 }) : null}</td></tr>`;
    })}</tbody></table></div>
  </div>`;
}

/**
 * @param {readonly string[]} ids @param {string} at @param {Readonly<Record<string, string>>} filter @param {readonly Try[] | null} before @param {AbortSignal} signal
 * @returns {Promise<Try[]>}
 */
async function askAll(ids, at, filter, before, signal) {
  const tries = await Promise.all(ids.map((id, place) => ask(id, before?.[place] ?? null, signal)));
  const died = tries.filter(({ event, isSame }) => event?.status === "failed" && isSame === null);
  const [first] = died;
  if (first === undefined) return tries;
  const query = { engine_type: first.event?.engine_type, dead_lettered_after: at, view: "brief", limit: 200 };
  const { items } = (await call("list_dead_letters", { query, signal })).data;
  const causes = new Map(items.map(({ event_id, error_fingerprint }) => [event_id, error_fingerprint ?? ""]));
  const wanted = filter["error_fingerprint"];
  return tries.map((each) => {
    const cause = causes.get(each.id);
    return !died.includes(each) || cause === undefined || wanted === undefined ? each : { ...each, isSame: cause === wanted };
  });
}

/** @param {string} id @param {Try | null} before @param {AbortSignal} signal @returns {Promise<Try>} */
async function ask(id, before, signal) {
  if (before?.event?.finished_at) return before;
  try {
    const { data: event } = await call("read_event", { path: { event_id: id }, signal });
    const isOther = event.attempt !== before?.event?.attempt || event.status !== before.event.status;
    const attempts = isOther ? (await call("list_attempts", { path: { event_id: id }, query: { view: "brief", limit: 20 }, signal })).data.items : before.attempts;
    return { id, event, attempts, isSame: null };
  } catch (error) {
    if (error instanceof CallError && error.status === 404) return { id, event: null, attempts: [], isSame: null };
    throw error;
  }
}
