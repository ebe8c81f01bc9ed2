/** What stands around every screen. */
import { serverNow } from "../api/call.js";
import { lasts } from "../rules/times.js";
import { count } from "../rules/numbers.js";
import { isHeld, isOffline, tick } from "../state/live.js";
import { useOverview } from "../state/overview.js";
import { place } from "../state/place.js";
import { oldestAt } from "../state/poll.js";
import { unreachableSince } from "../state/reach.js";
import { may, me, needsSignIn, session, signOut } from "../state/session.js";
import { pace, theme, zone } from "../state/taste.js";
import { Button } from "./button.js";
import { Deeds } from "./deeds.js";
import { h, html } from "./html.js";
import { Jump } from "./jump.js";
import { Link } from "./link.js";
import { Menu } from "./menu.js";
import { Banners } from "./banners.js";
import { zoneNow } from "./time.js";
import { windowWidth } from "./width.js";

/** In pixels, as in frame.css. There the screens are a bar at the bottom, with room for so many; the others open above it. */
const PHONE_WIDTH = 760;
const IN_BAR = 5;

/** @typedef {{ screen: string, title: string, operation: import("../api/call.js").OperationId | null, count?: number, isApproximate?: boolean }} Entry */

/** @param {{ title: string, entries: readonly Entry[], children: import("./html.js").Children }} props */
export function Frame({ title, entries, children }) {
  return html`<div class="frame">
    <a class="skip" href="#main" onClick=${toMain}>Skip to the content</a>
    <header class="frame-top">
      ${h(Name, null)}
      ${h(Jump, null)}
      <div class="frame-state">${h(Live, null)}${h(Taste, null)}${h(Deeds, null)}${h(Who, null)}</div>
    </header>
    ${h(Places, { entries })}
    <main id="main" tabindex="-1"><h1 class="hidden" tabindex="-1">${title}</h1>${h(Banners, null)}${children}</main>
  </div>`;
}

/** @param {Event} event */
function toMain(event) {
  event.preventDefault();
  document.getElementById("main")?.focus();
}

function Name() {
  const name = session.value?.installation?.name;
  return h(Link, { to: { screen: "overview" }, class: "frame-name", children: html`EventLease${name ? html` <b class="frame-installation">${name}</b>` : null}` });
}

/** Whether what is seen is what is. */
function Live() {
  const at = oldestAt();
  const age = at === null ? 0 : Math.max(0, (tick.value - at) / 1000);
  const turn = () => {
    isHeld.value = !isHeld.value;
  };
  const { error } = useOverview();
  const [kind, words] = standing(age, error !== null && (error.kind === "offline" || error.status >= 500));
  return html`<span class=${`live live-${kind}`}>${h(Button, { kind: "quiet", onClick: turn, isPressed: isHeld.value, label: isHeld.value ? "Held: go on asking by itself" : `${words}: hold`, children: words })}</span>`;
}

/** The worst that holds. @param {number} age in seconds, of the oldest data @param {boolean} isFailing @returns {[kind: "good" | "held" | "warning" | "bad", words: string]} */
function standing(age, isFailing) {
  if (isOffline.value) return ["bad", "offline"];
  if (unreachableSince.value !== null) return ["bad", `no answer for ${lasts(silentSeconds(unreachableSince.value))}`];
  if (needsSignIn.value) return ["warning", "signed out"];
  if (isHeld.value) return ["held", "held"];
  if (isFailing) return ["warning", age > 20 ? `${lasts(age)} old` : "no answer"];
  if (pace.value === "off") return [age > 20 ? "warning" : "good", "by hand"];
  return age > 20 ? ["warning", `${lasts(age)} old`] : ["good", "live"];
}

/** @param {number} since */
function silentSeconds(since) {
  void tick.value;
  return Math.max(0, Math.round((serverNow() - since) / 1000));
}

function Taste() {
  const nextTheme = () => theme.set(theme.value === "system" ? "dark" : theme.value === "dark" ? "light" : "system");
  const nextZone = () => zone.set(zone.value === "utc" ? "local" : "utc");
  return html`<span class="taste">
    ${h(Button, { kind: "quiet", onClick: nextZone, label: `Times are ${zoneNow() === "utc" ? "UTC" : "local"}: change`, children: zoneNow() === "utc" ? "UTC" : "local" })}
    ${h(Button, { kind: "quiet", onClick: nextTheme, label: `Theme: ${theme.value}: change`, children: theme.value === "system" ? "◐" : theme.value === "dark" ? "●" : "○" })}
    ${h(Link, { to: { screen: "help" }, class: "taste-help", title: "Keys, words, preferences", children: "?" })}
  </span>`;
}

function Who() {
  const it = session.value;
  if (it === null || it.name === null) return null;
  const left = it.is_session && it.expires_at ? (Date.parse(it.expires_at) - serverNow()) / 1000 : null;
  return h(Menu, { class: "who", summary: html`${it.name} <small>${it.role}</small>`, children: () => html`
    <p>${me.value}${it.engine_types ? `, for ${it.engine_types.join(", ")}` : ""}</p>
    ${left === null ? null : html`<p class="note">The session lasts ${lasts(Math.max(0, Math.floor(left / 60) * 60))} more.</p>`}
    ${it.is_session ? h(Button, { onClick: signOut, children: "Sign out" }) : null}` });
}

/** @param {{ entries: readonly Entry[] }} props */
function Places({ entries }) {
  const allowed = entries.filter(({ operation }) => operation === null || may(operation));
  const inBar = windowWidth() > PHONE_WIDTH || allowed.length <= IN_BAR + 1 ? allowed.length : IN_BAR;
  const further = allowed.slice(inBar);
  const isFurther = further.some(({ screen }) => screen === place.value.screen);
  return html`<nav class="frame-places" aria-label="Screens">${allowed.slice(0, inBar).map((entry) => h(PlaceLink, { key: entry.screen, entry }))}
    ${further.length === 0 ? null : h(Menu, { class: isFurther ? "frame-further frame-current" : "frame-further", summary: "More", children: () => further.map((entry) => h(PlaceLink, { key: entry.screen, entry })) })}</nav>`;
}

/** @param {{ entry: Entry }} props */
function PlaceLink({ entry: { screen, title } }) {
  const overview = useOverview().data;
  const letters = overview?.totals.dead_letters ?? 0;
  return html`<span>${h(Link, {
    to: { screen },
    isCurrent: place.value.screen === screen,
    children: html`${title}${screen === "dead-letters" && letters > 0 ? html` <span class="frame-count">${count(letters, overview?.totals.is_approximate ?? false)}</span>` : null}`,
  })}</span>`;
}

