/** What the engine reported in one attempt, as it is stored. */
import { callWithText } from "../../api/call.js";
import { rawItems, rawMembers } from "../../rules/raw-members.js";
import { bytes } from "../../rules/numbers.js";
import { useOnce } from "../../state/poll.js";
import { setFilter } from "../../state/place.js";
import { Button } from "../../parts/button.js";
import { h, html } from "../../parts/html.js";
import { JsonView } from "../../parts/json-view.js";
import { Panel } from "../../parts/panel.js";

/** @typedef {{ members: Map<string, string>, sizes: Readonly<Record<string, number>> } | null} Found */

const PAGE = 20;
const PAGES_MOST = 60;

/** @param {{ id: string, attempt: number }} props */
export function AttemptDetail({ id, attempt }) {
  const poll = useOnce(`list_attempts:${id}:${attempt}`, (signal) => findAttempt(id, attempt, signal));
  const close = () => setFilter("open", null, { replace: true });
  return h(Panel, {
    title: `Attempt ${attempt}`,
    poll,
    actions: h(Button, { kind: "quiet", onClick: close, children: "close" }),
    isEmpty: (/** @type {Found} */ found) => found === null,
    empty: "It has not ended yet, or is too far back to be looked for here.",
    children: (/** @type {Found} */ found) => html`<div>${found === null ? null : ["error", "result", "progress", "enqueued"].map((name) => {
      const text = found.members.get(name);
      if (text === undefined || text === "null") return null;
      return html`<div key=${name}><h3>${name} <small>${found.sizes[name] ? bytes(found.sizes[name]) : ""}</small></h3>${h(JsonView, { name, text, file: `${id}-attempt-${attempt}-${name}` })}</div>`;
    })}${found && ["error", "result", "progress"].every((name) => (found.members.get(name) ?? "null") === "null") ? html`<p class="note">Its engine reported nothing beside how it ended.</p>` : null}</div>`,
  });
}

/** Attempts come in pages alone, the newest first. @param {string} id @param {number} attempt @param {AbortSignal} signal @returns {Promise<Found>} */
async function findAttempt(id, attempt, signal) {
  let cursor = /** @type {string | null} */ (null);
  for (let page = 0; page < PAGES_MOST; page += 1) {
    const { data, text } = await callWithText("list_attempts", { path: { event_id: id }, query: { limit: PAGE, cursor }, signal });
    const place = data.items.findIndex((each) => each.attempt === attempt);
    const item = data.items[place];
    if (item) {
      const raw = rawItems(rawMembers(text).get("items") ?? "[]")[place] ?? "{}";
      return { members: rawMembers(raw), sizes: { error: item.error_bytes, result: item.result_bytes, progress: item.progress_bytes } };
    }
    cursor = data.next_cursor;
    if (cursor === null || (data.items.at(-1)?.attempt ?? 0) < attempt) return null;
  }
  return null;
}
