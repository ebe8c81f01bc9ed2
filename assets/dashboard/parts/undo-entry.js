/** Taking back what an entry of the audit trail says, where it is still what made the queue as it is. */
import { call } from "../api/call.js";
import { KINDS, changesOf, entryMeanwhile, newestOf, undoInWords, versionOf } from "../rules/audit-undo.js";
import { backward } from "../rules/queue-settings.js";
import { visible } from "../rules/text.js";
import { useOnce } from "../state/poll.js";
import { may } from "../state/session.js";
import { act } from "./act.js";
import { Button } from "./button.js";
import { h, html } from "./html.js";
import { liftNow } from "./lift.js";
import { resume } from "./pause.js";
import { undoOf } from "./undo.js";

/** @typedef {import("../rules/changes.js").AuditEntry} AuditEntry */
/** @typedef {import("../rules/audit-undo.js").Kind} Kind */

/** Versions of a queue are quarantined each by itself: so many entries are read to find those of one. */
const READ = 50;

/** @param {{ entry: AuditEntry, kind: Kind }} props */
export function UndoEntry({ entry, kind }) {
  const operation = KINDS[kind].by;
  const isAllowed = may(operation);
  const { data, error } = useOnce(`undo:${entry.audit_id} ${isAllowed}`, async () => (isAllowed ? look(entry, kind) : null));
  if (!isAllowed) return null;
  if (error?.status === 404) return html`<p class="note">There is nothing left to undo: the queue is gone.</p>`;
  if (data === null) return error === null ? null : html`<p class="note">Whether it can be undone is not known: what is there now could not be read.</p>`;
  if (data.state === "before") return html`<p class="note">There is nothing left to undo: it has been taken back, or has ended.</p>`;
  if (data.state === "other") return html`<p class="note">It cannot be undone here. ${visible(data.news)}</p>`;
  const run = undoOf({ look: () => look(entry, kind), run: () => takeBack(entry, kind), already: "It has been taken back already." });
  return html`<p>${h(Button, { operation, onClick: run, children: "Undo" })} <span class="note">${undoInWords(entry)}.</span></p>`;
}

/** @param {AuditEntry} entry @param {Kind} kind */
async function look(entry, kind) {
  const { subject } = entry;
  const [queue, ...lists] = await Promise.all([
    call("read_queue", { path: { engine_type: subject } }),
    ...KINDS[kind].same.map((action) => call("list_audit", { query: { action, subject, limit: READ } })),
  ]);
  return entryMeanwhile(entry, queue.data, newestOf(entry, lists.flatMap(({ data }) => data.items)));
}

/** @param {AuditEntry} entry @param {Kind} kind @returns {Promise<unknown>} null: it was refused */
async function takeBack(entry, kind) {
  const path = { engine_type: entry.subject };
  if (kind === "pause_queue") return resume({ engine_type: entry.subject, pause: (await call("read_queue", { path })).data.pause });
  if (kind === "quarantine_version") return liftNow(entry.subject, versionOf(entry));
  return act("change_queue", { path, body: backward(changesOf(entry)) }, { done: `${visible(entry.subject)} has its old settings again.` });
}
