/** One box for every id and name: it goes there at once where it is one thing. */
import { signal } from "../vendor/signals.js";
import { kindOf } from "../rules/ids.js";
import { call } from "../api/call.js";
import { queueNames } from "../state/overview.js";
import { go } from "../state/place.js";
import { may } from "../state/session.js";
import { Link } from "./link.js";
import { h, html } from "./html.js";

const FIELD = "jump";
const said = signal("");
const found = signal(/** @type {readonly { words: string, to: import("../state/place.js").Goal }[]} */ ([]));

export function focusJump() {
  document.getElementById(FIELD)?.focus();
}

/** An id that is pasted where nothing is typed is looked for at once. */
export function watchPaste() {
  addEventListener("paste", (event) => {
    const isTyped = event.target instanceof Element && event.target.closest("input, textarea, dialog") !== null;
    const text = event.clipboardData?.getData("text/plain") ?? "";
    if (isTyped || kindOf(text, []).kind !== "id") return;
    event.preventDefault();
    void jump(text);
  });
}

/** @param {string} text */
async function jump(text) {
  found.value = [];
  said.value = "";
  if (text.trim() === "") return;
  const kind = kindOf(text, queueNames());
  if (kind.kind === "id") await openId(kind.id);
  else if (kind.kind === "trace") said.value = "That is a trace id; events cannot be found by it. Their id stands in the span.";
  else if (kind.kind === "queue" && kind.names.length === 1) open({ screen: "queues", id: kind.names[0] ?? "" });
  else if (kind.kind === "queue") found.value = kind.names.map((name) => ({ words: name, to: { screen: "queues", id: name } }));
  else found.value = otherwise(text.trim());
}

/** An id has no kind: it is looked for one kind after another, the likeliest first. @param {string} id */
async function openId(id) {
  said.value = "Looking …";
  const event = { screen: "events", id };
  if (await exists("read_event", { event_id: id })) open(event);
  else if (await exists("read_dead_letter", { event_id: id })) open(event);
  else if (await exists("read_redrive_job", { job_id: id })) open({ screen: "redrive-jobs", id });
  else if (await exists("read_engine", { engine_id: id })) open({ screen: "events", filters: { leased_by: id } });
  else if (await exists("read_scenario_run", { scenario_run_id: id })) open({ screen: "events", filters: { scenario_run_id: id } });
  else said.value = "Nothing has this id: it never was, or it ended so long ago that it is not kept any more.";
}

/** @param {import("../api/call.js").OperationId} operation @param {Record<string, string>} path */
async function exists(operation, path) {
  if (!may(operation)) return false;
  try {
    const data = /** @type {{ counts?: Record<string, number> }} */ ((await call(operation, { path })).data);
    // A run is whatever events name: one of which there are none is answered, too.
    return !data.counts || Object.values(data.counts).some((count) => count > 0);
  } catch {
    return false;
  }
}

/** What a text that is no id and no queue may be. @param {string} text */
function otherwise(text) {
  const search = (/** @type {string} */ name, /** @type {string} */ words) => ({ words: `Events with the ${words} “${text}”`, to: { screen: "events", filters: { [name]: text } } });
  return [search("event_type", "type"), search("scenario_run_id", "run"), search("idempotency_key", "idempotency key"), search("unique_key", "unique key")];
}

/** @param {import("../state/place.js").Goal} goal */
function open(goal) {
  close();
  const field = document.getElementById(FIELD);
  if (field instanceof HTMLInputElement) field.value = "";
  go(goal);
  if (document.activeElement instanceof HTMLElement) document.activeElement.blur();
}

function close() {
  said.value = "";
  found.value = [];
}

export function Jump() {
  /** @param {ClipboardEvent & { currentTarget: HTMLInputElement }} event */
  const paste = (event) => {
    const text = event.clipboardData?.getData("text/plain") ?? "";
    if (kindOf(text, []).kind !== "id") return;
    event.preventDefault();
    event.currentTarget.value = "";
    void jump(text);
  };
  /** @param {KeyboardEvent & { currentTarget: HTMLInputElement }} event */
  const press = (event) => {
    if (event.key === "Escape") close();
    if (event.key !== "Enter") return;
    event.preventDefault();
    void jump(event.currentTarget.value);
  };
  return html`<search class="jump">
    <input id=${FIELD} type="search" placeholder="Paste an id, or name a queue ( / )" aria-label="Paste an id, or name a queue" autocomplete="off" spellcheck=${false}
      onPaste=${paste} onKeyDown=${press} />
    ${said.value || found.value.length > 0 ? html`<div class="jump-found" role="status">${said.value}
      ${found.value.map(({ words, to }) => html`<div key=${words} onClick=${close}>${h(Link, { to, children: words })}</div>`)}</div>` : null}
  </search>`;
}
