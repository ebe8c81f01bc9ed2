/** What is chosen, and what can be done with all of it. */
import { call } from "../../api/call.js";
import { countOf, isNothing, nothing, ofFilter } from "../../rules/choice.js";
import { inWords } from "../../rules/event-filter.js";
import { count } from "../../rules/numbers.js";
import { useOnce } from "../../state/poll.js";
import { may } from "../../state/session.js";
import { Button } from "../../parts/button.js";
import { cancelThese, IDS_MOST, prioritizeThese, putTheseOff, runTheseNow } from "../../parts/events-chosen.js";
import { h, html } from "../../parts/html.js";

/** @typedef {import("../../rules/choice.js").Choice} Choice */

const ONLY_QUEUED = "only queued ones can be cancelled, put off or run now";

/**
 * @param {object} props
 * @param {import("../../vendor/signals.js").Signal<Choice>} props.choice
 * @param {Readonly<Record<string, string>> | null} props.all the filter that means the queued ones of the list; null: there is none
 * @param {boolean} props.isPart all rows that are loaded are chosen, and there are more
 */
export function Chosen({ choice, all, isPart }) {
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
    return all === null ? null : html`<p class="chosen note">${h(Button, { kind: "quiet", onClick: chooseAll, children: "choose all that match" })} ${inWords(all)}: ${ONLY_QUEUED}</p>`;
  }
  const why = number !== null && number > IDS_MOST ? `No more than ${count(IDS_MOST)} can be named one by one: choose by a filter` : null;
  return html`<div class="chosen" role="group" aria-label="What is chosen">
    <b>${number === null ? h(AllOf, { filter: chosen.filter ?? {} }) : isPart ? `${count(number)} chosen of those loaded; more match` : `${count(number)} chosen`}</b>
    ${isPart && all === null ? html`<span class="note">To choose all, filter by queue, event type or run alone: only queued ones can be changed together.</span>` : null}
    ${number !== null && all !== null ? html`${h(Button, { kind: "quiet", onClick: chooseAll, children: "choose all that match instead" })} <span class="note">${ONLY_QUEUED}</span>` : null}
    ${h(Button, { operation: "reschedule_events", why, onClick: run(runTheseNow), children: "Run now …" })}
    ${h(Button, { operation: "reschedule_events", why, onClick: run(putTheseOff), children: "Put off …" })}
    ${h(Button, { operation: "reschedule_events", why, onClick: run(prioritizeThese), children: "Priority …" })}
    ${h(Button, { operation: "cancel_events", kind: "danger", why, onClick: run(cancelThese), children: "Cancel …" })}
    ${h(Button, { kind: "quiet", onClick: drop, children: "choose none" })}
  </div>`;
}

/** All that match, counted as a dry run of cancelling counts them. @param {{ filter: Readonly<Record<string, unknown>> }} props */
function AllOf({ filter }) {
  const operation = may("cancel_events") ? "cancel_events" : null;
  const { data } = useOnce(`count_events:${JSON.stringify(filter)}`, async (signal) => (operation === null ? null : (await call(operation, { body: { filter, dry_run: true }, signal })).data.matched));
  return html`all ${data === null ? "" : `${count(data)} `}queued that match: ${inWords(filter)}`;
}
