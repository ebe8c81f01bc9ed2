/** The options of an engine: their defaults, and the checks of their values. */
import { STANDARD, textOf, type Json } from "./encoding.js";
import { ConfigurationError } from "./errors.js";
import { defaultLogger, guarded, wrongLevel, type Logger } from "./logger.js";
import {
  COMMON,
  hasFunctions,
  isAboveZero,
  isFunction,
  isName,
  isNumber,
  isUuid,
  isWhole,
  NAME,
  wrongOptions,
  type Checks,
} from "./option-checks.js";
import type { Fetch } from "./transport.js";
import { checkUrls, urlsOf } from "./urls.js";

const MAX_CAPACITY = 100_000;
const GRACE_SECONDS = 5;

/** The options of an engine. The README describes them under "Parameters". */
export interface EngineOptions<S = undefined> {
  /** The address of the server, or those of several replicas. Default: EVENTLEASE_URL. */
  url?: string | readonly string[] | undefined;
  /** Default: EVENTLEASE_TOKEN. A function is called again after the server has refused its token. */
  token?: string | (() => string | Promise<string>) | undefined;
  /** A UUID. Default: EVENTLEASE_ENGINE_ID, or else a new id at each start. */
  engineId?: string | undefined;
  /** How many handlers run at once. Default: 10. */
  concurrency?: number | undefined;
  /** How many more events are leased in advance, so that a free slot need not wait for one. Default: 0. */
  prefetch?: number | undefined;
  /** The time limit of each handler. Default: none. */
  timeoutSeconds?: number | undefined;
  /** How long a handler has to end after it was told to stop. Default: 5. */
  graceSeconds?: number | undefined;
  /** How long running handlers may go on after the engine was asked to stop. Default: 25. */
  drainSeconds?: number | undefined;
  /** How long the server waits for a heartbeat before other engines get the events. Default: 45. */
  heartbeatTimeoutSeconds?: number | undefined;
  /** `"thread"` sends heartbeats from a worker thread, `"loop"` from the event loop, where handlers can delay them. */
  heartbeats?: "thread" | "loop" | undefined;
  /** How long a lease lasts without renewal. Default: as configured for the event or its queue. */
  visibilityTimeoutSeconds?: number | undefined;
  /** How long the event loop may be blocked before leases are no longer renewed. Default: 300. */
  stallSeconds?: number | undefined;
  softwareVersion?: string | undefined;
  /** What the server shows about the engine. Default: the event types of its handlers. */
  capabilities?: readonly string[] | undefined;
  scenarioRunId?: string | undefined;
  /** The other queues that follow-up events may be enqueued to. */
  mayEnqueue?: readonly string[] | undefined;
  metadata?: Readonly<Record<string, unknown>> | undefined;
  /** `"release"` (the default) releases events without a handler, `"fail"` makes them fail at once. */
  onUnknownType?: "release" | "fail" | undefined;
  /** A generator function. What it yields is `event.state`; it is resumed after the last handler has ended. */
  lifespan?: (() => AsyncGenerator<S, unknown, undefined> | Generator<S, unknown, undefined>) | undefined;
  /** The port on which `/healthz` and `/readyz` are served; 0 picks a free one. */
  healthPort?: number | undefined;
  json?: Json | undefined;
  /** Sends the stack of a failure to the server. Default: true. */
  reportTraceback?: boolean | undefined;
  /** Logs failures. Default: true. */
  logFailures?: boolean | undefined;
  logger?: Logger | undefined;
  fetch?: Fetch | undefined;
}

/** The options that have a default value. */
type Defaults = {
  readonly [
    Name in
      | "concurrency"
      | "prefetch"
      | "drainSeconds"
      | "heartbeatTimeoutSeconds"
      | "stallSeconds"
      | "onUnknownType"
      | "json"
      | "reportTraceback"
      | "logFailures"
  ]: NonNullable<EngineOptions[Name]>;
};

const DEFAULTS: Defaults = {
  concurrency: 10,
  prefetch: 0,
  drainSeconds: 25,
  heartbeatTimeoutSeconds: 45,
  stallSeconds: 300,
  onUnknownType: "release",
  json: STANDARD,
  reportTraceback: true,
  logFailures: true,
};

/** The other options, which stay as they were given. */
type Others = Readonly<Omit<EngineOptions<unknown>, keyof Defaults | "url" | "token" | "heartbeats" | "logger">>;

// eslint-disable-next-line @typescript-eslint/no-unsafe-declaration-merging -- the constructor assigns all of them
export interface Settings extends Defaults, Others {}

/** The options of an engine, with defaults. Their values are unchecked until `check` is called. */
// eslint-disable-next-line @typescript-eslint/no-unsafe-declaration-merging
export class Settings {
  readonly engineType: string;
  /** The base addresses of the server. */
  readonly urls: readonly string[];
  readonly heartbeats: "thread" | "loop";
  /** The author's logger, or the default one. It never throws. */
  readonly logger: Logger;
  /** False if the default logger is used. */
  readonly hasLogger: boolean;
  readonly #options: EngineOptions<unknown>;

