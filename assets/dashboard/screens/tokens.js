/** Who is let in: tokens with their sessions. For admins, who see little else. */
import { useState } from "../vendor/hooks.js";
import { call } from "../api/call.js";
import { FILTERS, ROLES, queryOf, rowsOf } from "../rules/tokens.js";
import { usePages } from "../state/pages.js";
import { session } from "../state/session.js";
import { said } from "../parts/act.js";
import { Button } from "../parts/button.js";
import { CopyAs } from "../parts/copy-as.js";
import { FilterBar } from "../parts/filter-bar.js";
import { h, html } from "../parts/html.js";
import { newToken } from "../parts/new-token.js";
import { tell } from "../parts/notices.js";
import { Panel } from "../parts/panel.js";
import { Table } from "../parts/table.js";
import { actionsOf, columnsOf } from "./tokens/columns.js";
import { One } from "./tokens/one.js";

/** @typedef {import("../rules/tokens.js").Token} Token */
/** @typedef {import("../rules/tokens.js").Row} Row */

const PAGE = 200;
const EVERY_SECONDS = 10;
const FIELDS = [
  { name: "role", title: "role", choices: ROLES.map(([role]) => /** @type {const} */ ([role, role])) },
  { name: "name", title: "name" },
  { name: "engines", title: "those of engines", choices: /** @type {const} */ ([["true", "with those that engines got when they registered"]]) },
];

/** @param {import("./list.js").ScreenProps} props */
function Tokens({ values }) {
  const { open, ...filter } = values;
  const query = queryOf(filter);
  const key = JSON.stringify(query);
  const { poll, rows: tokens, more } = usePages(
    `list_tokens:${key}`,
    async (cursor, signal) => (await call("list_tokens", { query: { ...query, limit: PAGE, cursor }, signal })).data,
    { seconds: EVERY_SECONDS, idOf: (/** @type {Token} */ token) => token.token_id },
  );
  const [made, setMade] = useState(0);
  // What was made here stands in the list at once, wherever the pointer is.
  const make = (/** @type {Parameters<typeof newToken>[0]} */ given) => newToken(given, tokens).then(() => setMade((count) => count + 1));
  const rows = rowsOf(tokens);
  const known = { rows, isAll: more === null && query.role === undefined && query.name === undefined };
  const opened = open === undefined ? null : rows.find(({ token }) => token.token_id === open) ?? null;
  return html`<div>
    ${h(FilterBar, { fields: FIELDS, values, specs: FILTERS, children: h(CopyAs, { operation: "list_tokens", request: { query } }) })}
    ${open === undefined || poll.data === null ? null : h(One, { key: open, row: opened, known, make, why: whyNot() })}
    ${h(Panel, {
      title: "Tokens",
      poll,
      actions: h(Button, { ...(whyNot() === null ? { operation: /** @type {const} */ ("create_token") } : { why: whyNot() }), kind: "main", onClick: () => make({}), children: "Make a token …" }),
      isEmpty: () => tokens.length === 0,
      empty: whyNot() !== null ? html`<p>${whyNot()}.</p>` : html`<p>No token matches. Those that have ended are listed for some time, and then forgotten.</p>`,
      children: () => h(Table, {
        name: "Tokens",
        rows,
        more: more === null ? null : () => more().catch((error) => tell(said(error), { isBad: true })),
        keyOf: (/** @type {Row} */ { token }) => token.token_id,
        to: (/** @type {Row} */ { token }) => ({ screen: "tokens", filters: { ...filter, open: token.token_id } }),
        columns: columnsOf(known),
        actions: (/** @type {Row} */ row) => actionsOf(row, known, whyNot()),
        pulse: `${key} ${made}`,
      }),
    })}
    ${whyNot() !== null ? null : html`<section class="panel"><h2>Replacing a token</h2><p>Make a second one with the same name and role, hand it out, and revoke the older one when it is not used any more. Tokens with the same name count as one caller, so nothing else changes.
      Last uses are written down about once a minute.</p></section>`}
  </div>`;
}

/** Without authentication the server cannot tell who asks. */
function whyNot() {
  return session.value?.server.auth === false ? "This server runs without authentication: no token is asked for. For one that asks, eventlease token create --database-url makes tokens" : null;
}

/** @type {import("./list.js").Screen} */
export const screen = { filters: FILTERS, view: Tokens };
