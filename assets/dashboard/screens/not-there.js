/** Why there is no screen: it does not exist, is not allowed, or cannot be loaded. */
import { place } from "../state/place.js";
import { me, session, whoMay } from "../state/session.js";
import { Button } from "../parts/button.js";
import { h, html } from "../parts/html.js";
import { Link } from "../parts/link.js";
import { Stranger } from "../parts/stranger.js";

export function NotThere() {
  return html`<section class="panel"><h2>There is no such screen</h2>
    <p>The address names <code>${place.value.screen}</code>, which this page does not have. The address may be cut off, or of another version.</p>
    <p>${h(Link, { to: { screen: "overview" }, children: "To the overview" })}</p></section>`;
}

/** @param {{ title: string, operation: import("../api/call.js").OperationId }} props */
export function NotAllowed({ title, operation }) {
  return html`<section class="panel"><h2>${title}</h2>
    <p>You are ${me.value}, and may not look at this: ${whoMay(operation)}.</p>
    ${session.value?.role === "admin"
      ? html`<p>An admin's token sees neither queues nor events. ${h(Link, { to: { screen: "tokens" }, children: "Make one" })} that does, sign out, and sign in with it.</p>`
      : null}</section>`;
}

/** @param {{ title: string, why: string }} props */
export function NoWholeId({ title, why }) {
  const { screen, id } = place.value;
  return html`<section class="panel"><h2>${title}: this id cannot be looked up</h2>
    <p class="id">${h(Stranger, { text: id })}</p><p>${why}.</p>
    <p>${h(Link, { to: { screen }, children: "To the list" })}</p></section>`;
}

/** The server is away, or serves another version by now. @param {{ title: string }} props */
export function NotLoaded({ title }) {
  return html`<section class="panel trouble" role="alert"><h2>${title} could not be loaded</h2>
    <p>The server cannot be reached, or it was upgraded and no longer has the files of this page. The address keeps what you were looking at.</p>
    <p>${h(Button, { onClick: () => location.reload(), children: "Reload" })}</p></section>`;
}

/** Parts of the address that could not be read. None is dropped without a word. @param {{ unreadable: readonly import("../rules/filters.js").Unreadable[] }} props */
export function Unreadable({ unreadable }) {
  const { screen, id, filters } = place.value;
  const without = Object.fromEntries(Object.entries(filters).filter(([name]) => unreadable.every((each) => each.name !== name)));
  return html`<section class="panel trouble" role="alert"><h2>The address cannot be read</h2>
    <ul>${unreadable.map(({ name, value, why }) => html`<li key=${name}><code>${name}=${value}</code>: ${why}</li>`)}</ul>
    <p>${h(Link, { to: { screen, id, filters: without }, children: "Show the screen without it" })}</p></section>`;
}
