/** The server knows no event of that id: perhaps it is a dead letter yet. */
import { callWithText } from "../../api/call.js";
import { count } from "../../rules/numbers.js";
import { rawMembers } from "../../rules/raw-members.js";
import { may, session } from "../../state/session.js";
import { useOnce } from "../../state/poll.js";
import { h, html } from "../../parts/html.js";
import { JsonView } from "../../parts/json-view.js";
import { Panel } from "../../parts/panel.js";
import { Stranger } from "../../parts/stranger.js";
import { At } from "../../parts/time.js";
import { Status } from "../../parts/words.js";
import { reasonWords } from "../../rules/event-words.js";
import { DeadLetterButtons } from "./dead-letter-buttons.js";

/** @typedef {{ data: import("../../api/call.js").Data<"read_dead_letter">, text: string }} Told */

/** @param {{ id: string }} props */
export function NoEvent({ id }) {
  return may("read_dead_letter") ? h(PerhapsDead, { id }) : html`<section class="panel">${h(Nowhere, { id })}</section>`;
}

/** @param {{ id: string }} props */
function PerhapsDead({ id }) {
  const poll = useOnce(`read_dead_letter_text:${id}`, (signal) => callWithText("read_dead_letter", { path: { event_id: id }, signal }));
  return h(Panel, { poll, gone: h(Nowhere, { id }), children: (/** @type {Told} */ told) => h(Letter, { told }) });
}

/** @param {{ id: string }} props */
function Nowhere({ id }) {
  const days = session.value?.installation?.retention_days;
  return html`<div><h2>No event has this id</h2>
    <p class="id">${h(Stranger, { text: id })}</p>
    <p>Events that have ended are kept for ${days ? `${count(days)} days` : "some time"}, and dead letters until they are redriven or discarded.
      ${" "}So it ended before that, was never enqueued here, or belongs to a queue that your token does not reach.</p></div>`;
}

/** A dead letter that has outlived the record of its event. @param {{ told: Told }} props */
function Letter({ told: { data: letter, text } }) {
  const members = rawMembers(text);
  return html`<div class="event-head">
    <div class="event-title">${h(Status, { word: "dead letter", kind: "bad", code: letter.reason })} <h2>${h(Stranger, { text: letter.event_type })} <small>in ${h(Stranger, { text: letter.engine_type })}</small></h2></div>
    <p class="event-sentence">It became a dead letter at ${h(At, { at: letter.dead_lettered_at })}, after attempt ${letter.attempt}: ${reasonWords(letter.reason)}. The rest of its record has ended.</p>
    <div class="event-actions">${h(DeadLetterButtons, { letter })}</div>
    <h3>Last error</h3>${h(JsonView, { name: "error", text: members.get("error") ?? "null", file: `${letter.event_id}-error` })}
    <h3>Payload</h3>${h(JsonView, { name: "payload", text: members.get("payload") ?? "null", file: `${letter.event_id}-payload` })}
  </div>`;
}
