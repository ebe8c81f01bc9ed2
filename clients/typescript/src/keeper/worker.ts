/** The program of the keeper's thread. `npm run keeper` makes the text in program.ts of it and of what it imports. */

import { writeSync } from "node:fs";
import { workerData } from "node:worker_threads";
import { Calls } from "../calls.js";
import { now as threadNow } from "../clock.js";
import { Health } from "../health.js";
import { defaultLogger, guarded, type Logger } from "../logger.js";
import { Keeper, TICK_SECONDS } from "./keeper.js";
import { LoopWatch } from "./loop-watch.js";
import type { FromKeeper, ToKeeper } from "./messages.js";
import { placeOfMainThread } from "./place.js";
import { SHARED, type ThreadSetup } from "./setup.js";

const { urls, heartbeatTimeoutSeconds, stallSeconds, healthPort, hasLogger, clock, ...setup } =
  workerData as ThreadSetup;
const { port } = setup;
const numbers = new Int32Array(setup.numbers);
let headers: Readonly<Record<string, string>> = {};

// Lines of the default logger are written here: the main loop, which writes those of an author's, may be blocked.
const logger = hasLogger ? posting() : guarded(defaultLogger((line) => writeSync(2, line)));
const say = (level: keyof Logger, fields: object, message: string): void => {
  logger[level]({ ...fields }, message);
};
// In Bun and Deno, the monotonic clocks begin with their thread. So the time since the thread was made is taken from the
// wall clock, once; it is a fraction of a second.
const startSeconds = Math.max(Date.now() - clock.wall, 0) / 1000;
const offset = clock.now + startSeconds - threadNow();
const now = (): number => threadNow() + offset;

const keeper = new Keeper(
  { heartbeatTimeoutSeconds, lateness: "the process stood still for" },
  {
    calls: new Calls(urls, { credentials: { headers: () => headers, renew: () => false }, logger, now }),
    loopWatch: new LoopWatch(
      {
        count: () => Atomics.load(numbers, SHARED.count),
        place: () => (Atomics.load(numbers, SHARED.isDebugged) === 1 ? Promise.resolve("") : placeOfMainThread()),
      },
      stallSeconds,
      say,
    ),
    running: () => Atomics.load(numbers, SHARED.running),
    post,
    say,
    crash,
    now,
    wallClock: Date.now,
    random: Math.random,
  },
);

port.on("message", (message: ToKeeper) => {
  if (message.who !== undefined) headers = message.who.headers;
  keeper.hear(message);
});
setInterval(() => {
  keeper.tick();
}, TICK_SECONDS * 1000);
void open();

async function open(): Promise<void> {
  try {
    const isServed = healthPort !== undefined;
    post({ what: "open", healthPort: isServed ? await new Health(keeper).listen(healthPort) : null });
  } catch (error) {
    post({ what: "not_open", why: error instanceof Error ? error.message : String(error) });
  }
}

function post(message: FromKeeper): void {
  port.postMessage(message);
}

function posting(): Logger {
  const line = (level: keyof Logger): Logger["info"] => {
    return (fields, message) => {
      post({ what: "log", level, fields, message });
    };
  };
  return { debug: line("debug"), info: line("info"), warn: line("warn"), error: line("error") };
}

/** Ends the thread, whatever the process does about promises that are rejected. */
function crash(error: unknown): void {
  setImmediate(() => {
    throw error;
  });
}
