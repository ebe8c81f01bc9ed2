/** Lifting a quarantine: engines of the version get events again. */
import { visible } from "../rules/text.js";
import { act } from "./act.js";
import { asCli } from "./copy-as.js";
import { ask } from "./dialog.js";
import { h, html } from "./html.js";
import { Stranger } from "./stranger.js";

/** @param {string} name @param {string | null} version null: engines without one */
function requestOf(name, version) {
  return { path: { engine_type: name }, query: version === null ? { without_version: true } : { engine_software_version: version } };
}

/** At once. @param {string} name @param {string | null} version */
export function liftNow(name, version) {
  return act("lift_quarantine", requestOf(name, version), { done: `The quarantine in ${visible(name)} is lifted.` });
}

/** Once it is asked. @param {string} name @param {string | null} version */
export async function lift(name, version) {
  const isSure = await ask({
    title: "Lift a quarantine",
    sentence: html`${version === null ? "Engines without a version" : html`Engines of version ${h(Stranger, { text: version })}`} get events of ${name} again.`,
    verb: "Lift",
    cli: () => asCli("lift_quarantine", requestOf(name, version)),
  });
  if (isSure) await liftNow(name, version);
}
