/** The button beside a reason, where there is something to do at once. */
import { remedyOf } from "../rules/reason-actions.js";
import { visible } from "../rules/text.js";
import { may } from "../state/session.js";
import { Button } from "./button.js";
import { h } from "./html.js";
import { onDemand } from "./on-demand.js";

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
      return onDemand(() => import("./pause.js"), ({ resumeByName }) => resumeByName(subject));
    case "lift_quarantine":
      return onDemand(() => import("./lift.js"), ({ lift }) => lift(subject, version));
    case "drain_engine":
      return onDemand(() => import("./drain-engine.js"), ({ drainEngine }) => drainEngine(subject));
    case "quarantine_version":
      return onDemand(() => import("./quarantine.js"), ({ quarantineVersion }) => quarantineVersion(subject, version));
  }
}
