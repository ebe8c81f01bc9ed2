/** What is chosen, and what can be done with all of it. */
import { countOf, isNothing, nothing, ofFilter } from "../../rules/choice.js";
import { inWords } from "../../rules/event-filter.js";
import { count } from "../../rules/numbers.js";
import { Button } from "../../parts/button.js";
import { cancelThese, IDS_MOST, prioritizeThese, putTheseOff, runTheseNow } from "../../parts/events-chosen.js";
import { h, html } from "../../parts/html.js";

/** @typedef {import("../../rules/choice.js").Choice} Choice */

/** @param {{ choice: import("../../vendor/signals.js").Signal<Choice>, all: Readonly<Record<string, string>> | null }} props all: the filter that means what the list shows; null: there is none */
export function Chosen({ choice, all }) {
  const chosen = choice.value;
  const number = countOf(chosen);
  const drop = () => {
    choice.value = nothing;
  };
  const run = (/** @type {(choice: Choice) => Promise<boolean>} */ doing) => async () => {
    if (await doing(choice.value)) drop();
  };
  const chooseAll = () => {
    if (all) choice.value = ofFilter(all, inWords(all));
  };
  if (isNothing(chosen)) {
    return all === null ? null : html`<p class="chosen note">${h(Button, { kind: "quiet", onClick: chooseAll, children: "choose all that match" })} ${inWords(all)}, queued</p>`;
  }
  const why = number !== null && number > IDS_MOST ? `No more than ${count(IDS_MOST)} can be named one by one: choose by a filter` : null;
  return html`<div class="chosen" role="group" aria-label="What is chosen">
    <b>${number === null ? html`all that match: ${inWords(chosen.filter ?? {})}, queued` : `${count(number)} chosen`}</b>
    ${number !== null && all !== null ? h(Button, { kind: "quiet", onClick: chooseAll, children: "choose all that match instead" }) : null}
    ${h(Button, { operation: "reschedule_events", why, onClick: run(runTheseNow), children: "Run now …" })}
    ${h(Button, { operation: "reschedule_events", why, onClick: run(putTheseOff), children: "Put off …" })}
    ${h(Button, { operation: "reschedule_events", why, onClick: run(prioritizeThese), children: "Priority …" })}
    ${h(Button, { operation: "cancel_events", kind: "danger", why, onClick: run(cancelThese), children: "Cancel …" })}
    ${h(Button, { kind: "quiet", onClick: drop, children: "choose none" })}
  </div>`;
}
