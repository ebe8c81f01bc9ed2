/** The engines that are chosen, and what can be done with all of them. */
import { nothing, withAll } from "../../rules/choice.js";
import { count } from "../../rules/numbers.js";
import { Button } from "../../parts/button.js";
import { drainChosen } from "../../parts/drain-chosen.js";
import { h, html } from "../../parts/html.js";
import { askToResume } from "../../parts/resume-engines.js";

/** @typedef {import("../../rules/engine-words.js").Engine} Engine */

/** Each is one request. */
const MOST = 100;

/** @param {{ choice: import("../../vendor/signals.js").Signal<import("../../rules/choice.js").Choice>, engines: readonly Engine[], queues: readonly import("../../rules/drain-words.js").Queue[] }} props */
export function Chosen({ choice, engines, queues }) {
  const { ids } = choice.value;
  if (ids.length === 0) return null;
  const wanted = new Set(ids);
  const chosen = engines.filter(({ engine_id }) => wanted.has(engine_id));
  const draining = chosen.filter(({ drain }) => drain !== null);
  const others = chosen.filter(({ drain }) => drain === null);
  const why = (/** @type {readonly Engine[]} */ these, /** @type {string} */ none) => (these.length > MOST ? `No more than ${MOST} at once; a whole version is drained in the table above` : these.length === 0 ? none : null);
  // Those with which it failed stay chosen, to be tried again.
  const then = (/** @type {readonly string[] | null} */ left) => {
    if (left !== null) choice.value = withAll(nothing, left);
  };
  return html`<div class="chosen" role="group" aria-label="What is chosen"><b>${count(chosen.length)} chosen</b>
    ${h(Button, { operation: "drain_engine", why: why(others, "All of them are draining"), onClick: async () => then(await drainChosen(others, queues)), children: "Drain …" })}
    ${h(Button, { operation: "resume_engine", why: why(draining, "None of them is draining"), onClick: async () => then(await askToResume(draining)), children: "Resume …" })}
    ${h(Button, { kind: "quiet", onClick: () => { choice.value = nothing; }, children: "choose none" })}</div>`;
}
