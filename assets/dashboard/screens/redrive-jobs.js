/** Redrive jobs: which there are, and how far they are. */
import { call } from "../api/call.js";
import { valuesOf } from "../rules/dead-letter-filter.js";
import { count, rate } from "../rules/numbers.js";
import { faring, stateOf } from "../rules/redrive-job.js";
import { usePages } from "../state/pages.js";
import { said } from "../parts/act.js";
import { CopyAs } from "../parts/copy-as.js";
import { FilterBar } from "../parts/filter-bar.js";
import { filterWords } from "../parts/filter-words.js";
import { h, html } from "../parts/html.js";
import { Id } from "../parts/id.js";
import { JobBar } from "../parts/job-panel.js";
import { tell } from "../parts/notices.js";
import { Panel } from "../parts/panel.js";
import { Stranger } from "../parts/stranger.js";
import { Table } from "../parts/table.js";
import { Ago } from "../parts/time.js";
import { twoLines } from "../parts/two-lines.js";
import { Status } from "../parts/words.js";

/** @typedef {import("../rules/redrive-job.js").Job} Job */

const PAGE = 50;
const EVERY_SECONDS = 5;
/** @type {Readonly<Record<string, import("../rules/filters.js").FilterSpec>>} */
const FILTERS = { engine_type: { kind: "text", most: 64 } };

/** @param {import("./list.js").ScreenProps} props */
function RedriveJobs({ values }) {
  const query = { engine_type: values["engine_type"] };
  const { poll, rows, more } = usePages(
    `list_redrive_jobs:${JSON.stringify(query)}`,
    async (cursor, signal) => (await call("list_redrive_jobs", { query: { ...query, limit: PAGE, cursor }, signal })).data,
    { seconds: EVERY_SECONDS, idOf: (/** @type {Job} */ job) => job.job_id },
  );
  return html`<div>
    ${h(FilterBar, { fields: [{ name: "engine_type", title: "queue" }], values, specs: FILTERS, children: h(CopyAs, { operation: "list_redrive_jobs", request: { query } }) })}
    ${h(Panel, {
      title: "Redrive jobs",
      poll,
      isEmpty: (/** @type {{ items: readonly Job[] }} */ { items }) => items.length === 0,
      empty: html`<p>There is no redrive job${values["engine_type"] === undefined ? "" : " whose filter names this queue"}.</p><p>A job puts dead letters back into their queues in steps, at a pace that is chosen. It is made where a cause of dead letters is shown, or with <code>eventlease dead-letters redrive --job</code>.</p>`,
      children: () => h(Table, {
        name: "Redrive jobs",
        rows,
        more: more === null ? null : () => more().catch((error) => tell(said(error), { isBad: true })),
        keyOf: (/** @type {Job} */ { job_id }) => job_id,
        to: ({ job_id }) => ({ screen: "redrive-jobs", id: job_id }),
        pulse: values["engine_type"] ?? "",
        columns: [
          { name: "job_id", title: "Job", phone: "head", cell: ({ job_id }) => h(Id, { id: job_id }) },
          { name: "state", title: "State", cell: (/** @type {Job} */ job) => twoLines(h(Status, stateOf(job)), job.state_reason) },
          { name: "filter", title: "Which", width: "wide", cell: ({ filter }) => filterWords(valuesOf(filter)) },
          { name: "progress", title: "How they fared", cell: (/** @type {Job} */ job) => twoLines(h(JobBar, { job }), faring(job)) },
          { name: "redriven", title: "Redriven", align: "right", cell: ({ redriven, matched, events_per_second }) => twoLines(`${count(redriven)} of ${count(matched)}`, events_per_second === null ? "" : rate(events_per_second)) },
          { name: "created", title: "Made", cell: ({ created_at, created_by }) => twoLines(h(Ago, { at: created_at }), created_by === null ? "" : h(Stranger, { text: created_by, most: 40 })) },
        ],
      }),
    })}
  </div>`;
}

/** @type {import("./list.js").Screen} */
export const screen = { filters: FILTERS, view: RedriveJobs };
