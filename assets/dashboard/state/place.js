/** Where in the page one is, and going elsewhere: the address holds it all. */
import { signal } from "../vendor/signals.js";
import { format, parse } from "../rules/address.js";

/** @typedef {import("../rules/address.js").Place} Place */
/** @typedef {{ screen: string, id?: string | null, filters?: Record<string, string | null | undefined> }} Goal */

const UNREADABLE = { screen: "?", id: null, filters: {} };

/** @type {import("../vendor/signals.js").Signal<Place>} */
export const place = signal(parse(location.hash) ?? UNREADABLE);

/** How far the page was scrolled when this entry of the history was left. */
export const scrollWanted = signal(0);
/** The row that had the focus of the keyboard then. */
export const rowWanted = signal(/** @type {string | null} */ (null));

export function watchAddress() {
  history.scrollRestoration = "manual";
  addEventListener("popstate", (event) => {
    scrollWanted.value = event.state?.scroll ?? 0;
    rowWanted.value = event.state?.row ?? null;
    place.value = parse(location.hash) ?? UNREADABLE;
  });
}

/** @param {Goal} goal */
export function href(goal) {
  return format(goal);
}

/** @param {Goal} goal @param {{ replace?: boolean }} [how] replace: without an entry in the history */
export function go(goal, { replace = false } = {}) {
  const address = format(goal);
  const next = /** @type {Place} */ (parse(address));
  if (replace) history.replaceState(history.state, "", address);
  else {
    const row = document.querySelector("[data-key] :focus-visible")?.closest("[data-key]")?.getAttribute("data-key") ?? null;
    history.replaceState({ scroll: scrollY, row }, "");
    history.pushState(null, "", address);
    if (next.screen !== place.value.screen || next.id !== place.value.id) {
      scrollWanted.value = 0;
      rowWanted.value = null;
    }
  }
  place.value = next;
}

/** @param {Readonly<Record<string, string | null>>} changes null takes a filter away @param {{ replace?: boolean }} [how] */
export function setFilters(changes, how) {
  const { screen, id, filters } = place.value;
  go({ screen, id, filters: { ...filters, ...changes } }, how);
}

/** @param {string} name @param {string | null} value @param {{ replace?: boolean }} [how] */
export function setFilter(name, value, how) {
  setFilters({ [name]: value }, how);
}
