/** The same from a terminal: a call as a line of the program, or of curl, to this very server. */
import { signal } from "../vendor/signals.js";
import { Copy } from "./copy.js";
import { h, html } from "./html.js";

/** @typedef {import("../api/call.js").OperationId} OperationId */

/** What makes the lines is loaded with the first one: few copy any. */
const commands = signal(/** @type {typeof import("../rules/cli.js") | null} */ (null));
let isAsked = false;

export async function loadCommands() {
  commands.value = await import("../rules/cli.js");
}

/** Null until it is loaded: then whatever was drawn meanwhile is drawn again. */
function made() {
  if (!isAsked && commands.value === null) {
    isAsked = true;
    loadCommands().catch(() => {
      isAsked = false;
    });
  }
  return commands.value;
}

/** The server's address, without the page's own part. */
function server() {
  return new URL("..", location.href.replace(/#.*$/, "")).href.replace(/\/$/, "");
}

/** @param {OperationId} operation @param {import("../rules/cli.js").Request} request @returns {string} empty: the program has no such command, or it is not known yet */
export function asCli(operation, request) {
  return made()?.cli(operation, request, server()) ?? "";
}

/** @param {OperationId} operation @param {import("../rules/cli.js").Request} request */
export function asCurl(operation, request) {
  return made()?.curl(operation, request, server()) ?? "";
}

/** What is seen, for a terminal and for a colleague. @param {{ operation: OperationId, request: import("../rules/cli.js").Request }} props */
export function CopyAs({ operation, request }) {
  return html`<span class="copy-as">
    ${asCli(operation, request) === "" ? null : h(Copy, { text: () => asCli(operation, request), label: "copy as CLI" })}
    ${h(Copy, { text: () => asCurl(operation, request), label: "copy as curl" })}
    ${h(Copy, { text: () => location.href, label: "copy link" })}
  </span>`;
}
