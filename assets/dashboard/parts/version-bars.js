/** How many dead letters each version has, as small bars: the same facts stand beside them as words. */
import { count } from "../rules/numbers.js";
import { visible } from "../rules/text.js";
import { versionInWords } from "../rules/versions.js";
import { html } from "./html.js";

const SHOWN = 3;

/** @param {{ versions: readonly { version: string | null, count: number }[] }} props the largest first */
export function VersionBars({ versions }) {
  const most = versions[0]?.count ?? 1;
  return html`<ul class="version-bars">${versions.slice(0, SHOWN).map(({ version, count: many }) => {
    /** @param {HTMLElement | null} bar */
    const long = (bar) => bar?.style.setProperty("width", `${Math.max(4, (100 * many) / most)}%`);
    return html`<li key=${version} title=${`${count(many)} of ${visible(versionInWords(version))}`}>
      <span class="version-bars-name">${version === null ? "none" : visible(version)}</span>
      <span class="version-bars-room"><span class="version-bars-bar" ref=${long}></span></span>
      <span class="number">${count(many)}</span></li>`;
  })}${versions.length > SHOWN ? html`<li>and ${versions.length - SHOWN} more</li>` : null}</ul>`;
}
