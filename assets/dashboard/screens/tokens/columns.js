/** What a row of the tokens says. */
import { serverNow } from "../../api/call.js";
import { isGood, lastUseOf, limitsOf, stateOf, successorInWords } from "../../rules/tokens.js";
import { h, html } from "../../parts/html.js";
import { short } from "../../parts/id.js";
import { revokeToken } from "../../parts/revoke-token.js";
import { Stranger } from "../../parts/stranger.js";
import { Ago, CountDown } from "../../parts/time.js";
import { twoLines } from "../../parts/two-lines.js";
import { Status } from "../../parts/words.js";

/** @typedef {import("../../rules/tokens.js").Row} Row */
/** @typedef {import("../../rules/tokens.js").Token} Token */
/** @typedef {{ rows: readonly Row[], isAll: boolean }} Known */

/** @param {Known} known @returns {import("../../parts/table.js").Column<Row>[]} */
export function columnsOf(known) {
  return [
    { name: "name", title: "Name", phone: "head", width: "wide", cell: (row) => h(Name, { row }) },
    { name: "role", title: "Role", cell: ({ token }) => token.role },
    { name: "limits", title: "Reaches", cell: ({ token }) => h(Limits, { token }) },
    { name: "state", title: "State", cell: ({ token }) => h(Status, stateOf(token, serverNow())) },
    { name: "used", title: "Last used", cell: (row) => twoLines(h(LastUse, { row }), successorInWords(row.token, known.rows, serverNow()) === null ? "" : "a newer one is there") },
    { name: "ends", title: "Ends", cell: ({ token }) => h(End, { token }) },
    { name: "made", title: "Made", cell: ({ token }) => twoLines(h(Ago, { at: token.created_at }), h(Stranger, { text: token.created_by, most: 40 })) },
  ];
}

/** @param {Row} row @param {Known} known @param {string | null} why it cannot be done @returns {readonly import("../../parts/table.js").Action[]} */
export function actionsOf(row, known, why) {
  return isGood(row.token) ? [{ verb: "Revoke …", run: () => revokeToken(row, known), isDanger: true, operation: "revoke_token", why }] : [];
}

/** @param {{ row: Row }} props */
function Name({ row: { token, sessions } }) {
  const open = sessions.filter(isGood).length;
  const name = h(Stranger, { text: token.name, most: 60 });
  if (token.session_of !== null) return twoLines(name, `session of the token ${short(token.session_of)}`);
  return open === 0 ? name : twoLines(name, open === 1 ? "1 session" : `${open} sessions`);
}

/** @param {{ row: Row }} props */
export function LastUse({ row }) {
  const used = lastUseOf(row);
  return used === null ? html`<span class="nothing">never</span>` : h(Ago, { at: used });
}

/** @param {{ token: Token }} props */
export function Limits({ token }) {
  return token.engine_id === null ? h(Stranger, { text: limitsOf(token), most: 80 }) : html`engine <span class="id" title=${token.engine_id}>${short(token.engine_id)}</span>`;
}

/** @param {{ token: Token }} props */
export function End({ token: { state, expires_at, revoked_at } }) {
  if (state === "revoked") return html`revoked ${h(Ago, { at: revoked_at })}`;
  if (expires_at === null) return html`<span class="nothing">never</span>`;
  return state === "expired" ? h(Ago, { at: expires_at }) : html`in ${h(CountDown, { to: expires_at, over: "a moment" })}`;
}
