/** What the engine registered with and said of itself since, as it is stored; closed at first. */
import { useMemo, useState } from "../../vendor/hooks.js";
import { rawMembers } from "../../rules/raw-members.js";
import { bytes } from "../../rules/numbers.js";
import { h, html } from "../../parts/html.js";
import { JsonView } from "../../parts/json-view.js";

/** @param {{ id: string, text: string }} props text: the answer that the engine came in */
export function EngineMetadata({ id, text }) {
  const metadata = useMemo(() => rawMembers(text).get("metadata") ?? "null", [text]);
  const [isOpen, setOpen] = useState(false);
  return html`<section class="panel" aria-label="Metadata">
    <details onToggle=${(/** @type {any} */ event) => setOpen(event.currentTarget.open)}><summary><h2>Metadata</h2> <span class="note">${bytes(metadata.length)}: its configuration, and what it says of its state</span></summary>
      ${isOpen ? h(JsonView, { name: "metadata", text: metadata, file: `${id}-metadata` }) : null}</details></section>`;
}
