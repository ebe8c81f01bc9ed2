/** Lines of the log. */
import { inspect } from "node:util";

/** What is known of a line beside its text. `err` is the error of a failure. */
export type LogFields = Readonly<Record<string, unknown>>;

/** Where lines go: pino fits as it is. */
export interface Logger {
  debug(fields: LogFields, message: string): void;
  info(fields: LogFields, message: string): void;
  warn(fields: LogFields, message: string): void;
  error(fields: LogFields, message: string): void;
}

const LEVELS = ["debug", "info", "warn", "error"] as const;
const NAMES = { debug: "DEBUG", info: "INFO", warn: "WARNING", error: "ERROR" } as const;
const DEFAULT_LEVEL = "warn";

/** Writes lines from EVENTLEASE_LOG (`debug`, `info`, `warn`, `error` or `none`; else `warn`) up to standard error. */
export function defaultLogger(write: (line: string) => void = (line) => process.stderr.write(line)): Logger {
  const asked: string = process.env["EVENTLEASE_LOG"]?.toLowerCase() ?? DEFAULT_LEVEL;
  const known = LEVELS.findIndex((level) => level === asked);
  const least = known >= 0 ? known : asked === "none" ? LEVELS.length : LEVELS.indexOf(DEFAULT_LEVEL);
  return eachLevel((level) =>
    LEVELS.indexOf(level) < least
      ? nothing
      : (fields, message) => {
          write(lineOf(NAMES[level], fields, message));
        },
  );
}

/** The same logger, but what it throws stays there: a line that cannot be written harms no event. */
export function guarded(logger: Logger): Logger {
  return eachLevel((level) => (fields, message) => {
    try {
      logger[level](fields, message);
    } catch {
      // There is no other place to say it.
    }
  });
}

function eachLevel(make: (level: (typeof LEVELS)[number]) => Logger["info"]): Logger {
  return { debug: make("debug"), info: make("info"), warn: make("warn"), error: make("error") };
}

function nothing(): void {
  // Below the level that is written.
}

function lineOf(level: string, { err, ...fields }: LogFields, message: string): string {
  const named = Object.entries(fields)
    .filter(([, value]) => value !== undefined && value !== null)
    .map(([name, value]) => ` ${name}=${quoted(textOf(value))}`);
  const stack = err instanceof Error ? (err.stack ?? err.message) : textOf(err);
  return `${level} ${message}${named.join("")}${err === undefined ? "" : `\n${stack}`}\n`;
}

function textOf(value: unknown): string {
  return typeof value === "string" ? value : inspect(value, { breakLength: Infinity });
}

function quoted(text: string): string {
  return /[\s"=]/.test(text) ? JSON.stringify(text) : text;
}
