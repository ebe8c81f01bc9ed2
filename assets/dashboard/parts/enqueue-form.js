/** What an event needs that a person enqueues. */
import { call } from "../api/call.js";
import { MOST_NAME, nameFault, typesOf } from "../rules/new-event.js";
import { checked } from "../rules/payload.js";
import { useId, useMemo } from "../vendor/hooks.js";
import { useOnce } from "../state/poll.js";
import { may } from "../state/session.js";
import { Button } from "./button.js";
import { h, html } from "./html.js";
import { PayloadEditor } from "./payload-editor.js";
import { PrioritySelect } from "./priority-select.js";

/** @typedef {import("../rules/new-event.js").Draft} Draft */

const DELAYS = /** @type {const} */ ([[0, "now"], [300, "in 5 minutes"], [1800, "in 30 minutes"], [3600, "in an hour"], [21_600, "in 6 hours"], [86_400, "in a day"], [604_800, "in a week"]]);
const LOOKED_AT = 50;

/**
 * @param {object} props
 * @param {string} props.engineType
 * @param {import("../vendor/signals.js").Signal<Draft>} props.draft
 * @param {import("../rules/payload.js").Limits | undefined} props.limits
 * @param {string} props.news  why the last try brought nothing
 * @param {() => void} props.onNewKey
 */
export function EnqueueForm({ engineType, draft, limits, news, onNewKey }) {
  const id = useId();
  const { eventType, payload, priority, delaySeconds, key } = draft.value;
  const change = (/** @type {Partial<Draft>} */ changes) => {
    draft.value = { ...draft.value, ...changes };
  };
  const check = useMemo(() => checked(payload, limits), [payload, limits]);
  const typeFault = eventType === "" ? null : nameFault(eventType);
  return html`<div>
    ${news === "" ? null : html`<p class="banner" role="alert">${news}</p>`}
    <label class="field">Event type
      <input name="event_type" value=${eventType} list=${id} maxlength=${MOST_NAME} autocomplete="off" autocapitalize="off" spellcheck="false" autofocus=${eventType === ""} aria-invalid=${typeFault === null ? undefined : "true"}
        onInput=${(/** @type {any} */ event) => change({ eventType: event.currentTarget.value })} /></label>
    ${h(Types, { id, engineType })}
    ${typeFault === null ? null : html`<p class="field-fault" role="status">${typeFault}</p>`}
    ${h(PayloadEditor, { text: payload, onText: (/** @type {string} */ text) => change({ payload: text }), checked: check, ...(limits ? { limits } : {}) })}
    <div class="enqueue-when">
      ${h(PrioritySelect, { value: priority, onChoose: (/** @type {number} */ chosen) => change({ priority: chosen }) })}
      <label class="field">Due <select value=${String(delaySeconds)} onChange=${(/** @type {any} */ event) => change({ delaySeconds: Number(event.currentTarget.value) })}>
        ${DELAYS.map(([value, words]) => html`<option key=${value} value=${String(value)} selected=${value === delaySeconds}>${words}</option>`)}</select></label>
    </div>
    <details><summary>Idempotency key</summary><p class="note"><span class="id">${key}</span> The event is sent with this key: however often it is sent, it is taken in once.</p>
      ${h(Button, { kind: "quiet", onClick: onNewKey, children: "take another key" })}</details>
  </div>`;
}

/** The types of the newest events in the queue, to choose from. @param {{ id: string, engineType: string }} props */
function Types({ id, engineType }) {
  const isAllowed = may("list_events");
  const { data } = useOnce(`list_events:types:${engineType}:${isAllowed}`, async (signal) =>
    isAllowed ? (await call("list_events", { query: { engine_type: engineType, view: "brief", limit: LOOKED_AT }, signal })).data.items : []);
  return html`<datalist id=${id}>${typesOf(data ?? []).map((name) => html`<option key=${name} value=${name} />`)}</datalist>`;
}
