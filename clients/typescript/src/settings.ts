/** What an engine was set up with. */
import { STANDARD, type Json } from "./encoding.js";
import { ConfigurationError } from "./errors.js";
import { defaultLogger, guarded, type Logger } from "./logger.js";
import type { Fetch } from "./transport.js";
import { checkUrls, urlsOf } from "./urls.js";

const MAX_CAPACITY = 100_000;
const GRACE_SECONDS = 5;

/** See "Parameters" in the README. */
export interface EngineOptions<S = undefined> {
  /** Of the server, or of several replicas; else EVENTLEASE_URL. */
  url?: string | readonly string[] | undefined;
  /** Else EVENTLEASE_TOKEN. A function is called again when the server has refused its token. */
  token?: string | (() => string | Promise<string>) | undefined;
  /** A UUID; else EVENTLEASE_ENGINE_ID, else a new one for each start. */
  engineId?: string | undefined;
  /** Handlers at once. */
  concurrency?: number | undefined;
  /** Events that are held beyond that, so that the next is there at once. */
  prefetch?: number | undefined;
  /** The time limit of each handler. */
  timeoutSeconds?: number | undefined;
  /** For how long a handler that was told to stop is waited for. */
  graceSeconds?: number | undefined;
  /** For how long running handlers may go on once the engine ends. */
  drainSeconds?: number | undefined;
  /** For how long the server waits for a heartbeat before it gives the events to others. */
  heartbeatTimeoutSeconds?: number | undefined;
  /** Where heartbeats are sent: in a worker thread, or on the main loop, where handlers can delay them. */
  heartbeats?: "thread" | "loop" | undefined;
  /** How long a lease lasts without renewal; else as the queue says. */
  visibilityTimeoutSeconds?: number | undefined;
  /** For how long the main loop may be blocked until leases are not renewed any more. */
  stallSeconds?: number | undefined;
  softwareVersion?: string | undefined;
  /** What others see of the engine; else the event types of its handlers. */
  capabilities?: readonly string[] | undefined;
  scenarioRunId?: string | undefined;
  /** Other queues that follow-up events may go to. */
  mayEnqueue?: readonly string[] | undefined;
  metadata?: Readonly<Record<string, unknown>> | undefined;
  /** What becomes of events without a handler: they go back, or fail at once. */
  onUnknownType?: "release" | "fail" | undefined;
  /** A generator function: what it yields is `event.state`; it goes on after the last handler. */
  lifespan?: (() => AsyncGenerator<S, unknown, undefined> | Generator<S, unknown, undefined>) | undefined;
  /** Where `/healthz` and `/readyz` are served; 0 is a free port. */
  healthPort?: number | undefined;
  json?: Json | undefined;
  /** Whether the stack of a failure is sent to the server. */
  reportTraceback?: boolean | undefined;
  /** Whether failures are logged. */
  logFailures?: boolean | undefined;
  logger?: Logger | undefined;
  fetch?: Fetch | undefined;
}

/** The options of an engine with the defaults. Nothing is known to be right before `check`. */
export class Settings {
  readonly engineType: string;
  /** The base addresses. */
  readonly urls: readonly string[];
  readonly engineId: string | undefined;
  readonly concurrency: number;
  readonly prefetch: number;
  readonly timeoutSeconds: number | undefined;
  readonly graceSeconds: number | undefined;
  readonly drainSeconds: number;
  readonly heartbeatTimeoutSeconds: number;
  readonly heartbeats: "thread" | "loop";
  readonly visibilityTimeoutSeconds: number | undefined;
  readonly stallSeconds: number;
  readonly softwareVersion: string | undefined;
  readonly capabilities: readonly string[] | undefined;
  readonly scenarioRunId: string | undefined;
  readonly mayEnqueue: readonly string[] | undefined;
  readonly metadata: Readonly<Record<string, unknown>> | undefined;
  readonly onUnknownType: "release" | "fail";
  readonly healthPort: number | undefined;
  readonly json: Json;
  readonly reportTraceback: boolean;
  readonly logFailures: boolean;
  /** What the author's logger throws does not leave it. */
  readonly logger: Logger;
  /** False where lines go to standard error. */
  readonly hasLogger: boolean;
  readonly fetch: Fetch | undefined;
  readonly #options: EngineOptions<unknown>;

