/** Buttons run one thing at a time; pressed, they say why they may not. */
import { useId, useState } from "../vendor/hooks.js";
import { may, me, whoMay } from "../state/session.js";
import { html } from "./html.js";

/**
 * @param {object} props
 * @param {import("../api/call.js").OperationId} [props.operation] what it needs the right to
 * @param {() => unknown} props.onClick a promise: the button rests until it is over
 * @param {"plain" | "main" | "danger" | "quiet"} [props.kind]
 * @param {string | null} [props.why] why it cannot be used now
 * @param {string} [props.label] for screen readers, where children are no words
 * @param {boolean} [props.isPressed] of a switch
 * @param {import("./html.js").Children} [props.children]
 */
export function Button({ operation, onClick, kind = "plain", why = null, label, isPressed, children }) {
  const [isRunning, setRunning] = useState(false);
  const [isAsked, setAsked] = useState(false);
  const id = useId();
  const reason = operation && !may(operation) ? `${me.value} may not do this: ${whoMay(operation)}` : why;
  const run = async () => {
    if (reason !== null) return setAsked(true);
    if (isRunning) return;
    setRunning(true);
    try {
      await onClick();
    } finally {
      setRunning(false);
    }
  };
  return html`<button type="button" class=${`button button-${kind} ${isRunning ? "button-running" : ""}`} aria-disabled=${isRunning || reason !== null ? "true" : undefined}
      aria-describedby=${reason === null ? undefined : id} aria-label=${label} aria-pressed=${isPressed === undefined ? undefined : String(isPressed)}
      title=${reason ?? undefined} onClick=${run}>${children}${reason === null ? null : html`<span id=${id} class=${isAsked ? "note" : "hidden"}>${reason}</span>`}</button>`;
}
