/** The handlers of an engine, by event type. */
import { inspect } from "node:util";
import { ConfigurationError } from "./errors.js";
import type { Event } from "./event.js";
import { isSchema, type StandardSchema } from "./schema.js";
import { isAboveZero, isName, NAME } from "./option-checks.js";

const ANY_TYPE = "*";

/** A handler. What it returns, or what its promise resolves with, is the result of the event. */
export type HandlerFunction<P, S> = (event: Event<P, S>) => unknown;

let valueOf: (returned: unknown) => unknown;

/** What `call` returns to a layer, which must return it. It holds the result of the handler. */
export class HandlerResult {
  readonly #value: unknown;

  constructor(value: unknown) {
    this.#value = value;
  }

  static {
    valueOf = (returned) => {
      if (typeof returned === "object" && returned !== null && #value in returned) return returned.#value;
      throw new TypeError(
        "a layer given to `around` must return what `call` returns: write `return await call(event)`",
      );
    };
  }
}
/** A layer around handlers. `call` calls the next layer, or the handler. */
export type Around<S> = (
  event: Event<unknown, S>,
  call: (event: Event<unknown, S>) => HandlerResult | Promise<HandlerResult>,
) => HandlerResult | Promise<HandlerResult>;

/** A class of errors. */
export type ErrorClass = abstract new (...args: never[]) => unknown;

/** The options of a handler. */
export interface HandlerOptions {
  /** The handler's time limit, instead of the engine's. */
  timeoutSeconds?: number | undefined;
  /** Errors of these classes make the event a dead letter. */
  notRetryable?: readonly ErrorClass[] | undefined;
}

/** A function with its options. */
export interface Handler {
  /** The name in errors and logs. */
  readonly name: string;
  readonly call: (event: Event) => unknown;
  readonly schema: StandardSchema | undefined;
  readonly timeoutSeconds: number | undefined;
  readonly notRetryable: readonly ErrorClass[];
}

/** One handler for each event type, and the layers around them. */
export class Handlers {
  readonly #timeoutSeconds: number | undefined;
  readonly #byType: Map<string, Handler> = new Map();
  readonly #around: Around<unknown>[] = [];

  constructor(timeoutSeconds?: number) {
    this.#timeoutSeconds = timeoutSeconds;
  }

  get size(): number {
    return this.#byType.size;
  }

  /** Adds a handler. Throws ConfigurationError if it or its options are wrong. */
  add(eventType: string, options: HandlerOptions & { schema?: unknown }, handler: unknown): void {
    checkFunction(handler, `the handler of ${eventType}`);
    if (typeof options !== "object" || (options as unknown) === null) {
      throw new ConfigurationError("options must be an object");
    }
    const { schema, timeoutSeconds, notRetryable = [], ...others } = options;
    const wrong = [
      eventType === ANY_TYPE || isName(eventType) ? "" : `the event type ${inspect(eventType)} must be ${NAME}; or "*"`,
      this.#byType.has(eventType) ? `${eventType} already has a handler` : "",
      schema === undefined || isSchema(schema) ? "" : "schema must have the Standard Schema interface, version 1",
      timeoutSeconds === undefined || isAboveZero(timeoutSeconds) ? "" : "timeoutSeconds must be a number above 0",
      Array.isArray(notRetryable) && notRetryable.every((each) => typeof each === "function")
        ? ""
        : "notRetryable must be an array of classes",
      ...Object.keys(others).map((name) => `there is no option ${name}`),
    ].filter((text) => text !== "");
    if (wrong.length > 0) throw new ConfigurationError(wrong.join("; "));
    this.#byType.set(eventType, {
      name: handler.name === "" ? eventType : handler.name,
      call: handler as (event: Event) => unknown,
      schema: schema as StandardSchema | undefined,
      timeoutSeconds: timeoutSeconds ?? this.#timeoutSeconds,
      notRetryable: [...notRetryable],
    });
  }

  /** Adds a layer around all handlers; the first is the outermost. Throws ConfigurationError. */
  addAround(wrapper: Around<unknown>): void {
    checkFunction(wrapper, "the layer given to around");
    this.#around.push(wrapper);
  }

  /** The handler of a type, or else the one of all other types. */
  find(eventType: string): Handler | undefined {
    return this.#byType.get(eventType) ?? this.#byType.get(ANY_TYPE);
  }

  /** The event types that have a handler of their own. */
  types(): string[] {
    return [...this.#byType.keys()].filter((eventType) => eventType !== ANY_TYPE).sort();
  }

  /** A copy whose handlers are called through the layers. */
  layered(): Handlers {
    const layered = new Handlers(this.#timeoutSeconds);
    for (const [eventType, handler] of this.#byType) {
      const call = this.#around.reduceRight<Handler["call"]>(
        (inner, wrapper) => (event) =>
          after(
            wrapper(event, (passed) => after(inner(passed), boxed)),
            valueOf,
          ),
        handler.call,
      );
      layered.#byType.set(eventType, { ...handler, call });
    }
    return layered;
  }
}

function boxed(value: unknown): HandlerResult {
  return new HandlerResult(value);
}

/** What `next` makes of a value, or a promise of it where the value is a promise. */
function after<T>(value: unknown, next: (value: unknown) => T): T | Promise<T> {
  return isThenable(value) ? Promise.resolve(value).then(next) : next(value);
}

export function isThenable(value: unknown): value is PromiseLike<unknown> {
  if ((typeof value !== "object" && typeof value !== "function") || value === null) return false;
  return typeof (value as { then?: unknown }).then === "function";
}

/** Throws ConfigurationError for what cannot be called, and for generator functions. */
export function checkFunction(value: unknown, what: string): asserts value is (...args: never[]) => unknown {
  if (typeof value !== "function" || /^class\b/.test(Function.prototype.toString.call(value))) {
    throw new ConfigurationError(`${what} must be a function`);
  }
  if (/^(Async)?GeneratorFunction$/.test(value.constructor.name)) {
    throw new ConfigurationError(`${what} must return, not yield: it is a generator function`);
  }
}
