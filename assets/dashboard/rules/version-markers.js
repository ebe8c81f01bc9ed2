/** Where versions of engines came, for the plots of their queue. */
import { visible } from "./text.js";

/** @typedef {import("./changes.js").Marker} Marker */

/**
 * Where versions came: when the first of the engines that are there now registered with each.
 * @param {readonly { registered_at: string, metadata: { static_config: { engine_software_version?: string | null } } }[]} engines
 * @returns {Marker[]}
 */
export function versionMarkers(engines) {
  /** @type {Map<string, number>} */
  const first = new Map();
  for (const { registered_at, metadata } of engines) {
    const version = metadata.static_config.engine_software_version;
    if (version) first.set(version, Math.min(first.get(version) ?? Infinity, Date.parse(registered_at)));
  }
  return [...first].map(([version, at]) => ({ at, sign: "V", text: `the first of the engines of version ${visible(version)} that are there now registered` })).sort((a, b) => a.at - b.at);
}
