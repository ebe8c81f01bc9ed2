/** Lifting a quarantine: engines of the version get events again. */
import { act } from "./act.js";
import { asCli } from "./copy-as.js";
import { ask } from "./dialog.js";
import { h, html } from "./html.js";
import { Stranger } from "./stranger.js";

/** @param {string} name @param {string | null} version null: engines without one */
export async function lift(name, version) {
  const request = { path: { engine_type: name }, query: version === null ? { without_version: true } : { engine_software_version: version } };
  const isSure = await ask({
    title: "Lift a quarantine",
    sentence: html`${version === null ? "Engines without a version" : html`Engines of version ${h(Stranger, { text: version })}`} get events of ${name} again.`,
    verb: "Lift",
    cli: () => asCli("lift_quarantine", request),
  });
  if (isSure) await act("lift_quarantine", request, { done: `The quarantine in ${name} is lifted.` });
}
