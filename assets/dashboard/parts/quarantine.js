/** Quarantining a version of the engines of a queue: what it does is said first, and it can be lifted again. */
import { call } from "../api/call.js";
import { LENGTHS, MOST_REASON } from "../rules/pause.js";
import { quarantineInWords, quarantineMeanwhile } from "../rules/quarantine.js";
import { visible } from "../rules/text.js";
import { versionInWords } from "../rules/versions.js";
import { signal } from "../vendor/signals.js";
import { act, said } from "./act.js";
import { asCli, asCurl } from "./copy-as.js";
import { ask } from "./dialog.js";
import { html } from "./html.js";
import { liftNow } from "./lift.js";
import { tell } from "./notices.js";
import { undoOf } from "./undo.js";

/** A version that is bad stays so until another is there: the quarantine has no end unless one is chosen. */
const LONG = LENGTHS.map(([seconds, words]) => /** @type {const} */ ([seconds, seconds === null ? "until somebody lifts it" : words])).filter(([seconds]) => seconds === null || seconds >= 3600).reverse();

/** @param {string} name of the queue @param {string | null} version null: engines without one */
export async function quarantineVersion(name, version) {
  const path = { engine_type: name };
  const reason = signal("");
  const seconds = signal(/** @type {number | null} */ (null));
  const request = () => ({ path, body: { engine_software_version: version, reason: reason.value.trim(), ...(seconds.value === null ? {} : { lift_after_seconds: seconds.value }) } });
  let outlook;
  try {
    outlook = quarantineInWords((await call("summarize_engines", { query: path })).data.groups, name, version);
  } catch (error) {
    return void tell(said(/** @type {import("../api/call.js").CallError} */ (error)), { isBad: true });
  }
  const isWanted = await ask({
    title: `Quarantine ${visible(versionInWords(version))} in ${visible(name)}?`,
    sentence: visible(outlook.sentence),
    form: () => html`<label class="field">Reason <input name="reason" value=${reason.value} maxlength=${MOST_REASON} autocomplete="off" autofocus
        placeholder="is shown wherever the queue is" onInput=${(/** @type {any} */ event) => { reason.value = event.currentTarget.value; }} /></label>
      <fieldset class="choices"><legend>For how long</legend>${LONG.map(([value, words]) => html`<label key=${words} class="choices-one">
        <input type="radio" name="length" checked=${seconds.value === value} onChange=${() => { seconds.value = value; }} /> ${words}</label>`)}</fieldset>`,
    why: () => (reason.value.trim() === "" ? "A reason has to be given" : null),
    verb: "Quarantine",
    isDanger: outlook.isLast,
    cli: () => asCli("quarantine_version", request()),
    curl: () => asCurl("quarantine_version", request()),
  });
  if (!isWanted) return;
  const words = visible(versionInWords(version));
  await act("quarantine_version", request(), {
    done: `${words} is quarantined in ${visible(name)}.`.replace(/^engines without a version is/, "Engines without a version are").replace(/^version/, "Version"),
    undo: (mine) => undoOf({
      look: async () => quarantineMeanwhile(mine, (await call("read_queue", { path })).data.quarantines),
      run: () => liftNow(name, version),
      already: "The quarantine is lifted already.",
    })(),
  });
}
