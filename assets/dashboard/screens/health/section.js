/** A part of the report that has its answer with the verdict. */
import { useId } from "../../vendor/hooks.js";
import { html } from "../../parts/html.js";

/** @param {{ title: string, children: import("../../parts/html.js").Children }} props */
export function Section({ title, children }) {
  const id = useId();
  return html`<section class="panel" aria-labelledby=${id}><header class="panel-head"><h2 id=${id}>${title}</h2></header>${children}</section>`;
}
