/** One engine: what it is doing, what it holds, and when that comes back. */
import { callWithText } from "../api/call.js";
import { usePoll } from "../state/poll.js";
import { AuditPanel } from "../parts/audit-panel.js";
import { h, html } from "../parts/html.js";
import { Panel } from "../parts/panel.js";
import { EngineHead } from "./engine/head.js";
import { EngineLeases } from "./engine/leases.js";
import { EngineMetadata } from "./engine/metadata.js";
import { NoEngine } from "./engine/no-engine.js";

/** @typedef {{ data: import("../api/call.js").Data<"read_engine">, text: string }} Told */

const SECONDS = 5;

/** @param {import("./list.js").ScreenProps} props */
function View({ id }) {
  const poll = usePoll(`read_engine_text:${id}`, (signal) => callWithText("read_engine", { path: { engine_id: id }, signal }), { seconds: SECONDS });
  const engine = poll.data?.data;
  if (poll.error?.status === 404) return h(NoEngine, { id });
  return html`<div class="engine">
    ${h(Panel, { poll, children: (/** @type {Told} */ { data }) => h(EngineHead, { engine: data }) })}
    ${engine ? html`<div class="engine">
      ${h(EngineLeases, { engine })}
      ${h(EngineMetadata, { id, text: poll.data?.text ?? "" })}
      ${h(AuditPanel, { subject: id, empty: "Nobody has drained, resumed, changed or removed this engine by itself." })}
    </div>` : null}
  </div>`;
}

/** @type {import("./list.js").Screen} */
export const screen = { filters: {}, isOfId: true, view: View };
