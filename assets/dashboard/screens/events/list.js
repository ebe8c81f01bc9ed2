/** The events that match, the newest first. */
import { useEffect, useMemo, useRef, useState } from "../../vendor/hooks.js";
import { signal } from "../../vendor/signals.js";
import { call, serverNow } from "../../api/call.js";
import { isChosen, nothing, underFilter } from "../../rules/choice.js";
import { bulkFilterOf, queryOf } from "../../rules/event-filter.js";
import { may } from "../../state/session.js";
import { usePoll } from "../../state/poll.js";
import { cancelEvent, runNow } from "../../parts/event-actions.js";
import { h, html } from "../../parts/html.js";
import { tell } from "../../parts/notices.js";
import { Panel } from "../../parts/panel.js";
import { Table } from "../../parts/table.js";
import { Chosen } from "./chosen.js";
import { columnsOf } from "./columns.js";
import { NoEvents } from "./no-events.js";

/** @typedef {import("../../api/types.js").components["schemas"]["Event"]} Event */
/** @typedef {import("../../api/call.js").Data<"list_events">} Page */

const SECONDS = 10;
const LIMIT = 50;

/** @param {{ values: Readonly<Record<string, string>> }} props */
export function EventList({ values }) {
  const key = JSON.stringify(values);
  const ask = (/** @type {string | null} */ cursor, /** @type {AbortSignal | undefined} */ signal) =>
    call("list_events", { query: { ...queryOf(values, serverNow()), view: "brief", limit: LIMIT, cursor }, ...(signal ? { signal } : {}) });
  const poll = usePoll(`list_events:${key}`, async (signal) => (await ask(null, signal)).data, { seconds: SECONDS });
  const [older, setOlder] = useState({ key, items: /** @type {readonly Event[]} */ ([]), cursor: /** @type {string | null | undefined} */ (undefined) });
  const kept = older.key === key ? older : { key, items: [], cursor: undefined };
  const choice = useMemo(() => signal(nothing), []);
  useDroppedChoice(choice, values);
  const cursor = kept.cursor === undefined ? poll.data?.next_cursor ?? null : kept.cursor;
  const more = async () => {
    const { data } = await ask(cursor, undefined);
    setOlder({ key, items: [...kept.items, ...data.items], cursor: data.next_cursor });
  };
  const rows = useMemo(() => unique([...(poll.data?.items ?? []), ...kept.items]), [poll.data, kept.items]);
  const canChoose = may("cancel_events") || may("reschedule_events");
  return html`<div>
    ${canChoose ? h(Chosen, { choice, all: rows.length === 0 ? null : bulkFilterOf(values), isPart: cursor !== null && rows.length > 0 && rows.every(({ event_id }) => isChosen(choice.value, event_id)) }) : null}
    ${h(Panel, {
      poll,
      isEmpty: (/** @type {Page} */ page) => page.items.length === 0,
      empty: h(NoEvents, { values }),
      children: () => h(Table, {
        name: "Events, the newest first",
        rows,
        keyOf: (/** @type {Event} */ event) => event.event_id,
        columns: columnsOf({ isOneQueue: values["engine_type"] !== undefined }),
        to: (/** @type {Event} */ event) => ({ screen: "events", id: event.event_id }),
        actions: actionsOf,
        ...(canChoose ? { choice } : {}),
        more: cursor === null ? null : more,
        pulse: key,
      }),
    })}
  </div>`;
}

/** @param {Event} event @returns {readonly import("../../parts/table.js").Action[]} */
function actionsOf(event) {
  /** @type {import("../../parts/table.js").Action} */
  const cancel = { verb: "Cancel …", run: () => cancelEvent(event), isDanger: true, operation: "cancel_event" };
  if (event.status === "processing") return [{ ...cancel, why: event.cancel_requested ? "Its cancellation is asked for already" : null }];
  if (event.status !== "queued") return [];
  const isLater = event.available_at !== null && Date.parse(event.available_at) > serverNow();
  /** @type {import("../../parts/table.js").Action} */
  const now = { verb: "Run now", run: () => runNow(event), operation: "change_event" };
  return isLater ? [now, cancel] : [cancel];
}

/** An event may stand on two pages when others came meanwhile. @param {readonly Event[]} events */
function unique(events) {
  return [...new Map(events.map((event) => [event.event_id, event])).values()];
}

/** All that matched another filter are not chosen any more, and that is said. @param {import("../../vendor/signals.js").Signal<import("../../rules/choice.js").Choice>} choice @param {Readonly<Record<string, string>>} values */
function useDroppedChoice(choice, values) {
  const first = useRef(true);
  useEffect(() => {
    if (first.current) {
      first.current = false;
      return;
    }
    const { choice: now, said } = underFilter(choice.value, bulkFilterOf(values) ?? {});
    choice.value = now;
    if (said) tell(said);
  }, [values]);
}
