/** Scenario runs that have open events, or are cancelled; any other is opened by its id. */
import { useId, useState } from "../vendor/hooks.js";
import { call } from "../api/call.js";
import { stateOf } from "../rules/run.js";
import { go } from "../state/place.js";
import { usePages } from "../state/pages.js";
import { said } from "../parts/act.js";
import { CopyAs } from "../parts/copy-as.js";
import { FilterBar } from "../parts/filter-bar.js";
import { h, html } from "../parts/html.js";
import { Link } from "../parts/link.js";
import { tell } from "../parts/notices.js";
import { Panel } from "../parts/panel.js";
import { Stranger } from "../parts/stranger.js";
import { Table } from "../parts/table.js";
import { Ago } from "../parts/time.js";
import { twoLines } from "../parts/two-lines.js";
import { Status } from "../parts/words.js";

/** @typedef {import("../rules/run.js").Listed} Listed */

const PAGE = 200;
const EVERY_SECONDS = 10;
const NAME_MOST = 64;
const STATUSES = /** @type {const} */ ([["active", "active: some events are open"], ["cancelled", "cancelled"]]);
/** @type {Readonly<Record<string, import("../rules/filters.js").FilterSpec>>} */
const FILTERS = { status: { kind: "choice", choices: STATUSES.map(([status]) => status) } };

/** @param {import("./list.js").ScreenProps} props */
function Runs({ values }) {
  const { poll, rows, more } = usePages(
    "list_scenario_runs",
    async (cursor, signal) => (await call("list_scenario_runs", { query: { limit: PAGE, cursor }, signal })).data,
    { seconds: EVERY_SECONDS, idOf: (/** @type {Listed} */ run) => run.scenario_run_id },
  );
  const wanted = values["status"]?.split(",");
  const shown = wanted === undefined ? rows : rows.filter(({ status }) => wanted.includes(status));
  return html`<div>
    ${h(ById, null)}
    ${h(FilterBar, { fields: [{ name: "status", title: "state", choices: STATUSES }], values, specs: FILTERS, children: h(CopyAs, { operation: "list_scenario_runs", request: { query: {} } }) })}
    ${h(Panel, {
      title: "Runs that are open or cancelled",
      poll,
      isEmpty: () => rows.length === 0,
      empty: html`<p>No run has open events, and none is cancelled.</p><p>A run is what producers name with <code>scenario_run_id</code> when they enqueue. One whose events have all ended is not listed: open it by its id.</p>`,
      children: () => html`${more !== null && wanted !== undefined ? html`<p class="note">The state is looked for among the ${rows.length} runs that are loaded.</p>` : null}
        ${shown.length === 0 ? html`<div class="empty">None of the ${rows.length} runs is in this state.</div>` : null}
        ${h(Table, {
          name: "Runs",
          rows: shown,
          more: more === null ? null : () => more().catch((error) => tell(said(error), { isBad: true })),
          keyOf: (/** @type {Listed} */ run) => run.scenario_run_id,
          to: (run) => ({ screen: "runs", id: run.scenario_run_id }),
          pulse: values["status"] ?? "",
          columns: [
            { name: "scenario_run_id", title: "Run", phone: "head", width: "wide", cell: (/** @type {Listed} */ run) => h(Stranger, { text: run.scenario_run_id, most: NAME_MOST }) },
            { name: "status", title: "State", cell: (/** @type {Listed} */ run) => h(Status, stateOf(run)) },
            { name: "open", title: "Open events", cell: ({ has_open_events, scenario_run_id }) => (has_open_events ? h(Link, { to: { screen: "events", filters: { scenario_run_id } }, children: "its events" }) : "none") },
            { name: "cancelled", title: "Cancelled", cell: (/** @type {Listed} */ run) => (run.cancelled_at === null ? html`<span class="nothing">–</span>` : twoLines(h(Ago, { at: run.cancelled_at }), run.cancelled_by === null ? "" : h(Stranger, { text: run.cancelled_by, most: 40 }))) },
          ],
        })}`,
    })}
  </div>`;
}

/** A run may have any name: a person pastes what the log or the producer says. */
function ById() {
  const id = useId();
  const [text, setText] = useState("");
  /** @param {Event} event */
  const submit = (event) => {
    event.preventDefault();
    if (text.trim() !== "") go({ screen: "runs", id: text.trim() });
  };
  return html`<form class="filter-bar" onSubmit=${submit}><label for=${id}>Open a run by its id</label>
    <input id=${id} value=${text} maxlength=${NAME_MOST} autocomplete="off" spellcheck=${false} placeholder="night-42" onInput=${(/** @type {any} */ event) => setText(event.currentTarget.value)} />
    <button type="submit" class="button">Open</button></form>`;
}

/** @type {import("./list.js").Screen} */
export const screen = { filters: FILTERS, view: Runs };
