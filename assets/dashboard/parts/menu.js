/** What opens below a word of the top line, and closes when one turns to something else. */
import { useEffect, useRef, useState } from "../vendor/hooks.js";
import { place } from "../state/place.js";
import { html } from "./html.js";

/** @param {{ class?: string, summary: import("./html.js").Children, children: () => import("./html.js").Children }} props */
export function Menu({ class: name = "", summary, children }) {
  const [isOpen, setOpen] = useState(false);
  const box = useRef(/** @type {HTMLDetailsElement | null} */ (null));
  const at = place.value;
  useEffect(() => setOpen(false), [at]);
  useEffect(() => {
    if (!isOpen) return;
    const leave = (/** @type {Event} */ event) => {
      if (!box.current?.contains(/** @type {Node} */ (event.target))) setOpen(false);
    };
    const escape = (/** @type {KeyboardEvent} */ event) => {
      if (event.key !== "Escape") return;
      event.stopPropagation();
      setOpen(false);
      box.current?.querySelector("summary")?.focus();
    };
    document.addEventListener("pointerdown", leave);
    // Before the keys of the page.
    document.addEventListener("keydown", escape, { capture: true });
    return () => {
      document.removeEventListener("pointerdown", leave);
      document.removeEventListener("keydown", escape, { capture: true });
    };
  }, [isOpen]);
  const turn = (/** @type {any} */ event) => setOpen(event.currentTarget.open);
  return html`<details class=${`menu ${name}`} ref=${box} open=${isOpen} onToggle=${turn}><summary>${summary}</summary>${isOpen ? html`<div class="menu-body">${children()}</div>` : null}</details>`;
}
