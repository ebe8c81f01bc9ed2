/** One entry of the audit trail: all that it says, as it was written down, and its way back where there is one. */
import { useEffect, useRef } from "../../vendor/hooks.js";
import { callWithText } from "../../api/call.js";
import { kindOf } from "../../rules/audit-undo.js";
import { byWhat } from "../../rules/by-what.js";
import { changeInWords } from "../../rules/changes.js";
import { isWholeId, timesOf } from "../../rules/ids.js";
import { rawItems, rawMembers } from "../../rules/raw-members.js";
import { setFilter } from "../../state/place.js";
import { useOnce } from "../../state/poll.js";
import { may } from "../../state/session.js";
import { Button } from "../../parts/button.js";
import { h, html } from "../../parts/html.js";
import { Id } from "../../parts/id.js";
import { JsonView } from "../../parts/json-view.js";
import { Link } from "../../parts/link.js";
import { Panel } from "../../parts/panel.js";
import { Stranger } from "../../parts/stranger.js";
import { Ago, At } from "../../parts/time.js";
import { UndoEntry } from "../../parts/undo-entry.js";
import { SubjectLink } from "./columns.js";

/** @typedef {import("../../rules/audit.js").AuditEntry} AuditEntry */
/** @typedef {{ entry: AuditEntry, details: string } | null} Found */

const PAGE = 200;

/** @param {{ id: string, steps: readonly AuditEntry[] }} props steps: all entries of the same request that are known */
export function Entry({ id, steps }) {
  const poll = useOnce(`list_audit:entry:${id}`, (signal) => find(id, signal));
  const box = useRef(/** @type {HTMLDivElement | null} */ (null));
  useEffect(() => box.current?.scrollIntoView({ block: "nearest" }), [poll.data]);
  const panel = h(Panel, {
    title: "One entry",
    poll,
    actions: h(Button, { kind: "quiet", onClick: () => setFilter("open", null, { replace: true }), children: "close" }),
    isEmpty: (/** @type {Found} */ found) => found === null,
    empty: "There is no such entry, or it is older than entries are kept.",
    children: (/** @type {Found} */ found) => (found === null ? null : html`${h(Told, { found })}${steps.length > 1 ? h(Steps, { steps }) : null}`),
  });
  return html`<div ref=${box}>${panel}</div>`;
}

/** @param {{ found: NonNullable<Found> }} props */
function Told({ found: { entry, details } }) {
  const { recorded_at, role, token_id, address, request_id, actor, action } = entry;
  const kind = kindOf(entry);
  const token = token_id === null ? html`<span class="nothing">–</span>` : h(Id, { id: token_id, ...(may("list_tokens") ? { to: { screen: "tokens", filters: { name: actor } } } : {}) });
  const facts = /** @type {const} */ ([
    ["when", html`${h(At, { at: recorded_at })} (${h(Ago, { at: recorded_at })})`],
    ["who", html`${h(Stranger, { text: actor })}${role === null ? "" : `, ${role}`}`],
    ["token", token],
    ["from", html`${address ?? "–"} ${byWhat(entry)}`],
    ["to what", h(SubjectLink, { entry })],
    ["action", html`<code class="code">${action}</code>`],
    ["request", h(Stranger, { text: request_id })],
  ]);
  return html`<p class="event-sentence"><bdi>${changeInWords(entry)}</bdi></p>
    <dl class="event-facts">${facts.map(([name, value]) => html`<div key=${name}><dt>${name}</dt><dd>${value}</dd></div>`)}</dl>
    ${kind === null ? null : h(UndoEntry, { entry, kind })}
    <details><summary>Details as they were recorded</summary>${h(JsonView, { name: "details", text: details, file: `audit-${entry.audit_id}` })}</details>`;
}

/** @param {{ steps: readonly AuditEntry[] }} props */
function Steps({ steps }) {
  return html`<h3>${steps.length} steps of one request</h3><ul class="changes">${steps.map((entry) => html`<li key=${entry.audit_id}>
    <span class="changes-at">${h(At, { at: entry.recorded_at })}</span> ${h(Link, { to: { screen: "audit", filters: { open: entry.audit_id } }, children: html`<bdi>${changeInWords(entry)}</bdi>` })}</li>`)}</ul>`;
}

/** Entries come in lists alone; an id begins with the time of its entry. @param {string} id @param {AbortSignal} signal @returns {Promise<Found>} */
async function find(id, signal) {
  const times = isWholeId(id) ? timesOf({ head: id.toLowerCase(), tail: "" }) : null;
  if (times === null) return null;
  const query = { recorded_after: new Date(times.from).toISOString(), recorded_before: new Date(times.to + 1).toISOString(), limit: PAGE };
  const { data, text } = await callWithText("list_audit", { query, signal });
  const place = data.items.findIndex(({ audit_id }) => audit_id === id.toLowerCase());
  const entry = data.items[place];
  if (entry === undefined) return null;
  const raw = rawItems(rawMembers(text).get("items") ?? "[]")[place] ?? "{}";
  return { entry, details: rawMembers(raw).get("details") ?? "{}" };
}
