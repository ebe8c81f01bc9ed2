/** Cancelling a run, and letting one that is cancelled take events again. */
import { call } from "../../api/call.js";
import { cancelledInWords, effectOfCancel, openOf } from "../../rules/run.js";
import { count } from "../../rules/numbers.js";
import { visible } from "../../rules/text.js";
import { session } from "../../state/session.js";
import { act, said } from "../../parts/act.js";
import { Button } from "../../parts/button.js";
import { asCli, asCurl } from "../../parts/copy-as.js";
import { ask } from "../../parts/dialog.js";
import { h, html } from "../../parts/html.js";
import { tell } from "../../parts/notices.js";

/** @typedef {import("../../rules/run.js").Run} Run */

/** @param {{ id: string, run: Run }} props */
export function RunButtons({ id, run }) {
  const isCancelled = run.status === "cancelled" || run.cancelled_in.length > 0;
  return html`${isCancelled ? h(Button, { operation: "reopen_scenario_run", onClick: () => reopen(id), children: "Reopen" }) : null}
    ${run.status === "cancelled" && openOf(run) === 0 ? null : h(Button, { operation: "cancel_scenario_run", kind: openOf(run) > 0 ? "danger" : "plain", onClick: () => cancel(id), children: "Cancel the run …" })}`;
}

/** Counted anew at that moment, as what the page shows may be seconds old. @param {string} id */
async function cancel(id) {
  const request = { path: { scenario_run_id: id } };
  let run;
  try {
    run = (await call("read_scenario_run", request)).data;
  } catch (error) {
    tell(said(/** @type {import("../../api/call.js").CallError} */ (error)), { isBad: true });
    return;
  }
  const open = openOf(run);
  const isWanted = await ask({
    title: `Cancel the run ${visible(id)}?`,
    sentence: effectOfCancel(run, session.value?.engine_types != null),
    facts: [["Queued, cancelled now", count(run.counts.queued, run.is_approximate)], ["With engines, asked to stop", count(run.counts.processing, run.is_approximate)]],
    verb: "Cancel the run",
    isDanger: open > 0, // without open events it is undone by reopening
    ...(open > 0 ? { typed: String(open) } : {}),
    cli: () => asCli("cancel_scenario_run", request),
    curl: () => asCurl("cancel_scenario_run", request),
  });
  if (isWanted) await act("cancel_scenario_run", request, { done: cancelledInWords });
}

/** @param {string} id */
function reopen(id) {
  const done = (/** @type {import("../../api/call.js").Data<"reopen_scenario_run">} */ { reopened }) =>
    reopened ? "The run takes events again. What was cancelled stays cancelled." : "Nothing was reopened: the run is not cancelled any more, or it was cancelled beyond what your token reaches.";
  return act("reopen_scenario_run", { path: { scenario_run_id: id } }, { done });
}
