/** Logging. */
import { inspect } from "node:util";
import { causesOf } from "./causes.js";

/** The fields of a log line. `err` is the error of a failure. */
export type LogFields = Readonly<Record<string, unknown>>;

/** Receives log lines. A pino logger can be used as it is. */
export interface Logger {
  debug(fields: LogFields, message: string): void;
  info(fields: LogFields, message: string): void;
  warn(fields: LogFields, message: string): void;
  error(fields: LogFields, message: string): void;
}

const LEVELS = ["debug", "info", "warn", "error"] as const;
const NAMES = { debug: "DEBUG", info: "INFO", warn: "WARNING", error: "ERROR" } as const;
const DEFAULT_LEVEL = "warn";

/** Logs to standard error, from the level EVENTLEASE_LOG up: `debug`, `info`, `warn` (default), `error` or `none`. */
export function defaultLogger(write: (line: string) => void = (line) => process.stderr.write(line)): Logger {
  const wanted: string = process.env["EVENTLEASE_LOG"]?.toLowerCase() ?? DEFAULT_LEVEL;
  const known = LEVELS.findIndex((level) => level === wanted);
  const least = known >= 0 ? known : wanted === "none" ? LEVELS.length : LEVELS.indexOf(DEFAULT_LEVEL);
  return eachLevel((level) =>
    LEVELS.indexOf(level) < least
      ? nothing
      : (fields, message) => {
          write(lineOf(NAMES[level], fields, message));
        },
  );
}

/** What is wrong with EVENTLEASE_LOG, which counts where no logger is given. */
export function wrongLevel(): string[] {
  const level = process.env["EVENTLEASE_LOG"]?.toLowerCase() ?? "";
  return ["", "none", ...LEVELS].includes(level) ? [] : ["EVENTLEASE_LOG must be debug, info, warn, error or none"];
}

/** A logger that never throws, since a line that cannot be written must not harm an event. */
export function guarded(logger: Logger): Logger {
  return eachLevel((level) => (fields, message) => {
    try {
      logger[level](fields, message);
    } catch {
      // There is nowhere else to log it.
    }
  });
}

function eachLevel(make: (level: (typeof LEVELS)[number]) => Logger["info"]): Logger {
  return { debug: make("debug"), info: make("info"), warn: make("warn"), error: make("error") };
}

function nothing(): void {
  // The level is below the one to be logged.
}

function lineOf(level: string, { err, ...fields }: LogFields, message: string): string {
  const named = Object.entries(fields)
    .filter(([, value]) => value !== undefined && value !== null)
    .map(([name, value]) => ` ${name}=${quoted(textOf(value))}`);
  const causes = causesOf(err).map((cause) => `\ncaused by: ${stackOf(cause)}`);
  return `${level} ${message}${named.join("")}${err === undefined ? "" : `\n${stackOf(err)}`}${causes.join("")}\n`;
}

function stackOf(thrown: unknown): string {
  return thrown instanceof Error ? (thrown.stack ?? thrown.message) : textOf(thrown);
}

function textOf(value: unknown): string {
  return typeof value === "string" ? value : inspect(value, { breakLength: Infinity });
}

function quoted(text: string): string {
  return /[\s"=]/.test(text) ? JSON.stringify(text) : text;
}
