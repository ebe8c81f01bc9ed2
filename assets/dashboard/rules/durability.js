/** The settings that decide what a crash may lose, in plain words. */

/** @typedef {import("../api/types.js").components["schemas"]["Durability"]} Durability */
/** @typedef {{ setting: string, value: string, words: string, standing: "safe" | "risk" | "note" }} Line */

/** @param {Durability} durability @returns {Line[]} */
export function durabilityInWords({ fsync, full_page_writes, synchronous_commit, synchronous_standby_names, standbys }) {
  const onOff = (/** @type {boolean} */ is) => (is ? "on" : "off");
  return [
    { setting: "fsync", value: onOff(fsync), standing: safeIf(fsync), words: fsync ? "What is acknowledged is on the disk first." : "A power cut may lose acknowledged events, or all data." },
    {
      setting: "full_page_writes", value: onOff(full_page_writes), standing: safeIf(full_page_writes),
      words: full_page_writes ? "A page that a crash leaves half written is repaired." : "A page that a crash leaves half written stays damaged.",
    },
    { setting: "synchronous_commit", value: synchronous_commit, standing: safeIf(synchronous_commit !== "off"), words: commitInWords(synchronous_commit) },
    {
      setting: "synchronous_standby_names", value: synchronous_standby_names || "empty", standing: synchronous_standby_names === "" && standbys.length === 0 ? "note" : safeIf(synchronous_standby_names !== ""),
      words: synchronous_standby_names ? "Commits wait for a standby of these." : standbys.length === 0 ? "There is no standby: what is on this disk alone is lost with it." : "Commits wait for no standby: a failover may lose the last moments.",
    },
  ];
}

/** @param {boolean} isSafe @returns {"safe" | "risk"} */
function safeIf(isSafe) {
  return isSafe ? "safe" : "risk";
}

/** @param {string} setting */
function commitInWords(setting) {
  switch (setting) {
    case "off":
      return "A crash or a power cut may lose what was acknowledged in the last moments.";
    case "local":
      return "Commits wait for this disk, and for no standby.";
    case "remote_write":
      return "Commits wait for this disk, and until a standby has the change in memory, where one is named.";
    case "remote_apply":
      return "Commits wait for this disk, and until a standby shows the change, where one is named.";
    default:
      return "Commits wait for this disk, and for a standby's where one is named.";
  }
}
