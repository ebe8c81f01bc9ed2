/** Keys of the whole page. Those of one letter can be switched off, and never act where text is typed. */
import { dialogsOpen, isHeld } from "../state/live.js";
import { go } from "../state/place.js";
import { singleKeys, zone } from "../state/taste.js";

/** Where `g` and then a letter leads. */
export const PLACES = /** @type {const} */ ({ o: "overview", q: "queues", e: "events", n: "engines", d: "dead-letters", s: "suspects", j: "redrive-jobs", h: "health", a: "audit", t: "tokens" });

/** What each key does, for the page of help. */
export const KEYS = /** @type {const} */ ([
  ["?", "this help"],
  ["/ or Ctrl K", "paste an id or a name"],
  ["g o, g q, g e, g n, g d", "overview, queues, events, engines, dead letters"],
  ["g s, g j, g h, g a, g t", "suspects, redrive jobs, health, audit, tokens"],
  ["j, k", "next row, previous row"],
  ["Enter", "open the row"],
  ["↓ ↑", "through what the box in the top line found"],
  ["x, Shift X", "choose the row, choose all rows up to it"],
  [".", "what can be done with the row"],
  ["f", "the first filter"],
  ["r", "take in rows that are new"],
  ["[, ]", "the time before, the time after"],
  ["p", "hold: nothing is asked for by itself"],
  ["t", "local times or UTC"],
  ["Esc", "back out of a field or a dialog"],
]);

let isGoing = false;

/** @param {() => void} jump */
export function watchKeys(jump) {
  addEventListener("keydown", (event) => {
    if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "k") {
      event.preventDefault();
      if (dialogsOpen.value === 0) jump();
      return;
    }
    const target = event.target instanceof HTMLElement ? event.target : document.body;
    if (target.closest("input:not([type=checkbox]), textarea, select")) {
      if (event.key === "Escape") target.blur();
      return;
    }
    if (event.ctrlKey || event.metaKey || event.altKey || dialogsOpen.value > 0 || singleKeys.value === "off") return;
    if (one(event.key, jump)) event.preventDefault();
  });
}

/** @param {string} key @param {() => void} jump @returns {boolean} whether it means something */
function one(key, jump) {
  if (isGoing) {
    isGoing = false;
    const screen = PLACES[/** @type {keyof typeof PLACES} */ (key)];
    if (screen) go({ screen });
    return screen !== undefined;
  }
  switch (key) {
    case "g":
      isGoing = true;
      return true;
    case "?":
      go({ screen: "help" });
      return true;
    case "/":
      jump();
      return true;
    case "p":
      isHeld.value = !isHeld.value;
      return true;
    case "t":
      zone.set(zone.value === "utc" ? "local" : "utc");
      return true;
    case "f":
      return focus(document.querySelector("[data-filters] input, [data-filters] select"));
    case "r":
      return click(document.querySelector(".table-news button"));
    case "j":
      return focus(neighbour(1));
    case "k":
      return focus(neighbour(-1));
    case "x":
    case "X":
      return click(row()?.querySelector("input[type=checkbox]") ?? null, key === "X");
    case ".":
      return focus(row()?.querySelector(".table-actions button") ?? null);
    default:
      return false;
  }
}

/** The row that has the focus. */
function row() {
  return document.activeElement?.closest("tr.table-row") ?? null;
}

/** What takes the focus in the row after it, or in the first one. @param {1 | -1} step */
function neighbour(step) {
  const current = row();
  const rows = [...(current?.closest("table") ?? document).querySelectorAll("tr.table-row")];
  const next = rows[current === null ? 0 : rows.indexOf(current) + step];
  return next?.querySelector("a.table-link") ?? next?.querySelector("input, a, button") ?? null;
}

/** @param {Element | null} element */
function focus(element) {
  if (!(element instanceof HTMLElement)) return false;
  element.focus();
  element.scrollIntoView({ block: "nearest" });
  return true;
}

/** @param {Element | null} element @param {boolean} [shiftKey] */
function click(element, shiftKey = false) {
  return element?.dispatchEvent(new MouseEvent("click", { bubbles: true, cancelable: true, shiftKey })) !== undefined;
}
