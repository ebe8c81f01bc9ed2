/** An event type is whatever events name: a person types what the producer says. */
import { useId, useState } from "../../vendor/hooks.js";
import { nameFault } from "../../rules/retry-policy.js";
import { go } from "../../state/place.js";
import { html } from "../../parts/html.js";

const NAME_MOST = 64;

export function ByName() {
  const id = useId();
  const [text, setText] = useState("");
  const [fault, setFault] = useState(/** @type {string | null} */ (null));
  /** @param {Event} event */
  const submit = (event) => {
    event.preventDefault();
    const name = text.trim();
    const why = nameFault(name);
    setFault(why);
    if (why === null) go({ screen: "policies", id: name });
  };
  return html`<form class="filter-bar" onSubmit=${submit}><label for=${id}>Open an event type by its name</label>
    <input id=${id} value=${text} maxlength=${NAME_MOST} autocomplete="off" spellcheck=${false} placeholder="dialogue.requested"
      aria-invalid=${fault === null ? undefined : "true"} aria-describedby=${fault === null ? undefined : `${id}-fault`} onInput=${(/** @type {any} */ event) => setText(event.currentTarget.value)} />
    <button type="submit" class="button">Open</button>
    ${fault === null ? null : html`<span id=${`${id}-fault`} class="filter-bar-wrong" role="alert">${fault}.</span>`}</form>`;
}
