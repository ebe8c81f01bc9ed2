/** Events × engines: a full row is an event that kills engines, a full column an engine that loses its events. */
import { crossTable } from "../../rules/suspects.js";
import { EngineId } from "../../parts/engine-id.js";
import { h, html } from "../../parts/html.js";
import { Id } from "../../parts/id.js";

/** @typedef {import("../../rules/suspects.js").Judged} Judged */

const ROWS_MOST = 10;
const COLUMNS_MOST = 8;

/** @param {{ suspects: import("./reading.js").Suspects, judged: Judged }} props */
export function CrossTable({ suspects: { events, losses }, judged: { causes } }) {
  const { engines, rows, left } = crossTable(losses, events.slice(0, ROWS_MOST).map(({ event_id }) => event_id), COLUMNS_MOST);
  if (rows.length === 0) return html`<p class="note">None of their lost attempts is kept any more.</p>`;
  const isSick = (/** @type {"event" | "engine"} */ kind, /** @type {string | null} */ id) => causes.some((cause) => cause.kind === kind && cause.id === id);
  const hasOthers = rows.some(({ others }) => others > 0);
  return html`<div class="suspects-cross" tabindex="0" role="region" aria-label="Who was lost with whom"><table class="plain">
    <thead><tr><th scope="col">Event</th>${engines.map((engine) => html`<th key=${engine ?? ""} scope="col" class=${isSick("engine", engine) ? "suspects-sick" : ""}>
      ${engine === null ? "anonymous" : h(EngineId, { id: engine })}${isSick("engine", engine) ? html`<br />sick?` : null}</th>`)}${hasOthers ? html`<th scope="col">others</th>` : null}</tr></thead>
    <tbody>${rows.map(({ event, cells, others }) => html`<tr key=${event} class=${isSick("event", event) ? "suspects-sick" : ""}>
      <th scope="row">${h(Id, { id: event, to: { screen: "events", id: event } })}${isSick("event", event) ? " sick?" : null}</th>
      ${cells.map((cell, place) => html`<td key=${place} class=${cell > 0 ? "suspects-lost" : ""}>${cell === 0 ? html`<span class="nothing">·</span>` : `⌁ ${cell}`}</td>`)}
      ${hasOthers ? html`<td>${others === 0 ? html`<span class="nothing">·</span>` : `⌁ ${others}`}</td>` : null}</tr>`)}</tbody>
  </table></div>${left > 0 ? html`<p class="note">${left === 1 ? "1 engine" : `${left} engines`} with fewer losses ${left === 1 ? "has" : "have"} no column of ${left === 1 ? "its" : "their"} own.</p>` : null}`;
}
