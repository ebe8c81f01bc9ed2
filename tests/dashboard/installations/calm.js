// A calm day: three queues, engines of one version that keep up, and nothing that needs a person.
import { Engine, work } from "./engine.js";
import { Installation } from "./installation.js";

export async function startCalm() {
  const installation = await Installation.start({ isOpen: true });
  const anyone = installation.as(null);
  /** @type {ReturnType<typeof work>[]} */
  const workers = [];
  for (const type of ["dialogue", "vision", "billing"]) {
    workers.push(work(await Engine.register(installation, type, { version: "2.4.0", slots: 8, timeout: 60 })));
  }
  const producing = setInterval(() => {
    for (const type of ["dialogue", "vision", "billing"]) {
      anyone.enqueue([{ engine_type: type, event_type: `${type}.requested`, payload: { npc: "Mira", line: 7 } }]).catch(() => undefined);
    }
  }, 3000);
  const close = async () => {
    clearInterval(producing);
    await Promise.all([...workers.map((worker) => worker.stop()), installation.close()]);
  };
  return { installation, close };
}
