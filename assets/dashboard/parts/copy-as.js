/** The same from a terminal: a call as a line of the program, or of curl, to this very server. */
import { cli, curl } from "../rules/cli.js";
import { Copy } from "./copy.js";
import { h, html } from "./html.js";

/** @typedef {import("../api/call.js").OperationId} OperationId */

/** The server's address, without the page's own part. */
function server() {
  return new URL("..", location.href.replace(/#.*$/, "")).href.replace(/\/$/, "");
}

/** @param {OperationId} operation @param {import("../rules/cli.js").Request} request @returns {string} empty: the program has no such command */
export function asCli(operation, request) {
  return cli(operation, request, server()) ?? "";
}

/** @param {OperationId} operation @param {import("../rules/cli.js").Request} request */
export function asCurl(operation, request) {
  return curl(operation, request, server());
}

/** What one sees, for a terminal and for a colleague. @param {{ operation: OperationId, request: import("../rules/cli.js").Request }} props */
export function CopyAs({ operation, request }) {
  return html`<span class="copy-as">
    ${asCli(operation, request) === "" ? null : h(Copy, { text: () => asCli(operation, request), label: "copy as CLI" })}
    ${h(Copy, { text: () => asCurl(operation, request), label: "copy as curl" })}
    ${h(Copy, { text: () => location.href, label: "copy link" })}
  </span>`;
}