  constructor(engineType: string, options: EngineOptions<unknown> = {}) {
    this.engineType = engineType;
    this.#options = options;
    this.urls = urlsOf(options.url);
    this.engineId = options.engineId;
    this.concurrency = options.concurrency ?? 10;
    this.prefetch = options.prefetch ?? 0;
    this.timeoutSeconds = options.timeoutSeconds;
    this.graceSeconds = options.graceSeconds;
    this.drainSeconds = options.drainSeconds ?? 25;
    this.heartbeatTimeoutSeconds = options.heartbeatTimeoutSeconds ?? 45;
    // A function cannot be sent to a worker thread.
    this.heartbeats = options.heartbeats ?? (options.fetch === undefined ? "thread" : "loop");
    this.visibilityTimeoutSeconds = options.visibilityTimeoutSeconds;
    this.stallSeconds = options.stallSeconds ?? 300;
    this.softwareVersion = options.softwareVersion;
    this.capabilities = options.capabilities;
    this.scenarioRunId = options.scenarioRunId;
    this.mayEnqueue = options.mayEnqueue;
    this.metadata = options.metadata;
    this.onUnknownType = options.onUnknownType ?? "release";
    this.healthPort = options.healthPort;
    this.json = options.json ?? STANDARD;
    this.reportTraceback = options.reportTraceback ?? true;
    this.logFailures = options.logFailures ?? true;
    this.logger = guarded(options.logger ?? defaultLogger());
    this.hasLogger = options.logger !== undefined;
    this.fetch = options.fetch;
  }

