/** The engine under test in TypeScript. clients/conformance/README.md has the protocol: its argument, the verbs, the journal. */
import { existsSync, openSync, readFileSync, writeSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { Completed, Engine, Hold, NotRetryable, Release, RetryAfter } from "eventlease";

const HOLD_SECONDS = 4;

class Failing extends Error {
  name = "Failing";
}

/** As code does that never lets the event loop go on. */
function block(seconds) {
  const end = performance.now() + seconds * 1000;
  while (performance.now() < end);
}

function sleep_hard(seconds, event) {
  return event.eventType === "tried.async" ? block(seconds) : sleep(seconds * 1000);
}

async function swallow_cancel(seconds, event) {
  await sleep(seconds * 1000, undefined, { signal: event.signal }).catch(() => sleep(seconds * 1000));
}

function nested(levels) {
  let value = 0;
  for (let level = 0; level < levels; level++) value = [value];
  return value;
}

const VERBS = {
  sleep: (seconds, event) => sleep(seconds * 1000, undefined, { signal: event.signal }),
  sleep_hard,
  swallow_cancel,
  fail(message) {
    throw new Failing(message);
  },
  not_retryable(message) {
    throw new NotRetryable(message);
  },
  retry_after(seconds) {
    throw new RetryAfter(seconds, "later");
  },
  release(delaySeconds) {
    throw new Release({ delaySeconds, reason: "as told" });
  },
  hold(seconds) {
    throw new Hold(seconds, "the provider is busy");
  },
  hold_until_exists(path) {
    if (!existsSync(path)) throw new Hold(HOLD_SECONDS, "the provider answers 429");
  },
  die: () => process.kill(process.pid, "SIGKILL"),
  die_once: (_, event) => event.attempt === 1 && VERBS.die(),
  progress: (value, event) => event.progress(value, { now: true }),
  progress_once: (value, event) => event.attempt === 1 && event.progress(value),
  progress_deep: (levels, event) => event.progress(nested(levels)),
  twice: ([verb, argument], event) => event.attempt < 3 && VERBS[verb](argument, event),
};

function resultOf(payload) {
  switch (payload.returns) {
    case "bytes":
      return "x".repeat(payload.size);
    case "deep":
      return nested(payload.size);
    case "nan":
      return NaN;
    case "surrogate":
      return "\ud800";
  }
  if (payload.enqueue) return new Completed(payload.result, { enqueue: payload.enqueue.map(inCamelCase) });
  return payload.result;
}

function inCamelCase(members) {
  const named = (name) => name.replace(/_(.)/g, (_, letter) => letter.toUpperCase());
  return Object.fromEntries(Object.entries(members).map(([name, value]) => [named(name), value]));
}

const settings = JSON.parse(process.argv[2]);
const journal = openSync(settings.journal, "a");

/** One write, so that a line is whole even if the process is killed. */
function note(what, event, members) {
  const known = event ? { event_id: event.eventId, attempt: event.attempt } : {};
  const line = { what, at: Date.now() / 1000, pid: process.pid, ...known, ...members };
  writeSync(journal, `${JSON.stringify(line)}\n`);
}

async function work(event) {
  note("began", event);
  try {
    for (const [verb, argument] of event.payload.do ?? []) await VERBS[verb](argument, event);
  } catch (error) {
    note("raised", event, { error: error.name, told: event.cancelled });
    throw error;
  }
  note("returned", event, { told: event.cancelled });
  return resultOf(event.payload);
}

process.env.EVENTLEASE_LOG ??= "info";
const options = inCamelCase(settings.engine);
if (settings.token_file !== null) options.token = () => readFileSync(settings.token_file, "utf8");
const engine = new Engine(settings.engine_type, options)
  .on("tried", work)
  .on("tried.async", work)
  .onSettled((event, report, { outcome }) => note("settled", event, { report: report.constructor.name, outcome }))
  .onLost((event) => note("lost", event));

note("started");
try {
  await engine.run();
} catch {
  // The log and the exit status say it.
}
note("ended", undefined, { status: process.exitCode ?? 0 });
// Node ends by itself, unless a handler that was cut off still waits for something.
setTimeout(() => process.exit(), 500).unref();
