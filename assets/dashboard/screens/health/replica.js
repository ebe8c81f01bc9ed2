/** The server that answered. Behind a balancer, the next answer may be another's. */
import { clockInWords, listenerInWords, poolInWords, writesInWords } from "../../rules/replica.js";
import { lasts } from "../../rules/times.js";
import { h, html } from "../../parts/html.js";
import { Stranger } from "../../parts/stranger.js";
import { At } from "../../parts/time.js";
import { Section } from "./section.js";

/** @param {{ replica: import("../health.js").Report["replica"] }} props */
export function Replica({ replica }) {
  const { version, seconds_since_start, pool, reading_pool, listener, clock, seconds_since_write } = replica;
  return h(Section, {
    title: "The replica that answered",
    children: html`<dl class="facts">
      <div><dt>Version</dt><dd>${h(Stranger, { text: version, most: 60 })}, running for ${lasts(seconds_since_start)}</dd></div>
      <div><dt>Last write</dt><dd>${writesInWords(seconds_since_write)}</dd></div>
      <div><dt>Connections</dt><dd>${poolInWords(pool)}</dd></div>
      <div><dt>Connections for lists and reports</dt><dd>${poolInWords(reading_pool)}</dd></div>
      <div><dt>Hears of events from elsewhere</dt><dd>${listenerInWords(listener)}${listener.since === null ? null : html`, since ${h(At, { at: listener.since })}`}</dd></div>
      <div><dt>Clock</dt><dd>${clockInWords(clock)}</dd></div>
    </dl><p class="note">Behind a balancer, the next answer may be another replica's: it has connections and a clock of its own.</p>`,
  });
}
