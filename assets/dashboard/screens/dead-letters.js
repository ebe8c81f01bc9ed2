/** Dead letters: what died of what. Opens with one row for each cause; the list has each of them. */
import { FOLDS, SORTS } from "../rules/causes.js";
import { FILTERS, queryOf } from "../rules/dead-letter-filter.js";
import { serverNow } from "../api/call.js";
import { setFilter } from "../state/place.js";
import { Button } from "../parts/button.js";
import { CopyAs } from "../parts/copy-as.js";
import { DeadLetterFilters } from "../parts/dead-letter-filters.js";
import { filterWords } from "../parts/filter-words.js";
import { h, html } from "../parts/html.js";
import { Causes } from "./dead-letters/causes.js";
import { DeadLetterList } from "./dead-letters/list.js";

const VIEWS = /** @type {const} */ (["groups", "list"]);
const VIEW_WORDS = { groups: "by cause", list: "one by one" };

/** @param {import("./list.js").ScreenProps} props */
function DeadLetters({ values }) {
  const view = values["view"] === "list" ? "list" : "groups";
  const query = queryOf(values, serverNow());
  const operation = view === "list" ? "list_dead_letters" : "group_dead_letters";
  return html`<div>
    <div class="tabs" role="group" aria-label="How they are shown">${VIEWS.map((each) =>
      h(Button, { key: each, kind: "quiet", isPressed: each === view, onClick: () => setFilter("view", each === "groups" ? null : each), children: VIEW_WORDS[each] }))}</div>
    ${h(DeadLetterFilters, { values, children: h(CopyAs, { operation, request: { query } }) })}
    <p class="hidden" role="status">Shown are ${filterWords(values)}.</p>
    ${view === "list" ? h(DeadLetterList, { values }) : h(Causes, { values })}
  </div>`;
}

/** @type {import("./list.js").Screen} */
export const screen = {
  filters: { ...FILTERS, view: { kind: "choice", choices: VIEWS }, sort: { kind: "choice", choices: SORTS }, by: { kind: "choice", choices: FOLDS } },
  view: DeadLetters,
};
