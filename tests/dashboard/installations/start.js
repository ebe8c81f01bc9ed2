// Starts the installations that the browser's tests look at, side by side, and returns what they need to know of them.
import { startCalm } from "./calm.js";
import { startCrowd } from "./crowd.js";
import { startNight } from "./night.js";

const kinds = { calm: startCalm, night: startNight, crowd: startCrowd };

/** @typedef {keyof typeof kinds} Kind */

/** @param {Kind[]} wanted */
export async function startInstallations(wanted) {
  const started = await Promise.allSettled(wanted.map((kind) => kinds[kind]()));
  const close = async () => {
    await Promise.all(started.map((each) => (each.status === "fulfilled" ? each.value.close() : undefined)));
  };
  const told = /** @type {Record<Kind, import("./installation.js").Told>} */ ({});
  for (const [n, each] of started.entries()) {
    if (each.status === "rejected") {
      await close();
      throw each.reason;
    }
    told[/** @type {Kind} */ (wanted[n])] = each.value.installation.told();
  }
  return { told, close };
}

// As a program it keeps them open to look at: node tests/dashboard/installations/start.js [calm] [night] [crowd]
if (import.meta.filename === process.argv[1]) {
  const named = /** @type {Kind[]} */ (process.argv.slice(2));
  const { told, close } = await startInstallations(named.length > 0 ? named : ["calm", "night", "crowd"]);
  console.log(JSON.stringify(told, null, 2));
  setInterval(() => {}, 60_000); // the servers alone do not keep this program running
  process.once("SIGINT", () => close().then(() => process.exit(0)));
  process.once("SIGTERM", () => close().then(() => process.exit(0)));
}
