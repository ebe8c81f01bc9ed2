/** The engines that match, in one table, however many they are. */
import { useEffect } from "../../vendor/hooks.js";
import { useSignal } from "../../vendor/signals.js";
import { isNothing, nothing } from "../../rules/choice.js";
import { FILTERS, SORTS, filtersHere, queryOf, shownOf } from "../../rules/engine-filter.js";
import { readInWords } from "../../rules/engines-read.js";
import { setFilter, setFilters } from "../../state/place.js";
import { may } from "../../state/session.js";
import { Button } from "../../parts/button.js";
import { drainEngine, resumeEngine } from "../../parts/drain-engine.js";
import { h, html } from "../../parts/html.js";
import { tell } from "../../parts/notices.js";
import { Panel } from "../../parts/panel.js";
import { Table } from "../../parts/table.js";
import { Chosen } from "./chosen.js";
import { columnsOf } from "./columns.js";
import { useEngines, useZombies } from "./reading.js";

/** @typedef {import("../../rules/engine-words.js").Engine} Engine */
/** @typedef {import("./reading.js").Reading} Reading */
/** @typedef {Readonly<Record<string, string>>} Values */

/**
 * @param {object} props
 * @param {Values} props.values
 * @param {readonly import("../../rules/drain-words.js").Queue[]} props.queues
 * @param {boolean} props.hasZombies
 * @param {number | null} props.expected how many match, as the summary counts them
 */
export function EngineList({ values, queues, hasZombies, expected }) {
  const choice = useSignal(nothing);
  useDroppedChoice(choice, values);
  const poll = useEngines(queryOf(values));
  const isZombies = values["zombie"] !== undefined;
  const zombies = useZombies(values["engine_type"], hasZombies && !isZombies);
  const sort = SORTS.find((each) => each === values["sort"]) ?? "registered";
  const canChange = may("drain_engine") || may("resume_engine");
  return h(Panel, {
    title: "Engines",
    poll,
    isEmpty: (/** @type {Reading} */ { engines }) => engines.length === 0,
    empty: h(None, { values }),
    children: (/** @type {Reading} */ reading) => {
      const rows = shownOf(reading.engines, values);
      return html`${canChange ? h(Chosen, { choice, engines: reading.engines, queues }) : null}
        <p class="note" role="status">${readInWords({ ...reading, loaded: reading.engines.length, shown: filtersHere(values) ? rows.length : null, expected })}</p>
        ${rows.length === 0 ? h(None, { values }) : null}
        ${h(Table, {
          name: "Engines",
          rows,
          keyOf: (/** @type {Engine} */ { engine_id }) => engine_id,
          to: (/** @type {Engine} */ { engine_id }) => ({ screen: "engines", id: engine_id }),
          columns: columnsOf({ sort, by: (name) => setFilter("sort", name === "registered" ? null : name), isOneType: values["engine_type"] !== undefined, isZombie: isZombies ? () => true : ({ engine_id }) => zombies.has(engine_id), areZombies: isZombies }),
          actions: actionsOf,
          ...(canChange ? { choice } : {}),
          pulse: JSON.stringify(values),
        })}`;
    },
  });
}

/** @param {Engine} engine @returns {readonly import("../../parts/table.js").Action[]} */
function actionsOf({ engine_id: id, drain }) {
  return [drain !== null ? { verb: "Resume", operation: "resume_engine", run: () => resumeEngine(id) } : { verb: "Drain", operation: "drain_engine", run: () => drainEngine(id) }];
}

/** Only what is loaded can be drained with what that leaves said beforehand. @param {import("../../vendor/signals.js").Signal<import("../../rules/choice.js").Choice>} choice @param {Values} values */
function useDroppedChoice(choice, { sort: _, ...filters }) {
  useEffect(() => {
    if (isNothing(choice.peek())) return;
    choice.value = nothing;
    tell("Nothing is chosen any more, as the filter has changed.");
  }, [JSON.stringify(filters)]);
}

/** @param {{ values: Values }} props */
function None({ values }) {
  const set = Object.keys(values).filter((name) => name !== "sort" && name in FILTERS);
  const clear = () => setFilters(Object.fromEntries(set.map((name) => [name, null])));
  const all = html`<p>${h(Button, { onClick: clear, children: "Show all engines" })}</p>`;
  if (values["zombie"] !== undefined) {
    return html`<div class="empty"><p>No engine is a zombie: one that is active and holds nothing, but has not asked for work for a minute, although its queue has had due events for half a minute.</p>${all}</div>`;
  }
  if (set.length > 0) return html`<div class="empty"><p>No engine matches.</p>${all}</div>`;
  return html`<div class="empty"><p>No engine is registered. An engine registers itself when it starts, with the name of its queue as its type.</p></div>`;
}
