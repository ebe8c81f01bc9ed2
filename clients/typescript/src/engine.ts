/** The engine as its author sees it. */
import { ConfigurationError, EventLeaseError } from "./errors.js";
import type { Event } from "./event.js";
import { setExitStatus } from "./exit.js";
import { checkFunction, Handlers, type Around, type HandlerFunction, type HandlerOptions } from "./handlers.js";
import type { Report } from "./outcomes.js";
import { REFUSED_STATUS } from "./rules/shutdown.js";
import { Running } from "./running.js";
import type { OutputOf, StandardSchema } from "./schema.js";
import { Settings, type EngineOptions } from "./settings.js";
import type { Answer, Lost, Settled } from "./settlements.js";
import { Signals } from "./signals.js";
import type { Stats } from "./stats.js";
import { loadTracing } from "./tracing.js";

/** An engine, whatever the state of its handlers is. */
export type AnyEngine = Pick<Engine, "run" | "start" | "stop">;

/** What an engine is made of. */
export let partsOf: (engine: AnyEngine) => { settings: Settings; handlers: Handlers };
let begin: (engine: AnyEngine) => Running;
let forget: (engine: AnyEngine) => void;

/** Leases events of one type and hands each to the handler of its event type. */
export class Engine<S = undefined> {
  readonly #settings: Settings;
  readonly #handlers: Handlers;
  readonly #onSettled: Settled[] = [];
  readonly #onLost: Lost[] = [];
  #running: Running | null = null;
  #ended: Promise<void> = Promise.resolve();

  /** See "Parameters" in the README. What is wrong with them is said when the engine starts. */
  constructor(engineType: string, options: EngineOptions<S> = {}) {
    this.#settings = new Settings(engineType, options);
    this.#handlers = new Handlers(this.#settings.timeoutSeconds);
  }

  /**
   * Adds the handler of an event type, or of all others with `*`.
   *
   * A `schema` checks the payload and says its type. Without one, the type parameter is the author's word.
   */
  on<P = unknown>(eventType: string, handler: HandlerFunction<P, S>): this;
  on<Schema extends StandardSchema>(
    eventType: string,
    options: HandlerOptions & { schema: Schema },
    handler: HandlerFunction<OutputOf<Schema>, S>,
  ): this;
  on<P = unknown>(
    eventType: string,
    options: HandlerOptions & { schema?: undefined },
    handler: HandlerFunction<P, S>,
  ): this;
  on(eventType: string, ...rest: [unknown] | [HandlerOptions, unknown]): this {
    this.#checkNotWorking("add handlers before it starts");
    const [options, handler] = rest.length === 1 ? [{}, rest[0]] : rest;
    this.#handlers.add(eventType, options, handler);
    return this;
  }

  /** Adds a layer around all handlers. The first added is the outermost. */
  around(wrapper: Around<S>): this {
    this.#checkNotWorking("add layers before it starts");
    this.#handlers.addAround(wrapper as Around<unknown>);
    return this;
  }

  /** Calls back with the event, the report and the server's answer. */
  onSettled(callback: (event: Event<unknown, S>, report: Report, answer: Answer) => unknown): this {
    checkFunction(callback, "the callback given to onSettled");
    this.#onSettled.push(callback as Settled);
    return this;
  }

  /** Calls back with events whose report came too late. */
  onLost(callback: (event: Event<unknown, S>) => unknown): this {
    checkFunction(callback, "the callback given to onLost");
    this.#onLost.push(callback as Lost);
    return this;
  }

  /** Works until a signal, and drains then; see `run`. */
  run(): Promise<void> {
    return run(this);
  }

  /** Works in the background, until `stop`. No signal handlers are installed. */
  start(): void {
    this.#begin();
  }

