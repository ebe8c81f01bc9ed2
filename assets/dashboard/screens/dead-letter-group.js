/** Dead letters of one cause, or of any filter: what they have in common, and what is done about them: try some, watch, judge, the rest. */
import { severalInWords, together } from "../rules/causes.js";
import { FILTERS, queryOf } from "../rules/dead-letter-filter.js";
import { count } from "../rules/numbers.js";
import { serverNow } from "../api/call.js";
import { CopyAs } from "../parts/copy-as.js";
import { DeadLetterFilters } from "../parts/dead-letter-filters.js";
import { h, html } from "../parts/html.js";
import { JobsAtWork, useJobsAt } from "../parts/jobs-at-work.js";
import { JobPanel } from "../parts/job-panel.js";
import { Link } from "../parts/link.js";
import { Panel } from "../parts/panel.js";
import { useGroups } from "./dead-letters/causes.js";
import { NoDeadLetters } from "./dead-letters/none.js";
import { GroupActions } from "./dead-letter-group/actions.js";
import { GroupHead } from "./dead-letter-group/head.js";
import { Samples } from "./dead-letter-group/samples.js";
import { Tried } from "./dead-letter-group/tried.js";
import { Versions } from "./dead-letter-group/versions.js";

/** @param {import("./list.js").ScreenProps} props */
function DeadLetterGroup({ values }) {
  const { tried, tried_at: triedAt, job, ...filter } = values;
  const poll = useGroups(filter);
  const cause = poll.data === null ? null : together(poll.data.items);
  const several = poll.data === null || filter["error_fingerprint"] !== undefined ? null : severalInWords(poll.data.items, poll.data.has_more);
  const isOneQueue = poll.data === null || new Set(poll.data.items.map(({ engine_type }) => engine_type)).size === 1;
  const jobs = useJobsAt(filter);
  const ids = tried === undefined ? [] : tried.split(",");
  return html`<div class="group">
    ${h(DeadLetterFilters, { values: filter, children: h(CopyAs, { operation: "group_dead_letters", request: { query: queryOf(filter, serverNow()) } }) })}
    ${h(Panel, {
      title: several === null || cause === null ? "The cause" : `${count(cause.count)} dead letters of ${several}`,
      poll,
      actions: h(Link, { to: { screen: "dead-letters", filters: { ...filter, view: "list" } }, children: "one by one" }),
      isEmpty: () => cause === null,
      empty: h(NoDeadLetters, { values: filter }),
      children: (/** @type {import("../api/call.js").Data<"group_dead_letters">} */ data) => h(GroupHead, { data, filter }),
    })}
    ${ids.length > 0 ? h(Tried, { ids, at: triedAt ?? "", filter }) : null}
    ${cause === null ? null : h(JobsAtWork, { jobs })}
    ${cause === null ? null : h(GroupActions, { cause, several, filter, hasTried: ids.length > 0, hasJob: job !== undefined })}
    ${job === undefined ? null : h(JobPanel, { id: job, title: "The rest" })}
    ${cause === null || !isOneQueue ? null : h(Versions, { cause, attempts: poll.data?.versions ?? [] })}
    ${cause === null ? null : h(Samples, { filter })}
  </div>`;
}

/** @type {import("./list.js").Screen} */
export const screen = {
  // Those that were tried stand in the address, so that a reload and a colleague see them, too.
  filters: { ...FILTERS, tried: { kind: "text", most: 2000 }, tried_at: { kind: "time" }, job: { kind: "id" } },
  view: DeadLetterGroup,
};
