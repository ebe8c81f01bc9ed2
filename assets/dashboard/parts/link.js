/** A place inside the page; the only maker of `href`. */
import { go, href } from "../state/place.js";
import { html } from "./html.js";

/** @param {{ to: import("../state/place.js").Goal, children?: import("./html.js").Children, class?: string, isCurrent?: boolean, title?: string, isStop?: boolean }} props `isStop` false: the tab key passes over it */
export function Link({ to, children, class: name, isCurrent, title, isStop = true }) {
  /** @param {MouseEvent} event */
  const follow = (event) => {
    if (event.defaultPrevented || event.button !== 0 || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
    event.preventDefault();
    go(to);
  };
  return html`<a href=${href(to)} class=${name} title=${title} aria-current=${isCurrent ? "page" : undefined} tabindex=${isStop ? undefined : -1} onClick=${follow}>${children}</a>`;
}
