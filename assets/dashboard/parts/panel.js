/** A part of a screen that shows what it was told, in every state that asking can be in. */
import { useId } from "../vendor/hooks.js";
import { freshness } from "../rules/clock.js";
import { lasts } from "../rules/times.js";
import { isReachable, tick } from "../state/live.js";
import { me } from "../state/session.js";
import { Button } from "./button.js";
import { h, html } from "./html.js";
import { said } from "./act.js";

/** @typedef {import("./html.js").Children} Children */

/**
 * What the data are is not passed on by `h`: `children` says it.
 *
 * @param {object} props
 * @param {string} [props.title]
 * @param {import("../state/poll.js").Poll<any>} props.poll
 * @param {Children} [props.actions]
 * @param {(data: any) => boolean} [props.isEmpty]
 * @param {Children} [props.empty] what would be here, and how it gets here
 * @param {Children} [props.gone] where the server knows nothing of it (status 404)
 * @param {(data: any) => Children} props.children
 */
export function Panel({ title, poll, actions, isEmpty, empty, gone, children }) {
  const id = useId();
  const { data, error } = poll;
  const isFirst = data === null && error === null;
  return html`<section class="panel" aria-labelledby=${title ? id : undefined} aria-busy=${isFirst ? "true" : undefined}>
    ${title || actions ? html`<header class="panel-head">${title ? html`<h2 id=${id}>${title}</h2>` : null}${h(Age, { poll })}<div class="panel-actions">${actions}</div></header>` : null}
    ${isFirst ? null : h(Asking, { poll })}
    ${error && error.kind !== "aborted" ? h(Trouble, { poll, error, gone }) : null}
    ${data === null ? (error ? null : html`<div class="panel-wait"><span class="hidden">Loading</span></div>`) : isEmpty?.(data) ? html`<div class="empty">${empty}</div>` : children(data)}
  </section>`;
}

/** @param {{ poll: import("../state/poll.js").Known<any> }} props */
function Asking({ poll }) {
  return poll.running.value ? html`<div class="panel-loading"></div>` : null;
}

/** The age of data that are older than they should be. @param {{ poll: import("../state/poll.js").Known<any> }} props */
function Age({ poll: { at, seconds } }) {
  const age = (tick.value - (at ?? tick.value)) / 1000;
  if (seconds === null || at === null || freshness(age, seconds) === "fresh") return null;
  return html`<span class=${`age age-${freshness(age, seconds) === "old" ? "warning" : "bad"}`}>${lasts(age)} old</span>`;
}

/** @param {{ poll: import("../state/poll.js").Poll<any>, error: import("../api/call.js").CallError, gone?: Children }} props */
function Trouble({ poll, error, gone }) {
  if (error.status === 401) return null; // the page asks for a token
  // Said once, above the screen.
  if (error.kind === "offline" && !isReachable.value) return poll.data === null ? html`<div class="empty">Not known yet: the server gives no answer.</div>` : null;
  if (error.status === 404 && gone) return html`<div class="empty">${gone}</div>`;
  const left = poll.nextTryAt === null ? null : Math.max(0, (poll.nextTryAt - tick.value) / 1000);
  return html`<div class="trouble" role="alert">
    <p>${capital(said(error))} <code class="code">${error.code}</code></p>
    ${error.status === 403 ? html`<p>${rolesOf(error)}</p>` : null}
    ${error.code === "database_timeout" ? html`<p>The database had no time for it. Narrow it down: name one queue, or a shorter time. It is not asked again by itself.</p>` : null}
    <p class="trouble-next">${poll.data === null ? "" : "What is shown is what was known before. "}${left === null ? "" : `Next try ${left < 1 ? "now" : `in ${lasts(left)}`}. `}
      ${error.status === 422 ? "It would be refused again: change what is asked for." : h(Button, { onClick: poll.refresh, children: "Try now" })}</p>
  </div>`;
}

/** @param {string} text */
function capital(text) {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** Which roles may, and who is asking. @param {import("../api/call.js").CallError} error */
function rolesOf({ problem }) {
  const roles = problem["allowed_roles"];
  const who = `You are ${me.value}.`;
  return Array.isArray(roles) ? `${who} Roles that may: ${roles.join(", ")}.` : who;
}
