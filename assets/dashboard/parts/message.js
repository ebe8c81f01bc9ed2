/** The message of an error, with what changes from one event to the next as blanks: the words that are left are the cause. */
import { isMadeOfMessage, pieces } from "../rules/blanks.js";
import { cut, visible } from "../rules/text.js";
import { html } from "./html.js";

/** @param {{ message: string | null, fingerprint: string | null, most?: number }} props null: a lease was lost */
export function Message({ message, fingerprint, most = 200 }) {
  if (message === null) return html`<span class="nothing">no message: a lease was lost</span>`;
  if (message.trim() === "") return html`<span class="nothing">${message === "" ? "an empty message" : "a message of white space"}</span>`;
  const { head, left } = cut(message, most);
  const parts = isMadeOfMessage(fingerprint) ? pieces(head) : [{ text: head, isBlank: false }];
  return html`<bdi class="message">${parts.map(({ text, isBlank }, place) =>
    isBlank ? html`<span key=${place} class="message-blank" title=${visible(text)}>${visible(text)}</span>` : visible(text),
  )}${left > 0 ? "…" : ""}</bdi>`;
}
