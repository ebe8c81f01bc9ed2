/** Markup. Inside a template stand lower-case tags only; other components by `h(Name, props)`, so that their props are checked. */
import { h } from "../vendor/preact.js";
import htm from "../vendor/htm.js";

export { Fragment, h } from "../vendor/preact.js";

/** @typedef {import("../vendor/preact.js").ComponentChildren} Children */
/** @type {(strings: TemplateStringsArray, ...values: unknown[]) => import("../vendor/preact.js").VNode} */
export const html = /** @type {any} */ (htm.bind(/** @type {any} */ (h)));
