/** Is it the database? What is wrong with it, what that leads to here, and what to type. */
import { call } from "../api/call.js";
import { usePoll } from "../state/poll.js";
import { CopyAs } from "../parts/copy-as.js";
import { h, html } from "../parts/html.js";
import { Panel } from "../parts/panel.js";
import { Durability, Standbys } from "./health/durability.js";
import { Replica } from "./health/replica.js";
import { Snapshots } from "./health/snapshots.js";
import { Partitions, Tables } from "./health/tables.js";
import { Verdict } from "./health/verdict.js";

/** @typedef {import("../api/call.js").Data<"read_database_health">} Report */

/** The server opens a connection of its own for each report. */
const EVERY_SECONDS = 60;

function Health() {
  const poll = usePoll("read_database_health", async (signal) => (await call("read_database_health", { signal })).data, { seconds: EVERY_SECONDS });
  return html`<div class="health">
    ${h(Panel, {
      title: "Is it the database?",
      poll,
      actions: h(CopyAs, { operation: "read_database_health", request: {} }),
      children: (/** @type {Report} */ report) => h(Verdict, { report }),
    })}
    ${poll.data === null ? null : h(Further, { report: poll.data })}
  </div>`;
}

/** @param {{ report: Report }} props */
function Further({ report: { database, replica } }) {
  return html`<div>
    ${h(Snapshots, { database })}
    ${h(Replica, { replica })}
    ${h(Tables, { tables: database.tables, isAutovacuumOn: database.is_autovacuum_on })}
    <div class="health-pair">${h(Durability, { database })}<div>${h(Partitions, { partitions: database.partitions })}${h(Standbys, { database })}</div></div>
  </div>`;
}

/** @type {import("./list.js").Screen} */
export const screen = { filters: {}, view: Health };
