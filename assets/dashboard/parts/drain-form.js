/** What a person says beside a drain: why, and what the engines do once they hold nothing. */
import { signal } from "../vendor/signals.js";
import { MOST_REASON } from "../rules/pause.js";
import { html } from "./html.js";

/** @typedef {"stay" | "exit"} Then */

const THENS = /** @type {const} */ ([["stay", "wait until they are resumed"], ["exit", "exit: whatever runs them may start them anew"]]);

/** @returns {{ form: () => import("./html.js").Children, body: () => { reason?: string, then: Then } }} body: members of the request */
export function drainForm() {
  const reason = signal("");
  const then = signal(/** @type {Then} */ ("stay"));
  return {
    form: () => html`<label class="field">Reason <input name="reason" value=${reason.value} maxlength=${MOST_REASON} autocomplete="off" placeholder="is shown to the engines and in the audit trail"
        onInput=${(/** @type {any} */ event) => { reason.value = event.currentTarget.value; }} /></label>
      <fieldset class="choices"><legend>Once they hold nothing, they</legend>${THENS.map(([value, words]) => html`<label key=${value} class="choices-one">
        <input type="radio" name="then" checked=${then.value === value} onChange=${() => { then.value = value; }} /> ${words}</label>`)}</fieldset>`,
    body: () => ({ ...(reason.value.trim() ? { reason: reason.value.trim() } : {}), then: then.value }),
  };
}
