/** The handlers of an engine, by event type. */
import { ConfigurationError } from "./errors.js";
import type { Event } from "./event.js";
import { isSchema, type StandardSchema } from "./schema.js";
import { isAboveZero } from "./settings.js";

const ANY_TYPE = "*";

/** What a handler is: its result, or the promise of one, is that of the event. */
export type HandlerFunction<P, S> = (event: Event<P, S>) => unknown;

/** What calls the next layer, and in the end the handler. */
export type Around<S> = (event: Event<unknown, S>, call: (event: Event<unknown, S>) => unknown) => unknown;

/** A class of errors. */
export type ErrorClass = abstract new (...args: never[]) => unknown;

/** What may be said of a handler. */
export interface HandlerOptions {
  /** Its time limit, instead of the engine's. */
  timeoutSeconds?: number | undefined;
  /** Errors of these classes make a dead letter of the event. */
  notRetryable?: readonly ErrorClass[] | undefined;
}

/** A function of the author's with what was said of it. */
export interface Handler {
  /** How errors and logs name it. */
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

  /** Throws ConfigurationError for what cannot be a handler. */
  add(eventType: string, options: HandlerOptions & { schema?: unknown }, handler: unknown): void {
    checkFunction(handler, `the handler of ${eventType}`);
    if (typeof options !== "object" || (options as unknown) === null) {
      throw new ConfigurationError("options: an object");
    }
    const { schema, timeoutSeconds, notRetryable = [], ...others } = options;
    const wrong = [
      typeof eventType === "string" && eventType !== "" ? "" : "an event type is a text",
      this.#byType.has(eventType) ? `${eventType} has a handler already` : "",
      schema === undefined || isSchema(schema) ? "" : "schema: one of the Standard Schema interface, version 1",
      timeoutSeconds === undefined || isAboveZero(timeoutSeconds) ? "" : "timeoutSeconds: a number above 0",
      Array.isArray(notRetryable) && notRetryable.every((each) => typeof each === "function")
        ? ""
        : "notRetryable: a list of classes",
      ...Object.keys(others).map((name) => `${name}: there is no such option`),
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

  /** A layer around all handlers; the first added is the outermost. Throws ConfigurationError. */
  addAround(wrapper: Around<unknown>): void {
    checkFunction(wrapper, "a layer");
    this.#around.push(wrapper);
  }

  /** The handler of a type, or the one of all others. */
  find(eventType: string): Handler | undefined {
    return this.#byType.get(eventType) ?? this.#byType.get(ANY_TYPE);
  }

  /** The event types that have a handler of their own. */
  types(): string[] {
    return [...this.#byType.keys()].filter((eventType) => eventType !== ANY_TYPE).sort();
  }

  /** A copy in which the layers are around the handlers. */
  layered(): Handlers {
    const layered = new Handlers(this.#timeoutSeconds);
    for (const [eventType, handler] of this.#byType) {
      const call = this.#around.reduceRight<Handler["call"]>(
        (inner, wrapper) => (event) => wrapper(event, inner),
        handler.call,
      );
      layered.#byType.set(eventType, { ...handler, call });
    }
    return layered;
  }
}

function checkFunction(value: unknown, what: string): asserts value is (...args: never[]) => unknown {
  if (typeof value !== "function" || /^class\b/.test(Function.prototype.toString.call(value))) {
    throw new ConfigurationError(`${what} has to be a function`);
  }
  if (/^(Async)?GeneratorFunction$/.test(value.constructor.name)) {
    throw new ConfigurationError(`${what} yields, where it should return`);
  }
}
