/** Versions of engines that are given nothing of this queue. */
import { Button } from "../../parts/button.js";
import { h, html } from "../../parts/html.js";
import { lift } from "../../parts/lift.js";
import { Stranger } from "../../parts/stranger.js";
import { Ago, CountDown } from "../../parts/time.js";
import { Status } from "../../parts/words.js";

/** @typedef {import("../../rules/queue-settings.js").Queue} Queue */

/** @param {{ name: string, quarantines: Queue["quarantines"] }} props */
export function Quarantines({ name, quarantines }) {
  if (quarantines.length === 0) return null;
  return html`<ul class="queue-quarantines">${quarantines.map(({ engine_software_version: version, reason, by, since, lift_at }) => html`<li key=${version ?? ""}>
    ${h(Status, { word: "quarantined", kind: "held" })} ${version === null ? "engines without a version" : html`version ${h(Stranger, { text: version })}`}: ${h(Stranger, { text: reason })}
    <span class="note">${by ? html`by ${h(Stranger, { text: by })}, ` : null}${h(Ago, { at: since })}${lift_at ? html`, ends in ${h(CountDown, { to: lift_at })}` : null}</span>
    ${h(Button, { operation: "lift_quarantine", onClick: () => lift(name, version), children: "Lift" })}</li>`)}</ul>`;
}
