/** Taking a bad version out: its engines finish what they hold and get nothing more. */
import { call } from "../api/call.js";
import { outlookOf } from "../rules/drain.js";
import { drainInWords } from "../rules/drain-words.js";
import { count } from "../rules/numbers.js";
import { visible } from "../rules/text.js";
import { refreshAll } from "../state/poll.js";
import { said } from "./act.js";
import { asCli, asCurl } from "./copy-as.js";
import { ask } from "./dialog.js";
import { drainForm } from "./drain-form.js";
import { tell } from "./notices.js";
import { askToResume, resumeEngines } from "./resume-engines.js";

/** @typedef {import("../rules/engine-words.js").Engine} Engine */

const PAGE = 200;
/** The reply to a drain names no more engines than five pages have. */
const PAGES_MOST = 5;

/** A drain is of engines, not of their version. */
const LATER = "Engines of this version that register later get events: quarantine the version to give them none.";

/** @param {string} engineType @param {string} version */
export async function drainVersion(engineType, version) {
  const filter = { engine_type: engineType, engine_software_version: version };
  const path = { engine_type: engineType };
  const { form, body } = drainForm();
  const request = () => ({ body: { filter, ...body() } });
  try {
    const [{ groups }, queue, { engines, isAll }] = await Promise.all([
      call("summarize_engines", { query: path }).then(({ data }) => data),
      call("read_queue", { path }).then(({ data }) => data),
      readVersion(engineType, version),
    ]);
    const outlook = outlookOf(groups, engineType, version);
    if (outlook.engines === 0) return void tell("No engine of that version is there that is not draining already.");
    const leaving = engines.filter(({ drain }) => drain === null);
    const verb = outlook.engines === 1 ? "Drain 1 engine" : `Drain ${count(outlook.engines)} engines`;
    const isWanted = await ask({
      title: `Drain version ${visible(version)} of ${visible(engineType)}?`,
      sentence: `${drainInWords(new Map([[engineType, outlook]]), [queue], isAll ? leaving : null)} ${LATER}`,
      form,
      verb,
      isDanger: outlook.remaining === 0,
      cli: () => asCli("drain_engines", request()),
      curl: () => asCurl("drain_engines", request()),
    });
    if (!isWanted) return;
    const { draining, engine_ids: ids } = (await call("drain_engines", request())).data;
    const done = `${draining === 1 ? "1 engine" : `${count(draining)} engines`} of version ${visible(version)} ${draining === 1 ? "is" : "are"} draining.`;
    // Those that were told to exit may be gone a moment later. Those that were draining before are left as they were, where all are known.
    const before = new Set(engines.filter(({ drain }) => drain !== null).map(({ engine_id }) => engine_id));
    const undo = async () => (await resumeEngines(ids.filter((id) => !before.has(id)))).length === 0;
    tell(done, body().then === "stay" && isAll ? { undo } : {});
  } catch (error) {
    tell(said(/** @type {import("../api/call.js").CallError} */ (error)), { isBad: true });
  }
  refreshAll();
}

/** @param {string} engineType @param {string} version */
export async function resumeVersion(engineType, version) {
  try {
    const { engines } = await readVersion(engineType, version);
    const draining = engines.filter(({ drain }) => drain !== null);
    if (draining.length === 0) return void tell("No engine of that version is draining any more.");
    await askToResume(draining);
  } catch (error) {
    tell(said(/** @type {import("../api/call.js").CallError} */ (error)), { isBad: true });
  }
}

/** @param {string} engineType @param {string} version @returns {Promise<{ engines: Engine[], isAll: boolean }>} */
async function readVersion(engineType, version) {
  /** @type {Engine[]} */
  const engines = [];
  let cursor = /** @type {string | null} */ (null);
  for (let page = 0; page < PAGES_MOST; page += 1) {
    const query = { engine_type: engineType, engine_software_version: version, view: "brief", limit: PAGE, cursor };
    const { data } = await call("list_engines", { query });
    engines.push(...data.items);
    cursor = data.next_cursor;
    if (cursor === null) return { engines, isAll: true };
  }
  return { engines, isAll: false };
}