  constructor(engineType: string, options: EngineOptions<unknown> = {}) {
    const { url, token: _token, heartbeats, logger, ...others } = options;
    const given = Object.entries(others).filter(([name, value]) => value !== undefined && Object.hasOwn(CHECKS, name));
    Object.assign(this, DEFAULTS, Object.fromEntries(given));
    this.engineType = engineType;
    this.urls = urlsOf(url);
    // A function cannot be sent to a worker thread.
    this.heartbeats = heartbeats ?? (options.fetch === undefined ? "thread" : "loop");
    this.logger = guarded(logger ?? defaultLogger());
    this.hasLogger = logger !== undefined;
    this.#options = options;
  }

  /** A copy that also has the engine id and the token of the environment, which is read when the engine starts. */
  withEnvironment(): Settings {
    const engineId = this.engineId ?? (process.env["EVENTLEASE_ENGINE_ID"] || undefined);
    const token = this.token ?? (process.env["EVENTLEASE_TOKEN"] || undefined);
    return new Settings(this.engineType, { ...this.#options, engineId, token });
  }

  /** A copy with which failures are not logged. */
  quiet(): Settings {
    return new Settings(this.engineType, { ...this.#options, logFailures: false });
  }

  /** A getter, so that no text form of the settings has the token. */
  get token(): EngineOptions["token"] {
    return this.#options.token;
  }

  /** How many events the engine may hold at once. */
  get capacity(): number {
    return this.concurrency + this.prefetch;
  }

  /** How many seconds before the end of a drain handlers are told to stop. */
  get grace(): number {
    return this.graceSeconds ?? Math.min(GRACE_SECONDS, this.drainSeconds);
  }

  /** True if events without a handler fail at once. */
  get unknownTypesFail(): boolean {
    return this.onUnknownType === "fail";
  }

  /** Throws a ConfigurationError that names every option with a wrong value. */
  check(): void {
    const engineType = (this.engineType as string | undefined) ?? null; // one that is missing is wrong, too
    const wrong = wrongOptions({ ...this.#options, engineType }, CHECKS, this);
    if (!this.hasLogger) wrong.push(...wrongLevel());
    const ofEnvironment = process.env["EVENTLEASE_ENGINE_ID"];
    if (ofEnvironment !== undefined && this.engineId === ofEnvironment && !isUuid(ofEnvironment)) {
      wrong.push("it was read from EVENTLEASE_ENGINE_ID");
    }
    if (wrong.length > 0) throw new ConfigurationError(wrong.join("; "));
    checkUrls(this.urls, this.#options.url);
  }
}

const isText = (value: unknown): boolean => typeof value === "string";
const isBoolean = (value: unknown): boolean => typeof value === "boolean";
const isTextList = (value: unknown): boolean => Array.isArray(value) && value.every(isText);

const CHECKS: Checks<Settings> = {
  ...COMMON,
  engineType: { what: NAME, isRight: isName },
  url: { what: "an address or a list of addresses", isRight: (value) => isText(value) || isTextList(value) },
  token: { what: "a string or a function", isRight: (value) => isText(value) || isFunction(value) },
  engineId: { what: "a UUID", isRight: isUuid },
  concurrency: {
    what: `a whole number from 1 to ${MAX_CAPACITY}`,
    isRight: (value) => isWhole(value, 1, MAX_CAPACITY),
  },
  prefetch: {
    what: `a whole number from 0 up; with concurrency, at most ${MAX_CAPACITY}`,
    isRight: (value, { concurrency }) =>
      isWhole(value, 0, isWhole(concurrency, 1) ? MAX_CAPACITY - concurrency : MAX_CAPACITY),
  },
  timeoutSeconds: { what: "a number above 0", isRight: isAboveZero },
  graceSeconds: {
    what: "a number from 0 to drainSeconds",
    isRight: (value, { drainSeconds }) => isNumber(value, 0) && !((value as number) > drainSeconds),
  },
  drainSeconds: { what: "a number from 0 up", isRight: (value) => isNumber(value, 0) },
  heartbeatTimeoutSeconds: {
    what: "a whole number from 3 to 86400",
    isRight: (value) => isWhole(value, 3, 86_400),
  },
  heartbeats: {
    what: '"thread" or "loop"; with `fetch` only "loop", since a function cannot be sent to a worker thread',
    isRight: (value, { fetch }) => value === "loop" || (value === "thread" && fetch === undefined),
  },
  visibilityTimeoutSeconds: { what: "a whole number from 1 to 43200", isRight: (value) => isWhole(value, 1, 43_200) },
  stallSeconds: { what: "a number above 0", isRight: isAboveZero },
  softwareVersion: { what: "a string", isRight: isText },
  capabilities: { what: "a list of event types", isRight: isTextList },
  scenarioRunId: { what: "a string", isRight: isText },
  mayEnqueue: { what: "a list of queues", isRight: isTextList },
  metadata: { what: "an object that JSON can hold", isRight: isJsonObject },
  onUnknownType: { what: '"release" or "fail"', isRight: (value) => value === "release" || value === "fail" },
  lifespan: {
    what: "a generator function, such as `async function* () { yield pool; }`",
    isRight: (value) => typeof value === "function" && value.constructor.name !== "AsyncFunction",
  },
  healthPort: { what: "a whole number from 0 to 65535", isRight: (value) => isWhole(value, 0, 65_535) },
  reportTraceback: { what: "true or false", isRight: isBoolean },
  logFailures: { what: "true or false", isRight: isBoolean },
};

function isJsonObject(value: unknown): boolean {
  try {
    return hasFunctions(value) && textOf(value).startsWith("{");
  } catch {
    return false;
  }
}
