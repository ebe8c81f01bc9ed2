/** The attempts of the event: drawn over time, and as a table. */
import { useEffect, useMemo, useRef, useState } from "../../vendor/hooks.js";
import { call, serverNow } from "../../api/call.js";
import { flagsOf } from "../../rules/event-flags.js";
import { tick } from "../../state/live.js";
import { setFilter } from "../../state/place.js";
import { useOnce } from "../../state/poll.js";
import { useAuditOf } from "../../parts/audit-panel.js";
import { DRAWN_MOST, Gantt } from "../../parts/gantt.js";
import { h, html } from "../../parts/html.js";
import { Panel } from "../../parts/panel.js";
import { AttemptDetail } from "./attempt-detail.js";
import { AttemptTable } from "./attempt-table.js";
import { usePauses } from "./pauses.js";

/** @typedef {import("../../rules/event-words.js").Event} Event */
/** @typedef {import("../../api/types.js").components["schemas"]["Attempt"]} Attempt */
/** @typedef {import("../../api/call.js").Data<"list_attempts">} Page */

/** A longer table opens on request: the gantt above it shows the same. */
const OPEN_MOST = 10;
const FIRST_PAGE = 50;
const NEXT_PAGES = 200;

/** @param {{ event: Event, open: string | null }} props open: the attempt whose details are shown */
export function EventAttempts({ event, open }) {
  const id = event.event_id;
  const poll = useOnce(`list_attempts:${id}`, async (signal) => (await call("list_attempts", { path: { event_id: id }, query: { view: "brief", limit: FIRST_PAGE }, signal })).data);
  const [older, setOlder] = useState(/** @type {readonly Attempt[]} */ ([]));
  const cursor = useRef(/** @type {string | null | undefined} */ (undefined));
  useRefreshAfter(poll, `${event.attempt} ${event.status} ${event.finished_at}`);
  const attempts = useMemo(() => merged(poll.data?.items ?? [], older), [poll.data, older]);
  const flags = flagsOf(useAuditOf(id).data ?? [], usePauses(event));
  const detail = useRef(/** @type {HTMLDivElement | null} */ (null));
  const more = cursor.current === undefined ? poll.data?.next_cursor ?? null : cursor.current;
  const loadMore = async () => {
    const { data } = await call("list_attempts", { path: { event_id: id }, query: { view: "brief", limit: NEXT_PAGES, cursor: more } });
    cursor.current = data.next_cursor;
    setOlder((before) => [...before, ...data.items]);
  };
  /** @param {number} attempt */
  const show = (attempt) => {
    setFilter("open", String(attempt), { replace: true });
    setTimeout(() => detail.current?.scrollIntoView({ block: "nearest" }), 50);
  };
  return html`<div>
    ${h(Panel, { title: "What happened to it", poll, children: () => h(Drawn, { event, attempts, flags, show, more: more === null ? null : loadMore }) })}
    ${attempts.length === 0 ? null : html`<section class="panel" aria-label="Attempts">
      <details open=${attempts.length <= OPEN_MOST}><summary><h2>Attempts that have ended, as a table</h2></summary>
        ${h(AttemptTable, { attempts, show, more: more === null ? null : loadMore })}</details>
      <div ref=${detail}>${open === null ? null : h(AttemptDetail, { key: open, id, attempt: Number(open) })}</div></section>`}
  </div>`;
}

/** @param {{ event: Event, attempts: readonly Attempt[], flags: readonly import("../../rules/gantt.js").Flag[], show: (attempt: number) => void, more: (() => Promise<unknown>) | null }} props */
function Drawn({ event, attempts, flags, show, more }) {
  // One that has ended stands still; one that is open grows by the second.
  const isOpen = event.finished_at === null;
  const now = isOpen ? (void tick.value, serverNow()) : Date.parse(event.finished_at ?? "");
  const drawn = useMemo(() => attempts.slice(0, DRAWN_MOST), [attempts]);
  return h(Gantt, { event, attempts: drawn, flags, now, onOpen: show, more });
}

/** The newest first, each once: pages may overlap when an attempt has ended meanwhile. @param {readonly Attempt[]} first @param {readonly Attempt[]} older */
function merged(first, older) {
  const byNumber = new Map([...older, ...first].map((attempt) => [attempt.attempt, attempt]));
  return [...byNumber.values()].sort((a, b) => b.attempt - a.attempt);
}

/** @param {{ refresh: () => Promise<void> }} poll @param {string} state of the event */
function useRefreshAfter(poll, state) {
  const before = useRef(state);
  useEffect(() => {
    if (before.current === state) return;
    before.current = state;
    void poll.refresh();
  }, [state]);
}
