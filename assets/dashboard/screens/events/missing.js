/** Filters that cannot be asked for by themselves: what else is to be chosen, at a click. */
import { setFilter, setFilters } from "../../state/place.js";
import { useOverview } from "../../state/overview.js";
import { Button } from "../../parts/button.js";
import { h, html } from "../../parts/html.js";

/** More are chosen from a list. */
const BUTTONS_MOST = 12;

/** @param {{ missing: import("../../rules/event-company.js").Missing }} props */
export function MissingFilters({ missing: { sentence, choices, wantsQueue } }) {
  const overview = useOverview().data;
  const queues = wantsQueue ? (overview?.queues.map(({ engine_type }) => engine_type).sort() ?? []) : [];
  const choose = (/** @type {string} */ queue) => setFilter("engine_type", queue);
  return html`<section class="panel"><p role="status">${sentence}</p><p class="missing">
    ${choices.map(({ words, sets }) => h(Button, { key: words, onClick: () => setFilters(sets), children: words }))}
    ${queues.length <= BUTTONS_MOST
      ? queues.map((queue) => h(Button, { key: queue, onClick: () => choose(queue), children: `queue ${queue}` }))
      : html`<label>queue <select value="" onChange=${(/** @type {any} */ event) => choose(event.currentTarget.value)}><option value="">choose …</option>${queues.map((queue) => html`<option key=${queue} value=${queue}>${queue}</option>`)}</select></label>`}</p></section>`;
}
