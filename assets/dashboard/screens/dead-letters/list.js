/** Dead letters one by one: what each died of, and what is done about those that are chosen. */
import { call, serverNow } from "../../api/call.js";
import { queryOf, reason } from "../../rules/dead-letter-filter.js";
import { countOf, isNothing, nothing, ofFilter, underFilter } from "../../rules/choice.js";
import { bytes, count } from "../../rules/numbers.js";
import { usePages } from "../../state/pages.js";
import { useEffect } from "../../vendor/hooks.js";
import { useSignal } from "../../vendor/signals.js";
import { Brief } from "../../parts/brief.js";
import { Button } from "../../parts/button.js";
import { discard, redriveOne } from "../../parts/dead-letter-actions.js";
import { filterWords } from "../../parts/filter-words.js";
import { h, html } from "../../parts/html.js";
import { Id } from "../../parts/id.js";
import { NoDeadLetters } from "./none.js";
import { said } from "../../parts/act.js";
import { tell } from "../../parts/notices.js";
import { Panel } from "../../parts/panel.js";
import { discardThese, redriveThese } from "../../parts/dead-letters-chosen.js";
import { purgeMany } from "../../parts/purge-many.js";
import { redriveMany } from "../../parts/redrive-many.js";
import { exportLetters } from "../../parts/export-letters.js";
import { Table } from "../../parts/table.js";
import { Ago } from "../../parts/time.js";
import { twoLines } from "../../parts/two-lines.js";
import { go } from "../../state/place.js";

/** @typedef {import("../../api/types.js").components["schemas"]["DeadLetter"]} Letter */
/** @typedef {Readonly<Record<string, string>>} Values */

const PAGE = 100;
const EVERY_SECONDS = 10;

/** @param {{ values: Values }} props */
export function DeadLetterList({ values }) {
  const { view: _, sort: __, by: ___, ...filter } = values;
  const key = JSON.stringify(filter);
  const { poll, rows, more } = usePages(
    `list_dead_letters:${key}`,
    async (cursor, signal) => (await call("list_dead_letters", { query: { ...queryOf(filter, serverNow()), view: "brief", limit: PAGE, cursor }, signal })).data,
    { seconds: EVERY_SECONDS, idOf: (/** @type {Letter} */ letter) => letter.event_id },
  );
  const choice = useSignal(nothing);
  useEffect(() => {
    const { choice: kept, said: words } = underFilter(choice.value, filter);
    choice.value = kept;
    if (words !== null) tell(words);
  }, [key]);
  return h(Panel, {
    title: "Dead letters",
    poll,
    actions: h(Chosen, { choice, filter }),
    isEmpty: ({ items }) => items.length === 0,
    empty: h(NoDeadLetters, { values }),
    children: () => h(Letters, { rows, more: more === null ? null : () => more().catch((error) => tell(said(error), { isBad: true })), choice, pulse: key }),
  });
}

/** @param {{ rows: readonly Letter[], more: (() => Promise<void>) | null, choice: import("../../vendor/signals.js").Signal<import("../../rules/choice.js").Choice>, pulse: string }} props */
function Letters({ rows, more, choice, pulse }) {
  return h(Table, {
    name: "Dead letters",
    rows,
    more,
    choice,
    pulse,
    keyOf: (/** @type {Letter} */ { event_id }) => event_id,
    to: ({ event_id }) => ({ screen: "events", id: event_id }),
    actions: (letter) => [
      { verb: "Redrive", operation: /** @type {const} */ ("redrive_dead_letter"), run: () => redriveOne(letter), why: letter.redriven_as ? "It was redriven as another event already" : null },
      { verb: "Discard", operation: /** @type {const} */ ("discard_dead_letter"), isDanger: true, run: () => discard(letter) },
    ],
    columns: [
      { name: "event_id", title: "Event, payload", phone: "head", cell: ({ event_id, payload_bytes }) => twoLines(h(Id, { id: event_id }), bytes(payload_bytes)) },
      { name: "died", title: "Died, version", cell: ({ dead_lettered_at: at, engine_software_version: version }) => twoLines(h(Ago, { at }), version === null ? null : h(Brief, { text: version, most: 16 })) },
      { name: "message", title: "What it died of", width: "wide", cell: messageCell },
      { name: "queue", title: "Queue, event type", cell: ({ engine_type, event_type }) => twoLines(h(Brief, { text: engine_type, most: 24 }), h(Brief, { text: event_type, most: 24 })) },
      { name: "attempts", title: "Attempts", align: "right", cell: (letter) => twoLines(count(letter.attempt), redrives(letter)) },
    ],
  });
}

/** @param {Letter} letter */
function messageCell({ error_type, error_message, reason: code }) {
  return twoLines(h(Brief, { text: error_message, most: 80 }), html`${error_type ? html`${h(Brief, { text: error_type, most: 24 })} · ` : null}<span title=${code}>${reason(code)}</span>`);
}

/** @param {Letter} letter */
function redrives({ redrives: times, redriven_as }) {
  if (redriven_as) return html`redriven as ${h(Id, { id: redriven_as, to: { screen: "events", id: redriven_as } })}`;
  return times === 0 ? null : times === 1 ? "redriven once" : `redriven ${count(times)} times`;
}

/** What is done about those that are chosen. @param {{ choice: import("../../vendor/signals.js").Signal<import("../../rules/choice.js").Choice>, filter: Values }} props */
function Chosen({ choice, filter }) {
  const chosen = choice.value;
  const words = filterWords(filter);
  const many = countOf(chosen);
  const done = (/** @type {unknown} */ result) => {
    if (result !== null) choice.value = nothing;
  };
  const redrive = async () => {
    if (many !== null) return done(await redriveThese(chosen.ids));
    const job = await redriveMany({ values: filter });
    if (job !== null) go({ screen: "redrive-jobs", id: job.job_id });
  };
  const purge = async () => done(many !== null ? await discardThese(chosen.ids) : await purgeMany({ values: filter }));
  const why = isNothing(chosen) ? "Choose some first" : null;
  return html`
    <span class="note">${many === null ? `all that match are chosen: ${words}` : many > 0 ? `${count(many)} chosen` : ""}</span>
    ${many === null
      ? h(Button, { kind: "quiet", onClick: () => { choice.value = nothing; }, children: "choose none" })
      : h(Button, { kind: "quiet", onClick: () => { choice.value = ofFilter(filter, words); }, children: "choose all that match" })}
    ${h(Button, { operation: many === null ? "create_redrive_job" : "redrive_dead_letter", onClick: redrive, why, children: "Redrive" })}
    ${h(Button, { operation: many === null ? "purge_dead_letters" : "discard_dead_letter", kind: "danger", onClick: purge, why, children: "Discard" })}
    ${h(Button, { kind: "quiet", onClick: () => exportLetters(filter), children: "export as JSON lines" })}`;
}