  /**
   * Drains and leaves; resolves once nothing is left. An engine that does not work is left alone.
   *
   * A handler, a callback or the lifespan of the engine only asks: the end waits for them. Rejects with EngineRefused
   * if the engine has ended by itself.
   */
  async stop(): Promise<void> {
    const running = this.#running;
    if (running === null) return;
    running.ask("stop");
    if (running.waitsForCaller()) return;
    await running.done;
    if (this.#running === running) this.#running = null;
    if (running.refused !== null) throw running.refused;
  }

  /**
   * Resolves when the engine that was started has ended in order; rejects with EngineRefused if it has ended by itself.
   * A rejection that nobody looks at does no harm. Resolved before the first start.
   */
  get ended(): Promise<void> {
    return this.#ended;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }

  /** The id it is registered with; undefined while it does not work and none was given. */
  get engineId(): string | undefined {
    return this.#working?.life.identity.engineId ?? this.#settings.engineId;
  }

  /** Where health is served, once the engine has begun to work. */
  get healthPort(): number | undefined {
    return this.#working?.life.heart.healthPort ?? undefined;
  }

  /** Counts since the start. Throws while it does not work: EngineRefused if it has ended by itself. */
  stats(): Stats {
    const working = this.#working;
    if (working === null) {
      const refused = this.#running?.refused ?? null;
      if (refused !== null) throw refused;
      throw new EventLeaseError("the engine does not work: it was not started, or was stopped");
    }
    const { leases, slots, heart } = working.life;
    const lastHeartbeatAgeSeconds = heart.answeredAt === null ? null : leases.now() - heart.answeredAt;
    return { ...leases.stats, running: slots.running, waiting: slots.waiting, lastHeartbeatAgeSeconds };
  }

  get #working(): Running | null {
    return this.#running === null || this.#running.isDone ? null : this.#running;
  }

  #checkNotWorking(advice: string): void {
    if (this.#working !== null) throw new ConfigurationError(`the engine works already: ${advice}`);
  }

  #begin(): Running {
    this.#checkNotWorking("stop it before you start it again");
    if (this.#handlers.size === 0) throw new ConfigurationError("the engine has no handler");
    const settings = this.#settings.withEnvironment();
    settings.check();
    const callbacks = { onSettled: this.#onSettled, onLost: this.#onLost };
    const running = new Running(settings, this.#handlers, callbacks);
    this.#running = running;
    void loadTracing(); // until the first event comes
    running.start();
    this.#ended = running.done.then(() => {
      if (running.refused !== null) throw running.refused;
    });
    this.#ended.catch(() => undefined); // it is logged, and `stop` rejects with it
    return running;
  }

  static {
    partsOf = (engine) => ({ settings: (engine as Engine).#settings, handlers: (engine as Engine).#handlers });
    begin = (engine) => (engine as Engine).#begin();
    forget = (engine) => {
      (engine as Engine).#running = null;
    };
  }
}

/**
 * Runs engines in one process until a signal, and sets `process.exitCode`: 0 in order, 1 if work was cut off.
 *
 * Rejects with ConfigurationError or EngineRefused where an engine cannot work, or has ended by itself: 2 to 4.
 */
export async function run(...engines: AnyEngine[]): Promise<void> {
  const begun: Running[] = [];
  const first = engines[0];
  if (first === undefined) throw new ConfigurationError("run must be given an engine");
  const signals = new Signals(partsOf(first).settings.logger, () => {
    for (const running of begun) running.ask("signal");
  });
  let refused: Error | null = null;
  let status = 0;
  try {
    for (const engine of engines) begun.push(begin(engine));
  } catch (error) {
    refused = error as Error;
    status = REFUSED_STATUS;
    for (const running of begun) running.ask("stop");
  }
  for (const [index, running] of begun.entries()) {
    await running.done;
    forget(engines[index] as AnyEngine);
    status = Math.max(status, running.status);
    refused ??= running.refused;
  }
  signals.remove();
  setExitStatus(status, refused);
  if (refused !== null) throw refused;
}
