/** The whole page: the screen that the address names, or why there is none. */
import { useEffect, useRef } from "../vendor/hooks.js";
import { readFilters } from "../rules/filters.js";
import { idFault } from "../rules/ids.js";
import { visible } from "../rules/text.js";
import { go, place, rowWanted, scrollWanted } from "../state/place.js";
import { may, needsSignIn, session, sessionError } from "../state/session.js";
import { said } from "../parts/act.js";
import { Dialogs } from "../parts/dialog.js";
import { Frame } from "../parts/frame.js";
import { h, html } from "../parts/html.js";
import { Notices } from "../parts/notices.js";
import { menu, screenAt } from "./list.js";
import { loaded, open } from "./loaded.js";
import { NoWholeId, NotAllowed, NotLoaded, NotThere, Unreadable } from "./not-there.js";
import { SignIn } from "./sign-in.js";

export function Page() {
  const screen = screenAt(place.value);
  const title = `${screen?.titleWith?.(place.value.filters) ?? screen?.title ?? "Nothing here"}${place.value.id ? `: ${visible(place.value.id)}` : ""}`;
  useTitle(title);
  if (session.value === null) return needsSignIn.value ? h(SignIn, null) : h(Starting, null);
  return html`<div>
    ${h(Frame, { title, entries: menu, children: h(Content, null) })}
    ${h(Dialogs, null)}${h(Notices, null)}
    ${needsSignIn.value ? h(SignIn, null) : null}
  </div>`;
}

function Content() {
  const at = place.value;
  const screen = screenAt(at);
  useScroll(at);
  if (!screen) return h(NotThere, null);
  if (screen.at === "overview" && !may("read_overview") && may("list_tokens")) return h(ToTokens, null);
  if (screen.operation && !may(screen.operation)) return h(NotAllowed, { title: screen.title, operation: screen.operation });
  return h(Opened, { key: screen.at, listed: screen });
}

/** Where an admin begins. */
function ToTokens() {
  useEffect(() => go({ screen: "tokens" }, { replace: true }), []);
  return null;
}

/** @param {{ listed: import("./list.js").Listed }} props */
function Opened({ listed }) {
  useEffect(() => void open(listed), [listed]);
  const screen = loaded(listed);
  if (screen === "loading") return html`<section class="panel" aria-busy="true"><div class="panel-wait"><span class="hidden">Loading</span></div></section>`;
  if (screen === "missing") return h(NotLoaded, { title: listed.title });
  const { id, filters } = place.value;
  const { values, unreadable } = readFilters(screen.filters, filters);
  if (unreadable.length > 0) return h(Unreadable, { unreadable });
  const why = screen.isOfId && id !== null ? idFault(id) : null;
  if (why !== null) return h(NoWholeId, { title: listed.title, why });
  return h(screen.view, { key: id ?? "", id: id ?? "", values });
}

/** @param {string} title */
function useTitle(title) {
  const name = session.value?.installation?.name;
  useEffect(() => {
    document.title = `${title} – ${name ? `${name}, ` : ""}EventLease`;
  }, [title, name]);
}

/**
 * On a new screen the heading takes the focus, but not on the first, so that the first Tab offers to skip to the content. Going back
 * finds the place and the row that were left, once the data are there.
 * @param {import("../state/place.js").Place} at
 */
function useScroll({ screen, id }) {
  const isFirst = useRef(true);
  useEffect(() => {
    const [wanted, row] = [scrollWanted.value, rowWanted.value];
    const isFree = () => [null, document.body, document.querySelector("h1")].includes(/** @type {HTMLElement | null} */ (document.activeElement));
    if (!isFirst.current && isFree()) document.querySelector("h1")?.focus({ preventScroll: true });
    isFirst.current = false;
    let tries = 40;
    let isThere = wanted === 0;
    const scroll = () => {
      const link = row === null ? null : document.querySelector(`[data-key="${CSS.escape(row)}"] .table-link`);
      isThere ||= Math.abs(scrollY - wanted) <= 2;
      if (!isThere) scrollTo(0, wanted);
      if (link instanceof HTMLElement && isFree()) link.focus({ preventScroll: true });
      if ((!isThere || (row !== null && link === null)) && tries-- > 0) timer = setTimeout(scroll, 50);
    };
    if (wanted === 0) scrollTo(0, 0);
    let timer = setTimeout(scroll, 0);
    return () => clearTimeout(timer);
  }, [screen, id]);
}

function Starting() {
  const error = sessionError.value;
  if (error === null) return html`<p class="starting" role="status">Asking the server who you are …</p>`;
  return html`<main class="starting" role="alert"><h1>EventLease</h1><p>${said(error)}</p><p>The page asks again every few seconds. Its address keeps what you were looking at.</p></main>`;
}
