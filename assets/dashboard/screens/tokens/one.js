/** One token: all that is known of it, its sessions, and what takes its place. */
import { serverNow } from "../../api/call.js";
import { isGood, stateOf, successorInWords, useInWords } from "../../rules/tokens.js";
import { setFilter } from "../../state/place.js";
import { Button } from "../../parts/button.js";
import { h, html } from "../../parts/html.js";
import { Link } from "../../parts/link.js";
import { revokeToken } from "../../parts/revoke-token.js";
import { Stranger } from "../../parts/stranger.js";
import { Ago, At } from "../../parts/time.js";
import { Status } from "../../parts/words.js";
import { End, LastUse, Limits } from "./columns.js";

/** @typedef {import("../../rules/tokens.js").Row} Row */
/** @typedef {import("./columns.js").Known} Known */

/** @typedef {{ known: Known, make: (given: { name: string, role: string, types: string }) => Promise<void>, why: string | null }} Ways why: nothing can be made or revoked here */

/** @param {Ways & { row: Row | null }} props null: it is not among those that are shown */
export function One({ row, ...ways }) {
  const close = h(Button, { kind: "quiet", onClick: () => setFilter("open", null, { replace: true }), children: "close" });
  return html`<section class="panel" aria-label="One token"><header class="panel-head"><h2>${row === null ? "One token" : h(Stranger, { text: row.token.name })}</h2><div class="panel-actions">${close}</div></header>
    ${row === null ? html`<p>It is not among the tokens that are shown: it may have been forgotten some time after its end, be a session, or match another filter.</p>` : h(Told, { row, ...ways })}</section>`;
}

/** @param {Ways & { row: Row }} props */
function Told({ row, known, make, why }) {
  const { token, sessions } = row;
  const now = serverNow();
  const successor = successorInWords(token, known.rows, now);
  const facts = /** @type {const} */ ([
    ["state", h(Status, stateOf(token, now))],
    ["role", token.role],
    ["reaches", h(Limits, { token })],
    ["ends", h(End, { token })],
    ["made", html`${h(At, { at: token.created_at })} by ${h(Stranger, { text: token.created_by, most: 60 })}`],
    ["id", html`<span class="id">${token.token_id}</span>`],
    ["what it did", h(Link, { to: { screen: "audit", filters: { actor: token.name } }, children: "all changes of this name" })],
  ]);
  return html`<dl class="event-facts">${facts.map(([name, value]) => html`<div key=${name}><dt>${name}</dt><dd>${value}</dd></div>`)}</dl>
    <p>${useInWords(row, now)}${successor === null ? "" : ` ${successor}`}</p>
    ${isGood(token) && token.session_of === null && token.role !== "engine"
      ? html`<p>${h(Button, { operation: "create_token", why, onClick: () => make({ name: token.name, role: token.role, types: token.engine_types?.join(", ") ?? "" }), children: "Make another of this name …" })}</p>` : null}
    ${sessions.length === 0 ? null : html`<h3>Sessions of browsers</h3><ul class="changes">${sessions.map((each) => html`<li key=${each.token_id}>
      <span class="id">${each.token_id}</span>: began ${h(Ago, { at: each.created_at })}, last used ${h(LastUse, { row: { token: each, sessions: [] } })},${" "}
      ${isGood(each) ? html`ends ${h(End, { token: each })} ${h(Button, { kind: "danger", operation: "revoke_token", why, onClick: () => revokeToken({ token: each, sessions: [] }, known), children: "End it …" })}` : html`${h(End, { token: each })}`}</li>`)}</ul>`}`;
}
