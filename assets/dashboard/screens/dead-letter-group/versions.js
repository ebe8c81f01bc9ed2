/** Versions of the engines by their outcomes: which one does the dying, and what to do about it. */
import { count, percent } from "../../rules/numbers.js";
import { visible } from "../../rules/text.js";
import { blamed, versionRows } from "../../rules/versions.js";
import { Button } from "../../parts/button.js";
import { drainVersion } from "../../parts/drain-version.js";
import { h, html } from "../../parts/html.js";
import { Link } from "../../parts/link.js";
import { quarantineVersion } from "../../parts/quarantine.js";
import { Stranger } from "../../parts/stranger.js";

/** @param {{ cause: import("../../rules/causes.js").Cause, attempts: readonly import("../../rules/versions.js").Attempts[] }} props */
export function Versions({ cause, attempts }) {
  const rows = versionRows(cause.versions, attempts, cause.engineType);
  const guilty = blamed(rows);
  return html`<section class="panel"><header class="panel-head"><h2>Versions</h2></header>
    ${guilty === null || guilty.version === null ? null : h(Blame, { queue: cause.engineType, version: guilty.version })}
    <div class="scrolls"><table class="plain group-versions" aria-label="Versions and their latest attempts">
      <thead><tr><th scope="col">Version</th><th scope="col">Dead of this</th><th scope="col">Latest attempts</th><th scope="col">Failed</th><th scope="col">Lost</th><th scope="col">Of its attempts</th><th scope="col"><span class="hidden">Actions</span></th></tr></thead>
      <tbody>${rows.map(({ version, dead, attempts: of }) => html`<tr key=${version}>
        <th scope="row">${version === null ? html`<span class="nothing">none</span>` : h(Stranger, { text: version })}</th>
        <td>${count(dead)}</td><td>${of === null ? "–" : count(of.attempts)}</td><td>${of === null ? "–" : count(of.failed)}</td><td>${of === null ? "–" : count(of.lost)}</td>
        <td>${of === null ? "–" : of.is_enough ? `${percent(of.failure_ratio)} failed` : "too few to say"}</td>
        <td>${version === null ? null : h(Button, { operation: "drain_engines", onClick: () => drainVersion(cause.engineType, version), children: "Drain …", label: `Drain version ${version} …` })}
          ${h(Button, { operation: "quarantine_version", onClick: () => quarantineVersion(cause.engineType, version), children: "Quarantine …", label: `Quarantine ${visible(version ?? "engines without a version")} …` })}</td></tr>`)}</tbody></table></div>
    <p class="note">The attempts are the newest of the queue, of all causes.</p></section>`;
}

/** The version that differs. @param {{ queue: string, version: string }} props */
function Blame({ queue, version }) {
  return html`<p>It is ${h(Stranger, { text: `version ${version}` })} that differs. ${h(Link, { to: { screen: "queues", id: queue }, children: "To its queue" })}
    ${h(Button, { operation: "quarantine_version", kind: "main", onClick: () => quarantineVersion(queue, version), children: `Quarantine ${visible(version)} …` })}
    ${h(Button, { operation: "drain_engines", onClick: () => drainVersion(queue, version), children: `Drain ${visible(version)} …` })}</p>`;
}
