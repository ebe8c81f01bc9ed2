/** A plot as a table, for keyboards, screen readers and copying. */
import { useState } from "../vendor/hooks.js";
import { atOf } from "../rules/times.js";
import { html } from "./html.js";

/**
 * @param {object} props
 * @param {string} props.title
 * @param {readonly number[]} props.at seconds
 * @param {readonly { title: string, values: readonly (number | null)[] }[]} props.columns
 * @param {(value: number | null) => string} props.inWords
 * @param {import("../rules/times.js").Zone} props.zone
 * @param {readonly import("../rules/changes.js").Marker[]} props.markers
 */
export function PlotTable({ title, at, columns, inWords, zone, markers }) {
  const [isOpen, setOpen] = useState(false);
  const changes = markers.length === 0 ? "" : `, and ${markers.length === 1 ? "1 change" : `${markers.length} changes`}`;
  return html`<details class="plot-table" onToggle=${(/** @type {any} */ event) => setOpen(event.currentTarget.open)}>
    <summary>As a table${changes}</summary>
    ${isOpen ? html`<div class="plot-table-scroll" tabindex="0" role="region" aria-label=${`${title}, as a table`}>
      ${markers.length === 0 ? null : html`<ul class="plot-changes">${markers.map(({ at: when, sign, text }) =>
        html`<li key=${`${when} ${text}`}><b>${sign}</b> ${atOf(when, zone)}: ${text}</li>`)}</ul>`}
      <table class="plain"><caption class="hidden">${title}</caption>
        <thead><tr><th scope="col">Until</th>${columns.map((column) => html`<th key=${column.title} scope="col" class="table-right">${column.title}</th>`)}</tr></thead>
        <tbody>${at.map((seconds, i) => html`<tr key=${seconds}><th scope="row">${atOf(seconds * 1000, zone)}</th>
          ${columns.map((column) => html`<td key=${column.title} class="table-right">${inWords(column.values[i] ?? null)}</td>`)}</tr>`).reverse()}</tbody>
      </table></div>` : null}
  </details>`;
}
