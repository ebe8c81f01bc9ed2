/** States are a mark and a word, never a colour alone. */
import { html } from "./html.js";

/** @typedef {"good" | "busy" | "waiting" | "warning" | "bad" | "lost" | "idle" | "held"} StateKind */
const MARKS = { good: "✓", busy: "▶", waiting: "◷", warning: "▲", bad: "✕", lost: "⌁", idle: "○", held: "‖" };

/** @param {{ word: string, kind: StateKind, code?: string }} props `code` is what one would search for */
export function Status({ word, kind, code }) {
  return html`<span class=${`status status-${kind}`}><span class="status-mark" aria-hidden="true">${MARKS[kind]}</span> ${word}${code && code !== word ? html` <code class="code">${code}</code>` : null}</span>`;
}
