/** What is done about a group: try some, then the rest; or all at once, one with another payload, an export, or the end of it. */
import { useState } from "../../vendor/hooks.js";
import { COUNTS, PRESET_COUNT } from "../../rules/canary.js";
import { count } from "../../rules/numbers.js";
import { go, setFilters } from "../../state/place.js";
import { Button } from "../../parts/button.js";
import { redriveWithPayload } from "../../parts/dead-letter-actions.js";
import { exportLetters } from "../../parts/export-letters.js";
import { h, html } from "../../parts/html.js";
import { purgeMany } from "../../parts/purge-many.js";
import { redriveMany } from "../../parts/redrive-many.js";
import { trySome } from "../../parts/try-some.js";

/** @typedef {import("../../parts/try-some.js").Which} Which */

/** @param {{ cause: import("../../rules/causes.js").Cause, several: string | null, filter: Readonly<Record<string, string>>, hasTried: boolean, hasJob: boolean }} props several: they died of these, not of one cause */
export function GroupActions({ cause, several, filter, hasTried, hasJob }) {
  const [which, setWhich] = useState(/** @type {Which} */ ("spread"));
  const none = cause.redrivable === 0 ? "All of them were redriven as other events already" : null;
  const tryThem = async (/** @type {number} */ many) => {
    const tried = await trySome({ values: filter, cause, many, which });
    if (tried !== null) setFilters({ tried: tried.ids.join(","), tried_at: tried.at, job: null });
  };
  const redrive = async () => {
    const job = await redriveMany({ values: filter, isRest: hasTried, of: several });
    if (job !== null) setFilters({ job: job.job_id });
  };
  const edit = async () => {
    const id = await redriveWithPayload({ event_id: cause.sampleEventId });
    if (id !== null) go({ screen: "events", id });
  };
  const purge = async () => void (await purgeMany({ values: filter, of: several }));
  const of = several === null ? "" : `, of ${several}`;
  const rest = hasTried ? "Redrive the rest" : "Redrive all";
  return html`<section class="panel"><header class="panel-head"><h2>What to do${several === null ? "" : ` about all ${several}`}</h2></header>
    <div class="group-try" role="group" aria-label="Try some">
      ${COUNTS.map((many) => h(Button, { key: many, operation: "redrive_dead_letter", kind: many === PRESET_COUNT && !hasTried ? "main" : "plain", why: none, onClick: () => tryThem(many), children: hasTried ? `Try ${many} more` : `Try ${many}` }))}
      <label>which <select value=${which} onChange=${(/** @type {any} */ event) => setWhich(event.currentTarget.value)}>
        <option value="spread">spread over time and versions</option><option value="newest">the newest</option></select></label>
    </div>
    <div class="group-rest">
      ${h(Button, { operation: "create_redrive_job", kind: hasTried && !hasJob ? "main" : "plain", why: none, onClick: redrive, children: `${rest} (${count(cause.redrivable)}${of})` })}
      ${h(Button, { operation: "redrive_dead_letter", onClick: edit, children: "Edit the payload of one" })}
      ${h(Button, { onClick: () => exportLetters(filter), children: "Export as JSON lines" })}
      ${h(Button, { operation: "purge_dead_letters", kind: "danger", onClick: purge, children: `Discard all (${count(cause.count)}${of})` })}
    </div></section>`;
}