  /** With what was not given, but is in the environment, which is read when the engine starts. */
  withEnvironment(): Settings {
    const engineId = this.engineId ?? (process.env["EVENTLEASE_ENGINE_ID"] || undefined);
    const token = this.token ?? (process.env["EVENTLEASE_TOKEN"] || undefined);
    return new Settings(this.engineType, { ...this.#options, engineId, token });
  }

  /** The same, but failures are not logged. */
  quiet(): Settings {
    return new Settings(this.engineType, { ...this.#options, logFailures: false });
  }

  /** Not a property of its own: tokens stand in no text form. */
  get token(): EngineOptions["token"] {
    return this.#options.token;
  }

  get lifespan(): EngineOptions<unknown>["lifespan"] {
    return this.#options.lifespan;
  }

  /** Events held at once. */
  get capacity(): number {
    return this.concurrency + this.prefetch;
  }

  /** How long before the end of a drain handlers are told to stop. */
  get grace(): number {
    return this.graceSeconds ?? Math.min(GRACE_SECONDS, this.drainSeconds);
  }

  /** Events without a handler fail at once. */
  get unknownTypesFail(): boolean {
    return this.onUnknownType === "fail";
  }

  /** Throws ConfigurationError for what cannot work. */
  check(): void {
    const given: Record<string, unknown> = { ...this.#options, engineType: this.engineType };
    const wrong = Object.entries(given)
      .filter(
        ([name, value]) =>
          (value !== undefined || name === "engineType") && !(CHECKS[name]?.isRight(value, this) ?? false),
      )
      .map(([name]) => (name in CHECKS ? `${name}: ${CHECKS[name]?.what ?? ""}` : `${name}: there is no such option`));
    if (wrong.length > 0) throw new ConfigurationError(wrong.join("; "));
    checkUrls(this.urls);
  }
}

interface Check {
  what: string;
  isRight: (value: unknown, settings: Settings) => boolean;
}

const isText = (value: unknown): boolean => typeof value === "string";
const isFunction = (value: unknown): boolean => typeof value === "function";
const isBoolean = (value: unknown): boolean => typeof value === "boolean";
const isTextList = (value: unknown): boolean => Array.isArray(value) && value.every(isText);
const hasFunctions = (value: unknown, ...names: string[]): boolean =>
  typeof value === "object" &&
  value !== null &&
  names.every((name) => isFunction((value as Record<string, unknown>)[name]));

const CHECKS: Readonly<Record<string, Check>> = {
  engineType: {
    what: "1 to 64 letters, digits, '.', '_', ':' or '-'",
    isRight: (value) => typeof value === "string" && /^[A-Za-z0-9._:-]{1,64}$/.test(value),
  },
  url: { what: "an address, or a list of addresses", isRight: (value) => isText(value) || isTextList(value) },
  token: { what: "a text, or a function", isRight: (value) => isText(value) || isFunction(value) },
  engineId: {
    what: "a UUID",
    isRight: (value) => typeof value === "string" && /^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/i.test(value),
  },
  concurrency: {
    what: `a whole number from 1 to ${MAX_CAPACITY}`,
    isRight: (value) => isWhole(value, 1, MAX_CAPACITY),
  },
  prefetch: {
    what: `a whole number from 0 up, with concurrency ${MAX_CAPACITY} at most`,
    isRight: (value, { capacity }) => isWhole(value, 0) && !(capacity > MAX_CAPACITY),
  },
  timeoutSeconds: { what: "a number above 0", isRight: isAboveZero },
  graceSeconds: {
    what: "a number from 0 to drainSeconds",
    isRight: (value, { drainSeconds }) => isNumber(value, 0) && !((value as number) > drainSeconds),
  },
  drainSeconds: { what: "a number from 0 up", isRight: (value) => isNumber(value, 0) },
  heartbeatTimeoutSeconds: { what: "a whole number from 3 up", isRight: (value) => isWhole(value, 3) },
  heartbeats: {
    what: "thread or loop; with `fetch` only loop, since a function cannot be sent to a worker thread",
    isRight: (value, { fetch }) => value === "loop" || (value === "thread" && fetch === undefined),
  },
  visibilityTimeoutSeconds: { what: "a whole number from 1 to 43200", isRight: (value) => isWhole(value, 1, 43_200) },
  stallSeconds: { what: "a number above 0", isRight: isAboveZero },
  softwareVersion: { what: "a text", isRight: isText },
  capabilities: { what: "a list of event types", isRight: isTextList },
  scenarioRunId: { what: "a text", isRight: isText },
  mayEnqueue: { what: "a list of queues", isRight: isTextList },
  metadata: { what: "an object", isRight: (value) => hasFunctions(value) && !Array.isArray(value) },
  onUnknownType: { what: "release or fail", isRight: (value) => value === "release" || value === "fail" },
  lifespan: { what: "a generator function", isRight: isFunction },
  healthPort: { what: "a whole number from 0 to 65535", isRight: (value) => isWhole(value, 0, 65_535) },
  json: { what: "an object with parse and stringify", isRight: (value) => hasFunctions(value, "parse", "stringify") },
  reportTraceback: { what: "true or false", isRight: isBoolean },
  logFailures: { what: "true or false", isRight: isBoolean },
  logger: {
    what: "an object with debug, info, warn and error",
    isRight: (value) => hasFunctions(value, "debug", "info", "warn", "error"),
  },
  fetch: { what: "a function", isRight: isFunction },
};

/** True for a number within these limits; NaN is none. */
export function isNumber(value: unknown, least: number, most: number = Infinity): boolean {
  return typeof value === "number" && least <= value && value <= most;
}

/** As `isNumber`, above 0. */
export function isAboveZero(value: unknown): boolean {
  return isNumber(value, Number.MIN_VALUE);
}

function isWhole(value: unknown, least: number, most: number = Infinity): boolean {
  return Number.isInteger(value) && isNumber(value, least, most);
}
