/** Pausing or resuming the queues that are chosen, and what became of each. */
import { useState } from "../../vendor/hooks.js";
import { serverNow } from "../../api/call.js";
import { callEach } from "../../api/each.js";
import { nothing } from "../../rules/choice.js";
import { allMeanwhile } from "../../rules/meanwhile.js";
import { pauseMeanwhile, sameAgain } from "../../rules/pause.js";
import { refreshAll } from "../../state/poll.js";
import { said } from "../../parts/act.js";
import { Button } from "../../parts/button.js";
import { h, html } from "../../parts/html.js";
import { tell } from "../../parts/notices.js";
import { askPause } from "../../parts/pause.js";
import { undoOf } from "../../parts/undo.js";

/** @typedef {import("../../rules/queue-state.js").BriefQueue} BriefQueue */
/** @typedef {import("../../rules/pause.js").PauseBody} PauseBody */
/** @typedef {import("../../api/each.js").Outcome} Outcome */

/** Requests that one press of a button makes, at most. */
const MOST = 100;

/**
 * What is done to each: paused with this body, or, where there is none, resumed.
 * @typedef {ReadonlyMap<string, PauseBody | null>} Orders
 */

/** @typedef {ReadonlyMap<string, import("../../rules/pause.js").QueuePause | null>} Pauses by queue */

/** @param {{ choice: import("../../vendor/signals.js").Signal<import("../../rules/choice.js").Choice>, queues: readonly BriefQueue[] }} props */
export function Bulk({ choice, queues }) {
  const [done, setDone] = useState(/** @type {{ orders: Orders, words: string, outcome: Outcome } | null} */ (null));
  const names = choice.value.ids;
  const why = names.length > MOST ? `at most ${MOST} at once` : null;
  const paused = names.filter((name) => queues.some(({ engine_type, pause }) => pause && engine_type === name));

  /** @param {Orders} orders @param {string} words what they are then @param {Pauses} [before] */
  const start = async (orders, words, before = new Map()) => {
    choice.value = nothing;
    const outcome = await carryOut(orders, (so) => setDone({ orders, words, outcome: so }));
    const well = new Map([...before].filter(([name]) => outcome.done.includes(name)));
    const undo = undoOf({ look: () => look(well, outcome), run: () => start(ordersOf(well), "are as before"), already: "They are as before already." });
    tell(inWords(outcome, orders.size, words), { isBad: outcome.failed.length > 0, ...(well.size > 0 ? { undo } : {}) });
    refreshAll();
  };
  const pauseAll = async () => {
    const body = await askPause(names);
    if (body !== null) await start(new Map(names.map((name) => [name, body])), "are paused", asBefore(names, queues));
  };
  const resumeAll = () => start(new Map(paused.map((name) => [name, null])), "go on", asBefore(paused, queues));
  return html`<div class="queues-bulk">
    ${names.length === 0 ? null : html`<div class="queues-chosen"><b>${names.length} chosen</b>
      ${h(Button, { operation: "pause_queue", why, onClick: pauseAll, children: "Pause" })}
      ${h(Button, { operation: "resume_queue", why: why ?? (paused.length > 0 ? null : "None of them is paused"), onClick: resumeAll, children: "Resume" })}
      ${h(Button, { kind: "quiet", onClick: () => (choice.value = nothing), children: "choose none" })}</div>`}
    ${done ? h(Shown, { ...done, again: (left) => start(left, done.words), close: () => setDone(null) }) : null}
  </div>`;
}

/** @param {Orders} orders @param {(outcome: Outcome) => void} progress @returns {Promise<Outcome>} */
async function carryOut(orders, progress) {
  const path = (/** @type {string} */ name) => ({ path: { engine_type: name } });
  const names = [...orders.keys()];
  const first = await callEach(names.filter((name) => orders.get(name)), "pause_queue", (name) => ({ ...path(name), body: orders.get(name) }), (so) => progress({ ...so }));
  const second = await callEach(names.filter((name) => !orders.get(name)), "resume_queue", path, (so) => progress(both(first, so)));
  return both(first, second);
}

/** @param {Outcome} one @param {Outcome} other @returns {Outcome} */
function both(one, other) {
  return { done: [...one.done, ...other.done], failed: [...one.failed, ...other.failed], answers: new Map([...one.answers, ...other.answers]) };
}

/** @param {readonly string[]} names @param {readonly BriefQueue[]} queues @returns {Pauses} */
function asBefore(names, queues) {
  const pauses = new Map(queues.map(({ engine_type, pause }) => [engine_type, pause]));
  return new Map(names.map((name) => [name, pauses.get(name) ?? null]));
}

/** What makes the queues again as they were, with what is left of their pauses. @param {Pauses} before @returns {Orders} */
function ordersOf(before) {
  return new Map([...before].map(([name, pause]) => [name, pause ? sameAgain(pause, serverNow()) : null]));
}

/** How the queues are now, against how this press of a button left them. @param {Pauses} before @param {Outcome} left */
async function look(before, left) {
  const now = await callEach([...before.keys()], "read_queue", (name) => ({ path: { engine_type: name } }));
  const [first] = now.failed;
  if (first !== undefined) throw first.error;
  return allMeanwhile([...before].map(([name, pause]) => pauseMeanwhile(name, left.answers.get(name)?.pause ?? null, pause, now.answers.get(name)?.pause ?? null)));
}

/** @param {Outcome} outcome @param {number} all @param {string} words */
function inWords({ done }, all, words) {
  return `${done.length} of ${all} queues ${words}.`;
}

/** @param {{ orders: Orders, words: string, outcome: Outcome, again: (orders: Orders) => Promise<void>, close: () => void }} props */
function Shown({ orders, words, outcome, again, close }) {
  const { done, failed } = outcome;
  const isOver = done.length + failed.length === orders.size;
  if (isOver && failed.length === 0) return null;
  const left = () => new Map(failed.map(({ id }) => [id, orders.get(id) ?? null]));
  return html`<div class="queues-outcome" role="status">
    <p>${inWords(outcome, orders.size, words)} ${failed.length > 0 ? `${failed.length} could not be changed:` : "…"}</p>
    <ul>${failed.map(({ id, error }) => html`<li key=${id}><b>${id}</b>: ${said(error)}</li>`)}</ul>
    ${isOver ? html`${h(Button, { onClick: () => again(left()), children: "Do the rest" })} ${h(Button, { kind: "quiet", onClick: close, children: "Close" })}` : null}
  </div>`;
}
