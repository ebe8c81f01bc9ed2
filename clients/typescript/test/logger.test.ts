import assert from "node:assert/strict";
import { afterEach, test } from "node:test";
import { defaultLogger, guarded } from "../src/logger.js";

afterEach(() => {
  delete process.env["EVENTLEASE_LOG"];
});

function linesAt(level: string | undefined): string[] {
  if (level !== undefined) process.env["EVENTLEASE_LOG"] = level;
  const lines: string[] = [];
  const logger = defaultLogger((line) => lines.push(line));
  for (const each of ["debug", "info", "warn", "error"] as const) logger[each]({}, each);
  return lines.map((line) => line.trimEnd());
}

test("warnings and errors are written, the rest where it is asked for", () => {
  assert.deepEqual(linesAt(undefined), ["WARNING warn", "ERROR error"]);
  assert.deepEqual(linesAt("debug"), ["DEBUG debug", "INFO info", "WARNING warn", "ERROR error"]);
  assert.deepEqual(linesAt("INFO"), ["INFO info", "WARNING warn", "ERROR error"]);
  assert.deepEqual(linesAt("error"), ["ERROR error"]);
  assert.deepEqual(linesAt("none"), []);
  assert.deepEqual(linesAt("nonsense"), ["WARNING warn", "ERROR error"]);
});

test("a line has its fields, and the stack of its error", () => {
  const lines: string[] = [];
  const logger = defaultLogger((line) => lines.push(line));
  logger.warn({ eventId: "e1", attempt: 2, reason: "a b", code: null, list: ["x"] }, "text");
  const err = new Error("broken");
  logger.error({ err }, "text");
  logger.error({ err: "no error" }, "text");
  assert.deepEqual(lines, [
    `WARNING text eventId=e1 attempt=2 reason="a b" list="[ 'x' ]"\n`,
    `ERROR text\n${err.stack ?? ""}\n`,
    "ERROR text\nno error\n",
  ]);
});

test("the causes of an error stand below it", () => {
  const lines: string[] = [];
  const logger = defaultLogger((line) => lines.push(line));
  const refused = new Error("connect ECONNREFUSED 127.0.0.1:1");
  const both = new AggregateError([refused, "no error"], "");
  const err = new TypeError("fetch failed", { cause: both });
  logger.error({ err }, "text");
  const causes = [both.stack, refused.stack, "no error"].map((cause) => `caused by: ${cause}\n`);
  assert.deepEqual(lines, [`ERROR text\n${err.stack}\n${causes.join("")}`]);
  const circle = new Error("circle");
  circle.cause = circle;
  logger.error({ err: circle }, "text");
  assert.ok((lines[1] ?? "").length < 10 * (circle.stack ?? "").length);
});

test("loggers are called as methods, and what they throw stays there", () => {
  const logger = {
    lines: [] as string[],
    debug(_: unknown, message: string) {
      this.lines.push(message);
    },
    info: () => {
      throw new Error("the disk is full");
    },
    warn: () => undefined,
    error: () => undefined,
  };
  const safe = guarded(logger);
  safe.debug({}, "text");
  safe.info({}, "text");
  assert.deepEqual(logger.lines, ["text"]);
});
