/** How the engine stands, in a sentence; by what its life is judged; and what can be done about it. */
import { call, serverNow } from "../../api/call.js";
import { drainEffect, engineSentence, engineStateOf, livenessOf, loadOf, overdue, registrationsOf, resumeEffect, versionOf } from "../../rules/engine-words.js";
import { tick } from "../../state/live.js";
import { usePoll } from "../../state/poll.js";
import { may } from "../../state/session.js";
import { Button } from "../../parts/button.js";
import { changeSlots } from "../../parts/change-slots.js";
import { Copy } from "../../parts/copy.js";
import { CopyAs } from "../../parts/copy-as.js";
import { drainEngine, resumeEngine } from "../../parts/drain-engine.js";
import { h, html } from "../../parts/html.js";
import { Link } from "../../parts/link.js";
import { quarantineVersion } from "../../parts/quarantine.js";
import { removeEngine } from "../../parts/remove-engine.js";
import { Stranger } from "../../parts/stranger.js";
import { Ago, At } from "../../parts/time.js";
import { Status } from "../../parts/words.js";

/** @typedef {import("../../rules/engine-words.js").Engine} Engine */

const SECONDS = 15;

/** @param {{ engine: Engine }} props */
export function EngineHead({ engine }) {
  void tick.value;
  const now = serverNow();
  const load = loadOf(engine);
  const { engine_id: id, engine_type: type, scenario_run_id: run } = engine;
  const version = versionOf(engine);
  return html`<div class="event-head">
    <div class="event-title">
      ${h(Status, { ...engineStateOf(engine, now), code: engine.status })}
      <h2>Engine of ${h(Link, { to: { screen: "queues", id: type }, children: h(Stranger, { text: type }) })} <small>${version === null ? "without a version" : html`version ${h(Stranger, { text: version, most: 40 })}`}</small></h2>
      <span class="event-id"><span class="id">${id}</span> ${h(Copy, { text: id, label: "copy id" })}</span>
    </div>
    <p class="event-sentence">${engineSentence(engine, now)}</p>
    <p>${load.differs && overdue(engine, now) === null ? h(Status, { word: "they differ", kind: "warning" }) : null} ${load.words}</p>
    <p>${livenessOf(engine)}</p>
    <dl class="event-facts">
      <div><dt>registered</dt><dd>${registrationsOf(engine)}, ${engine.incarnation > 1 ? "the last time " : ""}${h(At, { at: engine.registered_at })}</dd></div>
      <div><dt>last seen</dt><dd>${h(Ago, { at: engine.last_seen_at })}</dd></div>
      ${run === null ? null : html`<div><dt>run</dt><dd>${h(Stranger, { text: run, most: 40 })}</dd></div>`}
      ${engine.may_enqueue.length === 0 ? null : html`<div><dt>may enqueue into</dt><dd>${h(Stranger, { text: engine.may_enqueue.join(", "), most: 80 })}</dd></div>`}
      ${engine.leases_held === 0 ? null : html`<div><dt>events</dt><dd>${h(Link, { to: { screen: "events", filters: { leased_by: id } }, children: "the events that it holds" })}</dd></div>`}
      <div><dt>others</dt><dd>${h(Link, { to: { screen: "queues", id: type }, children: "its queue, and the engines there" })}</dd></div>
    </dl>
    ${h(Actions, { engine, version })}
  </div>`;
}

/** What each does is said beside it, beforehand. @param {{ engine: Engine, version: string | null }} props */
function Actions({ engine, version }) {
  const { engine_id: id, engine_type: type } = engine;
  const isDraining = engine.status === "draining";
  const isAllowed = may("summarize_engines");
  const { data } = usePoll(`summarize_engines:${type} ${engine.status} ${isAllowed}`, async (signal) => (isAllowed ? (await call("summarize_engines", { query: { engine_type: type }, signal })).data.groups : null), { seconds: SECONDS });
  const effect = isDraining ? resumeEffect(engine) : data === null ? "" : drainEffect(engine, data);
  const operation = isDraining ? "resume_engine" : "drain_engine";
  return html`<div><div class="event-actions">
      ${isDraining
        ? h(Button, { operation, kind: "main", onClick: () => resumeEngine(id), children: "Resume" })
        : h(Button, { operation, onClick: () => drainEngine(id), children: "Drain" })}
      ${engine.is_quarantined ? null : h(Button, { operation: "quarantine_version", onClick: () => quarantineVersion(type, version), children: "Quarantine version …" })}
      ${h(Button, { operation: "change_engine", onClick: () => changeSlots(engine), children: "Change slots …" })}
      ${h(Button, { operation: "deregister_engine", kind: "danger", onClick: () => removeEngine(id), children: "Remove …" })}
      ${h(CopyAs, { operation: "read_engine", request: { path: { engine_id: id } } })}</div>
    ${effect !== "" && may(operation) ? html`<p class="note">${isDraining ? "Resume" : "Drain"}: ${effect}</p>` : null}</div>`;
}
