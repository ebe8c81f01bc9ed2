/** The button beside a reason, where there is something to do at once. */
import { call } from "../api/call.js";
import { remedyOf } from "../rules/reason-actions.js";
import { visible } from "../rules/text.js";
import { may } from "../state/session.js";
import { said } from "./act.js";
import { Button } from "./button.js";
import { drainEngine } from "./drain-engine.js";
import { h } from "./html.js";
import { lift } from "./lift.js";
import { tell } from "./notices.js";
import { resume } from "./pause.js";
import { quarantineVersion } from "./quarantine.js";

/** @param {{ reason: Pick<import("../rules/reason-actions.js").Reason, "code" | "subject"> }} props */
export function Remedy({ reason }) {
  const remedy = remedyOf(reason);
  // Who may not has read what is to be done; a button that is always off would only be in the way.
  if (remedy === null || !may(remedy.operation)) return null;
  return h(Button, { operation: remedy.operation, onClick: () => carryOut(remedy), children: visible(remedy.verb) });
}

/** @param {import("../rules/reason-actions.js").Remedy} remedy */
function carryOut({ operation, subject, version = null }) {
  switch (operation) {
    case "resume_queue":
      return resumeIt(subject);
    case "lift_quarantine":
      return lift(subject, version);
    case "drain_engine":
      return drainEngine(subject);
    case "quarantine_version":
      return quarantineVersion(subject, version);
  }
}

/** With the pause as it is now, so that it can be brought back. @param {string} name */
async function resumeIt(name) {
  try {
    await resume((await call("read_queue", { path: { engine_type: name } })).data);
  } catch (error) {
    tell(said(/** @type {import("../api/call.js").CallError} */ (error)), { isBad: true });
  }
}
