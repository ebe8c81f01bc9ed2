/** An engine process of the demo, as `unruly.py`, on the TypeScript client: obeys the scenario and keeps a journal. */

import { createHash } from "node:crypto";
import { openSync, writeSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";
import { Engine, NotRetryable, type Around, type Event } from "eventlease";

/** What the scenario may tell an engine; see `scenario.py`. */
interface Instructions {
  work_seconds?: number;
  fails_until_retries_left?: number;
  always_fails?: boolean;
  not_retryable?: string;
  kills_engine?: boolean;
}

/** The failure that goes away with patience. */
class ModelOverloaded extends Error {
  override name = "ModelOverloaded";
}

const text = { type: "string", default: "" } as const;
const told = parseArgs({ options: { url: text, "engine-type": text, "engine-id": text, journal: text } }).values;
const journal = openSync(told.journal, "a", 0o644);

/** One line in one write, so that it is whole whenever the process is killed. */
function note(what: string, event?: Event, outcome = ""): void {
  const entry = { what, event_id: event?.eventId ?? "", attempt: event?.attempt ?? 0, outcome };
  writeSync(journal, `${JSON.stringify(entry)}\n`);
}

function instructionsOf(payload: unknown): Instructions {
  return (payload as { demo?: Instructions } | null)?.demo ?? {};
}

/** The handler of all events. */
async function obey(event: Event): Promise<{ fingerprint: string }> {
  const told = instructionsOf(event.payload);
  if (told.kills_engine !== undefined) process.kill(process.pid, "SIGKILL");
  await work(event, told.work_seconds ?? 0.1 + Math.random() * 0.3);
  if (told.not_retryable !== undefined) throw new NotRetryable(told.not_retryable);
  if (told.always_fails !== undefined || event.retriesLeft > (told.fails_until_retries_left ?? 100)) {
    throw new ModelOverloaded(`try again later, ${event.retriesLeft} retries are left`);
  }
  return { fingerprint: createHash("sha256").update(event.payloadText).digest("hex") };
}

async function work(event: Event, seconds: number): Promise<void> {
  const doneAt = performance.now() + seconds * 1000;
  for (let left = seconds * 1000; left > 0; left = doneAt - performance.now()) {
    event.progress({ seconds_to_go: Math.round(left / 100) / 10 });
    await sleep(Math.min(left, 50), undefined, { signal: event.signal });
  }
}

/** Around each call of the handler. */
const noteWork: Around<undefined> = async (event, call) => {
  note("begun", event);
  let outcome = "failed";
  try {
    const result = await call(event);
    outcome = "completed";
    return result;
  } catch (error) {
    if (event.signal.aborted) outcome = "stopped";
    throw error;
  } finally {
    note("ended", event, outcome);
  }
};

note("started");
process.env["EVENTLEASE_LOG"] ??= "info";
const engine = new Engine(told["engine-type"], {
  url: told.url,
  engineId: told["engine-id"],
  concurrency: 3,
  prefetch: 1,
  heartbeatTimeoutSeconds: 3,
});
engine.on("*", obey);
engine.around(noteWork);
engine.onSettled((event, report) => {
  note("settled", event, report.constructor.name.toLowerCase());
});
engine.onLost((event) => {
  note("lost", event);
});
await engine.run();
