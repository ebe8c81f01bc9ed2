/** Pausing or resuming the queues that are chosen, and what became of each. */
import { useState } from "../../vendor/hooks.js";
import { MOST, each } from "../../rules/bulk.js";
import { nothing } from "../../rules/choice.js";
import { sameAgain } from "../../rules/pause.js";
import { serverNow } from "../../api/call.js";
import { refreshAll } from "../../state/poll.js";
import { said } from "../../parts/act.js";
import { Button } from "../../parts/button.js";
import { h, html } from "../../parts/html.js";
import { tell } from "../../parts/notices.js";
import { askPause, callFor } from "../../parts/pause.js";

/** @typedef {import("../../rules/queue-state.js").BriefQueue} BriefQueue */
/** @typedef {import("../../rules/bulk.js").Result<import("../../api/call.js").CallError>} Result */
/** @typedef {{ verb: "paused" | "resumed", names: readonly string[], results: readonly Result[], run: (name: string) => Promise<unknown> }} Done */

/** @param {{ choice: import("../../vendor/signals.js").Signal<import("../../rules/choice.js").Choice>, queues: readonly BriefQueue[] }} props */
export function Bulk({ choice, queues }) {
  const [done, setDone] = useState(/** @type {Done | null} */ (null));
  const names = choice.value.ids;
  const why = names.length > MOST ? `at most ${MOST} at once` : null;

  /** @param {Done["verb"]} verb @param {readonly string[]} wanted @param {Done["run"]} run @param {(name: string) => Promise<unknown>} [back] */
  const start = async (verb, wanted, run, back) => {
    setDone({ verb, names: wanted, results: [], run });
    const results = await each(wanted, run, (heard) => setDone({ verb, names: wanted, results: /** @type {Result[]} */ (heard), run }));
    const well = results.filter(({ error }) => error === null).map(({ name }) => name);
    const undo = back && well.length > 0 ? { undo: () => start(verb === "paused" ? "resumed" : "paused", well, back) } : {};
    tell(`${well.length} of ${wanted.length} queues are ${verb}.`, { isBad: well.length < wanted.length, ...undo });
    void refreshAll();
  };
  const pauseAll = async () => {
    const body = await askPause(names);
    if (body === null) return;
    const wasPaused = new Map(queues.flatMap(({ engine_type, pause }) => (pause ? [[engine_type, pause]] : [])));
    choice.value = nothing;
    await start("paused", names, (name) => callFor("pause_queue", name, body), (name) => {
      const before = wasPaused.get(name);
      const again = before ? sameAgain(before, serverNow()) : null;
      return again ? callFor("pause_queue", name, again) : callFor("resume_queue", name);
    });
  };
  const resumeAll = async () => {
    const pauses = new Map(queues.flatMap(({ engine_type, pause }) => (pause ? [[engine_type, pause]] : [])));
    const paused = names.filter((name) => pauses.has(name));
    choice.value = nothing;
    await start("resumed", paused, (name) => callFor("resume_queue", name), async (name) => {
      const before = pauses.get(name);
      const again = before ? sameAgain(before, serverNow()) : null;
      if (again) await callFor("pause_queue", name, again);
    });
  };
  const isAnyPaused = queues.some(({ engine_type, pause }) => pause && names.includes(engine_type));
  return html`<div class="queues-bulk">
    ${names.length === 0 ? null : html`<div class="queues-chosen"><b>${names.length} chosen</b>
      ${h(Button, { operation: "pause_queue", why, onClick: pauseAll, children: "Pause" })}
      ${h(Button, { operation: "resume_queue", why: why ?? (isAnyPaused ? null : "None of them is paused"), onClick: resumeAll, children: "Resume" })}
      ${h(Button, { kind: "quiet", onClick: () => (choice.value = nothing), children: "Choose none" })}</div>`}
    ${done ? h(Outcome, { done, again: (left) => start(done.verb, left, done.run), close: () => setDone(null) }) : null}
  </div>`;
}

/** @param {{ done: Done, again: (names: readonly string[]) => Promise<void>, close: () => void }} props */
function Outcome({ done: { verb, names, results }, again, close }) {
  const failed = results.filter(({ error }) => error !== null);
  if (results.length === names.length && failed.length === 0) return null;
  return html`<div class="queues-outcome" role="status">
    <p>${results.length - failed.length} of ${names.length} are ${verb}${failed.length > 0 ? `, ${failed.length} are not:` : " …"}</p>
    <ul>${failed.map(({ name, error }) => html`<li key=${name}><b>${name}</b>: ${error ? said(error) : ""}</li>`)}</ul>
    ${results.length < names.length ? null : html`${h(Button, { onClick: () => again(failed.map(({ name }) => name)), children: "Do the rest" })}${h(Button, { kind: "quiet", onClick: close, children: "Close" })}`}
  </div>`;
}
