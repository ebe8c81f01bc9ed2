/** The cause in sentences: how many, since when, and which version does the dying. */
import { together } from "../../rules/causes.js";
import { reason } from "../../rules/dead-letter-filter.js";
import { count } from "../../rules/numbers.js";
import { visible } from "../../rules/text.js";
import { comparisons, spreadInWords, versionRows } from "../../rules/versions.js";
import { h, html } from "../../parts/html.js";
import { Message } from "../../parts/message.js";
import { Stranger } from "../../parts/stranger.js";
import { Ago, At } from "../../parts/time.js";

/** @param {{ data: import("../../api/call.js").Data<"group_dead_letters">, filter: Readonly<Record<string, string>> }} props */
export function GroupHead({ data, filter }) {
  const cause = /** @type {import("../../rules/causes.js").Cause} */ (together(data.items));
  const queues = [...new Set(data.items.map(({ engine_type }) => engine_type ?? ""))];
  const rows = versionRows(cause.versions, data.versions, cause.engineType);
  const isOne = filter["error_fingerprint"] !== undefined;
  return html`<div>
    <p class="group-message">${isOne || data.items.length === 1 ? h(Message, { message: cause.sampleMessage, fingerprint: cause.fingerprint, most: 600 }) : html`The newest: ${h(Stranger, { text: cause.sampleMessage })}`}</p>
    <p><b>${count(cause.count)}</b> ${cause.count === 1 ? "dead letter" : "dead letters"} since ${h(At, { at: cause.first })} (${h(Ago, { at: cause.first })}); the newest ${h(Ago, { at: cause.last })}${rows.length > 0 ? `; ${visible(spreadInWords(rows))}` : ""}.
      ${cause.redrivable < cause.count ? ` ${count(cause.count - cause.redrivable)} were redriven as other events already.` : ""}
      ${data.has_more ? " These are the largest groups: there are more." : ""}</p>
    ${queues.length > 1 ? html`<p>They are of ${queues.length} queues; name one to compare its versions.</p>` : html`<p>${visible(comparisons(rows).join(" "))}</p>`}
    <dl class="facts">
      <div><dt>Error type</dt><dd>${list(cause.errorTypes)}</dd></div>
      <div><dt>Queue</dt><dd>${list(queues)}</dd></div>
      <div><dt>Event type</dt><dd>${list(cause.eventTypes)}</dd></div>
      <div><dt>Died because they</dt><dd>${cause.reasons.map((code) => html`<span key=${code} title=${code}>${reason(code)} </span>`)}</dd></div>
    </dl>
  </div>`;
}

/** @param {readonly (string | null)[]} names */
function list(names) {
  return names.slice(0, 5).map((name, place) => html`<span key=${place}>${place > 0 ? ", " : ""}${h(Stranger, { text: name === "" ? null : name, most: 64 })}</span>`);
}
