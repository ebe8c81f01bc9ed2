/** Why no dead letter is shown: nobody has died, or the filter lets none through. */
import { NAMES } from "../../rules/dead-letter-filter.js";
import { setFilters } from "../../state/place.js";
import { Button } from "../../parts/button.js";
import { filterWords } from "../../parts/filter-words.js";
import { h, html } from "../../parts/html.js";

/** @param {{ values: Readonly<Record<string, string>> }} props */
export function NoDeadLetters({ values }) {
  const set = NAMES.filter((name) => values[name] !== undefined);
  if (set.length === 0) {
    return html`<p>Nobody has died here.</p>
      <p>An event becomes a dead letter when its retries are spent, when an engine says that a retry is of no use, or when it was lost silently too often. Dead letters are kept until somebody redrives or discards them.</p>`;
  }
  return html`<p>No dead letter with ${filterWords(values)}.</p>
    <p>${h(Button, { onClick: () => setFilters(Object.fromEntries(set.map((name) => [name, null]))), children: "Clear all filters" })}</p>`;
}
