/** A field for JSON: what is wrong, and where, is said while it is typed. */
import { sizeInWords } from "../rules/payload.js";
import { Difference } from "./difference.js";
import { h, html } from "./html.js";

/**
 * @param {object} props
 * @param {string} props.text
 * @param {(text: string) => void} props.onText
 * @param {import("../rules/payload.js").Checked} props.checked
 * @param {import("../rules/payload.js").Limits} [props.limits]
 * @param {string} [props.before] what is edited: the difference to it is shown
 */
export function PayloadEditor({ text, onText, checked, limits, before }) {
  return html`<div>
    <label class="field">Payload
      <textarea class="payload-editor" rows="10" spellcheck="false" autocomplete="off" autocapitalize="off" aria-invalid=${checked.fault === null ? undefined : "true"} value=${text}
        onInput=${(/** @type {any} */ event) => onText(event.currentTarget.value)}></textarea></label>
    <p class=${checked.fault === null ? "note" : "field-fault"} role="status">${checked.fault ?? sizeInWords(checked, limits)}</p>
    ${before === undefined ? null : h(Difference, { before, after: text })}
  </div>`;
}
