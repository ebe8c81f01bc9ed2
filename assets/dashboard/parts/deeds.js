/** What was done from this tab, with its ways back, for as long as the tab is open. */
import { Button } from "./button.js";
import { h, html } from "./html.js";
import { Link } from "./link.js";
import { Menu } from "./menu.js";
import { told, Undo } from "./notices.js";
import { Ago } from "./time.js";

export function Deeds() {
  const notices = told.value;
  if (notices.length === 0) return null;
  return h(Menu, { class: "deeds", summary: html`done <small>${notices.length}</small>`, children: () => h(List, { notices }) });
}

/** @param {{ notices: readonly import("./notices.js").Notice[] }} props */
function List({ notices }) {
  return html`<div><h2>What was done from this tab</h2>
    <ul>${notices.map((notice) => html`<li key=${notice.number}>
      <span class="note">${h(Ago, { at: notice.at.toISOString() })}</span> <span class=${notice.isBad ? "deeds-bad" : ""}>${notice.text}</span>
      ${notice.to ? h(Link, { to: notice.to, children: "open it" }) : null} ${h(Undo, { notice })}</li>`)}</ul>
    ${h(Button, { kind: "quiet", onClick: () => { told.value = []; }, children: "forget them" })}</div>`;
}
