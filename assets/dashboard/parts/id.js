/** Long ids: shortened in the middle, whole in the tooltip, and copied whole. */
import { see } from "../state/seen.js";
import { html, h } from "./html.js";
import { Link } from "./link.js";

/** Whoever notes down what is left of it finds it again in the jump box. @param {string} id */
export function short(id) {
  see(id);
  return id.length > 20 ? `${id.slice(0, 8)}…${id.slice(-6)}` : id;
}

/** @param {{ id: string | null | undefined, to?: import("../state/place.js").Goal }} props */
export function Id({ id, to }) {
  if (!id) return html`<span class="nothing">–</span>`;
  /** @param {ClipboardEvent} event */
  const whole = (event) => {
    if (String(getSelection()).trim() !== short(id)) return;
    event.clipboardData?.setData("text/plain", id);
    event.preventDefault();
  };
  const text = html`<span class="id" title=${id} onCopy=${whole}>${short(id)}</span>`;
  return to ? h(Link, { to, children: text }) : text;
}
