/** The same from a terminal: a call as a line of the program, or of curl, to this very server. */
import { signal } from "../vendor/signals.js";
import { Copy } from "./copy.js";
import { h, html } from "./html.js";

/** @typedef {import("../api/call.js").OperationId} OperationId */
/** @typedef {import("../rules/cli.js").Request} Request */

/** What makes the lines is loaded with the first one that is shown or copied: few people copy any. */
const commands = signal(/** @type {typeof import("../rules/cli.js") | null} */ (null));
let isAsked = false;

export async function loadCommands() {
  commands.value ??= await import("../rules/cli.js");
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

/** @param {OperationId} operation @param {Request} request @returns {string} empty: the program has no such command, or it is not known yet */
export function asCli(operation, request) {
  return made()?.cli(operation, request, server()) ?? "";
}

/** @param {OperationId} operation @param {Request} request */
export function asCurl(operation, request) {
  return made()?.curl(operation, request, server()) ?? "";
}

/** @param {{ operation: import("../rules/cli.js").OperationWithLine, request: Request }} props */
export function CopyCli({ operation, request }) {
  return h(Copy, { text: async () => (await loadCommands(), asCli(operation, request)), label: "copy as CLI" });
}

/** @param {{ operation: OperationId, request: Request }} props */
export function CopyCurl({ operation, request }) {
  return h(Copy, { text: async () => (await loadCommands(), asCurl(operation, request)), label: "copy as curl" });
}

/** What is seen, for a terminal and for a colleague. @param {{ operation: import("../rules/cli.js").OperationWithLine, request: Request }} props */
export function CopyAs({ operation, request }) {
  return html`<span class="copy-as">
    ${h(CopyCli, { operation, request })}
    ${h(CopyCurl, { operation, request })}
    ${h(Copy, { text: () => location.href, label: "copy link" })}
  </span>`;
}
