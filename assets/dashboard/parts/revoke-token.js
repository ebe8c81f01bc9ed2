/** Revoking a token: for good, so that it is said beforehand who will notice. */
import { serverNow } from "../api/call.js";
import { limitsOf, revokeInWords } from "../rules/tokens.js";
import { visible } from "../rules/text.js";
import { session } from "../state/session.js";
import { act } from "./act.js";
import { asCli, asCurl } from "./copy-as.js";
import { ask } from "./dialog.js";
import { html } from "./html.js";

/** @typedef {import("../rules/tokens.js").Row} Row */

/** @param {Row} row @param {{ rows: readonly Row[], isAll: boolean }} known */
export async function revokeToken(row, known) {
  const { token } = row;
  const { name = null, role = null } = session.value ?? {};
  const { sentences, isGrave } = revokeInWords(row, { ...known, me: { name, role }, now: serverNow() });
  const what = token.session_of === null ? "token" : "session";
  const request = { path: { token_id: token.token_id } };
  const isSure = await ask({
    title: `Revoke a ${what} of ${visible(token.name)}?`,
    sentence: html`${sentences.join(" ")}`,
    facts: [["Role", token.role], ["Reaches", limitsOf(token)], ["Id", html`<span class="id">${token.token_id}</span>`]],
    verb: `Revoke the ${what}`,
    isDanger: true,
    ...(isGrave ? { typed: visible(token.name).trim() } : {}),
    cli: () => asCli("revoke_token", request),
    curl: () => asCurl("revoke_token", request),
  });
  if (isSure) await act("revoke_token", request, { done: `The ${what} of ${visible(token.name)} is revoked.` });
}
