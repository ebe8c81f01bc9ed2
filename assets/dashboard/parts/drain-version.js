/** Taking a bad version out: its engines finish what they hold and get nothing more. */
import { call } from "../api/call.js";
import { outlookInWords, outlookOf } from "../rules/drain.js";
import { count } from "../rules/numbers.js";
import { MOST_REASON } from "../rules/pause.js";
import { callEach } from "../api/each.js";
import { signal } from "../vendor/signals.js";
import { refreshAll } from "../state/poll.js";
import { said } from "./act.js";
import { asCli, asCurl } from "./copy-as.js";
import { ask } from "./dialog.js";
import { html } from "./html.js";
import { tell } from "./notices.js";

/** @typedef {import("../api/call.js").CallError} CallError */
/** @typedef {"stay" | "exit"} Then */

const THENS = /** @type {const} */ ([["stay", "wait until they are resumed"], ["exit", "exit: whatever runs them may start them anew"]]);

/** @param {string} engineType @param {string} version */
export async function drainVersion(engineType, version) {
  const filter = { engine_type: engineType, engine_software_version: version };
  const reason = signal("");
  const then = signal(/** @type {Then} */ ("stay"));
  const body = () => ({ filter, ...(reason.value.trim() ? { reason: reason.value.trim() } : {}), then: then.value });
  try {
    const { groups } = (await call("summarize_engines", { query: { engine_type: engineType } })).data;
    const outlook = outlookOf(groups, engineType, version);
    if (outlook.engines === 0) return void tell("No engine of that version is there that is not draining already.");
    const isWanted = await ask({
      title: `Drain version ${version} of ${engineType}?`,
      sentence: outlookInWords(outlook),
      form: () => html`<label class="field">Reason <input name="reason" value=${reason.value} maxlength=${MOST_REASON} autocomplete="off" placeholder="is shown to the engines and in the audit trail"
          onInput=${(/** @type {any} */ event) => { reason.value = event.currentTarget.value; }} /></label>
        <fieldset class="choices"><legend>Once they hold nothing, they</legend>${THENS.map(([value, words]) => html`<label key=${value} class="choices-one">
          <input type="radio" name="then" checked=${then.value === value} onChange=${() => { then.value = value; }} /> ${words}</label>`)}</fieldset>`,
      verb: outlook.engines === 1 ? "Drain 1 engine" : `Drain ${count(outlook.engines)} engines`,
      isDanger: outlook.remaining === 0,
      cli: () => asCli("drain_engines", { body: body() }),
      curl: () => asCurl("drain_engines", { body: body() }),
    });
    if (!isWanted) return;
    const { draining, engine_ids: ids } = (await call("drain_engines", { body: body() })).data;
    const done = `${draining === 1 ? "1 engine" : `${count(draining)} engines`} of version ${version} ${draining === 1 ? "is" : "are"} draining.`;
    // Those that were told to exit may be gone a moment later.
    tell(done, then.value === "stay" ? { undo: async () => (await resume(ids), true) } : {});
  } catch (error) {
    tell(said(/** @type {CallError} */ (error)), { isBad: true });
  }
  void refreshAll();
}

/** @param {readonly string[]} ids @returns {Promise<boolean>} */
async function resume(ids) {
  const { done, failed } = await callEach(ids, "resume_engine", (id) => ({ path: { engine_id: id } }));
  const [first] = failed;
  if (first) tell(`${count(done.length)} engines work again, ${count(failed.length)} do not: ${said(first.error)}`, { isBad: true });
  else tell(done.length === 1 ? "The engine works again." : `${count(done.length)} engines work again.`);
  void refreshAll();
  return failed.length === 0;
}
