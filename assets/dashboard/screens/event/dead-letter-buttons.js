/** What can be done about an event that has become a dead letter. */
import { Button } from "../../parts/button.js";
import { h, html } from "../../parts/html.js";
import { onDemand } from "../../parts/on-demand.js";
import { go } from "../../state/place.js";

const actions = () => import("../../parts/dead-letter-actions.js");

/** @param {{ letter: { event_id: string, redriven_as: string | null, lease_losses?: number } }} props */
export function DeadLetterButtons({ letter }) {
  const why = letter.redriven_as === null ? null : "It was redriven as another event already";
  const edit = async () => {
    const made = await onDemand(actions, ({ redriveWithPayload }) => redriveWithPayload(letter));
    if (made !== null) go({ screen: "events", id: made });
  };
  return html`
    ${h(Button, { operation: "redrive_dead_letter", kind: "main", why, onClick: () => onDemand(actions, ({ redriveOne }) => redriveOne(letter)), children: "Redrive" })}
    ${h(Button, { operation: "redrive_dead_letter", why, onClick: edit, children: "Redrive with another payload …" })}
    ${h(Button, { operation: "discard_dead_letter", kind: "danger", onClick: () => onDemand(actions, ({ discard }) => discard(letter)), children: "Discard …" })}`;
}
