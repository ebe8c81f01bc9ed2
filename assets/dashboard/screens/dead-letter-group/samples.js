/** Three of them side by side: what is the same in all is the cause. */
import { callForText, call, serverNow } from "../../api/call.js";
import { useState } from "../../vendor/hooks.js";
import { queryOf } from "../../rules/dead-letter-filter.js";
import { bytes, count } from "../../rules/numbers.js";
import { rawMembers } from "../../rules/raw-members.js";
import { useOnce } from "../../state/poll.js";
import { Button } from "../../parts/button.js";
import { discard, redriveOne } from "../../parts/dead-letter-actions.js";
import { h, html } from "../../parts/html.js";
import { Id } from "../../parts/id.js";
import { JsonView } from "../../parts/json-view.js";
import { Panel } from "../../parts/panel.js";
import { SmallGantt } from "../../parts/gantt-small.js";
import { Stranger } from "../../parts/stranger.js";
import { Ago } from "../../parts/time.js";

/** @typedef {import("../../api/types.js").components["schemas"]["DeadLetter"]} Letter */

const SAMPLES = 3;

/** @param {{ filter: Readonly<Record<string, string>> }} props */
export function Samples({ filter }) {
  const poll = useOnce(
    `list_dead_letters:samples:${JSON.stringify(filter)}`,
    async (signal) => (await call("list_dead_letters", { query: { ...queryOf(filter, serverNow()), view: "brief", limit: SAMPLES }, signal })).data,
  );
  return h(Panel, {
    title: "Samples",
    poll,
    isEmpty: (/** @type {{ items: readonly Letter[] }} */ { items }) => items.length === 0,
    empty: "None is left.",
    children: (/** @type {{ items: readonly Letter[] }} */ { items }) => html`<div class="samples">${items.map((letter) => h(Sample, { key: letter.event_id, letter }))}</div>`,
  });
}

/** @param {{ letter: Letter }} props */
function Sample({ letter }) {
  const { event_id: id, error_type, error_message, attempt, dead_lettered_at, payload_bytes, engine_software_version } = letter;
  return html`<article class="sample" aria-label=${`Dead letter ${id}`}>
    <h3>${h(Id, { id, to: { screen: "events", id } })}</h3>
    <p>${h(Ago, { at: dead_lettered_at })}, version ${h(Stranger, { text: engine_software_version, most: 40 })}, ${attempt === 1 ? "1 attempt" : `${count(attempt)} attempts`}</p>
    <p>${error_type ? html`<b>${h(Stranger, { text: error_type, most: 80 })}</b> ` : null}${h(Stranger, { text: error_message, most: 300, keepsLines: true })}</p>
    ${h(Inside, { id, size: payload_bytes })}
    <p class="sample-actions">${h(Button, { operation: "redrive_dead_letter", onClick: () => redriveOne(letter), why: letter.redriven_as ? "It was redriven as another event already" : null, children: "Redrive" })}
      ${h(Button, { operation: "discard_dead_letter", kind: "danger", onClick: () => discard(letter), children: "Discard" })}</p>
  </article>`;
}

/** Its attempts, its error and its payload, on request: they may be large. @param {{ id: string, size: number }} props */
function Inside({ id, size }) {
  const [isOpen, setOpen] = useState(false);
  return html`<details onToggle=${(/** @type {any} */ event) => setOpen(event.currentTarget.open)}><summary>attempts, error and payload (${bytes(size)})</summary>${isOpen ? h(Contents, { id }) : null}</details>`;
}

/** @param {{ id: string }} props */
function Contents({ id }) {
  const letter = useOnce(`read_dead_letter:${id}`, async (signal) => {
    const { data } = await callForText("read_dead_letter", { path: { event_id: id }, signal });
    const members = rawMembers(data);
    return { error: members.get("error") ?? "null", payload: members.get("payload") ?? "null" };
  });
  const attempts = useOnce(`list_attempts:brief:${id}`, async (signal) => ({
    event: (await call("read_event", { path: { event_id: id }, signal })).data,
    attempts: (await call("list_attempts", { path: { event_id: id }, query: { view: "brief", limit: 20 }, signal })).data.items,
  }));
  return html`<div>
    ${attempts.data === null ? null : html`<p>${h(SmallGantt, { event: attempts.data.event, attempts: attempts.data.attempts, now: serverNow(), width: 240 })}</p>
      <ol class="sample-attempts">${attempts.data.attempts.map(({ attempt, outcome, error_message }) => html`<li key=${attempt}>${attempt}: ${outcome}${error_message ? html` · ${h(Stranger, { text: error_message, most: 80 })}` : null}</li>`)}</ol>`}
    ${h(Panel, { poll: letter, children: (/** @type {{ error: string, payload: string }} */ { error, payload }) => html`
      <h4>Error</h4>${h(JsonView, { name: "error", text: error, file: `error-${id}` })}
      <h4>Payload</h4>${h(JsonView, { name: "payload", text: payload, file: `payload-${id}` })}` })}
  </div>`;
}
