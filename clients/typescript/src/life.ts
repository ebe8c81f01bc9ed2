import { Calls } from "./calls.js";
import { sleep } from "./clock.js";
import { Crashes } from "./crashes.js";
import type { Credentials } from "./credentials.js";
import type { Handlers } from "./handlers.js";
import { Heart } from "./heart.js";
import { Identity } from "./identity.js";
import { Inbox } from "./inbox.js";
import { Leases } from "./leases.js";
import { EngineRefused, Failed, Released, type Report } from "./outcomes.js";
import { Poller } from "./poller.js";
import type { Row } from "./rules/leases.js";
import { noHandler } from "./rules/outcome.js";
import { REFUSED_STATUS, STUCK_STATUS } from "./rules/shutdown.js";
import { Slots } from "./runners/slots.js";
import type { Settings } from "./settings.js";
import { Settlements, type Callbacks } from "./settlements.js";
import { Settler } from "./settler.js";
import { Watch } from "./watch.js";

const PAUSE_SECONDS = 0.5;
const JOIN_SECONDS = 2;
const MAX_UNKNOWN_TYPES = 1000;
export const STOPPING: Released = new Released({ code: "stopping", reason: "the engine stops" });

/** One life of an engine: its parts, and what they share. What happens to them is put into `inbox`. */
export class Life {
  readonly settings: Settings;
  readonly handlers: Handlers;
  readonly inbox: Inbox = new Inbox();
  readonly leases: Leases;
  readonly slots: Slots;
  readonly identity: Identity;
  readonly settlements: Settlements;
  readonly poller: Poller;
  readonly settler: Settler;
  readonly heart: Heart;
  readonly watch: Watch;
  /** Calls with the token of the engine. */
  readonly calls: Calls;
  /** Parts that crashed too often to be started again. */
  readonly crashed: string[] = [];
  isDraining = false;
  /** What the server wants: `continue`, `drain` or `stop`; and what follows a drain: `exit` or `stay`. */
  command = "continue";
  afterDrain = "exit";
  readonly #ending = new AbortController();
  readonly #allCalls: Calls[] = [];
  readonly #parts: Promise<void>[] = [];
  #registering: Promise<void> = Promise.resolve();
  readonly #unknownTypes = new Set<string>();

  constructor(settings: Settings, handlers: Handlers, callbacks: Callbacks) {
    this.settings = settings;
    this.handlers = handlers.layered();
    this.leases = new Leases(settings);
    this.leases.takeIn = (rows) => {
      this.takeIn(rows);
    };
    this.slots = new Slots(settings, this.leases);
    this.identity = new Identity(this);
    this.calls = this.newCalls(this.identity);
    this.settlements = new Settlements(this, callbacks);
    this.poller = new Poller(this);
    this.settler = new Settler(this);
    this.heart = new Heart(this);
    this.leases.watcher = this.heart;
    this.watch = new Watch(this);
  }

  /** Aborted once all parts should end. */
  get stopped(): AbortSignal {
    return this.#ending.signal;
  }

  /** Sleeps, until the end at most. */
  pause(seconds: number): Promise<void> {
    return sleep(seconds, this.stopped);
  }

  /** Registers in the background; `registered` or `end` is put into the inbox. */
  async open(): Promise<void> {
    await this.heart.open();
    this.#registering = this.#guard("identity", () => this.#register());
  }

  /** Begins to lease events. `state` is what handlers get. */
  work(state: unknown): void {
    this.slots.state = state;
    this.heart.begin();
    this.#parts.push(
      this.#guard("watch", () => this.watch.run()),
      this.#guard("settler", () => this.settler.run()),
      this.#guard("poller", () => this.poller.run()),
    );
  }

  /** Leases nothing more, and gives back what waits; or works again. */
  drain(isDraining: boolean): void {
    this.isDraining = isDraining;
    this.poller.mayPollAgain();
    if (isDraining)
      this.#release(
        this.slots.takeWaiting(() => true),
        STOPPING,
      );
  }

  /** Ends all parts, and deregisters the engine. */
  async leave(seconds: number): Promise<void> {
    this.#ending.abort();
    this.leases.changed.notify();
    await within(seconds, this.#registering); // one that is under way may still succeed
    if (this.identity.isRegistered) await this.identity.leave(seconds);
  }

  /** Ends all connections, and waits for the end of the parts. */
  async close(): Promise<void> {
    for (const calls of this.#allCalls) calls.close();
    await within(JOIN_SECONDS, Promise.all([this.#registering, ...this.#parts]));
    await this.heart.stop();
  }

  /** Ends the engine with an exit status. */
  end(status: number, why: string): void {
    this.inbox.put({ kind: "end", status, why });
  }

  /** What a heartbeat's reply commands. */
  obey(command: string, afterDrain: string): void {
    if (command === this.command && afterDrain === this.afterDrain) return;
    this.command = command;
    this.afterDrain = afterDrain;
    this.inbox.put({ kind: "command" });
  }

  /** Calls that end with this life. */
  newCalls(credentials: Credentials): Calls {
    const { urls, fetch, json, logger } = this.settings;
    const calls = new Calls(urls, { credentials, fetch, json, logger, signal: this.stopped });
    this.#allCalls.push(calls);
    return calls;
  }

  /** Begins the handlers of events, as far as they may and there are slots. */
  takeIn(rows: readonly Row[]): void {
    const handled = rows.filter((row) => {
      row.handler = this.handlers.find(row.eventType) ?? null;
      if (row.handler === null) this.#refuse(row);
      return row.handler !== null;
    });
    if (this.isDraining) {
      this.#release(handled, STOPPING);
    } else if (this.leases.now() < this.leases.holdUntil) {
      this.#release(handled, new Released({ code: "hold", reason: this.leases.holdReason || null }));
    } else {
      this.slots.add(handled);
    }
  }

  /** Gives back what waits for a handler and was told to stop. */
  stopWaiting(): void {
    for (const row of this.slots.takeWaiting((waiting) => waiting.told !== null)) this.leases.decline(row);
  }

  /** Why the process should be restarted, as far as the main loop knows. */
  failing(): string[] {
    const wrong = this.crashed.map((name) => `${name} has crashed`);
    if (this.slots.isStuck()) wrong.push("all handlers hang");
    return wrong;
  }

  /** Why no events are worked on, though the process need not be restarted. */
  unready(): string[] {
    const wrong: string[] = [];
    if (!this.identity.isRegistered) wrong.push("not registered");
    if (this.isDraining) wrong.push("draining");
    return wrong;
  }

  /** Runs a part, and starts it again where it crashes; too many crashes end the engine. */
  async #guard(name: string, run: () => Promise<void>): Promise<void> {
    const crashes = new Crashes();
    while (!this.stopped.aborted) {
      try {
        await run();
        return;
      } catch (err) {
        this.settings.logger.error({ part: name, err }, `${this.settings.engineType}: a part has crashed: ${name}`);
        if (crashes.areTooMany(this.leases.now())) {
          this.crashed.push(name);
          this.end(STUCK_STATUS, `${name} crashes`);
          return;
        }
        await this.pause(PAUSE_SECONDS);
      }
    }
  }

  async #register(): Promise<void> {
    try {
      await this.identity.register();
      if (this.identity.isRegistered) this.inbox.put({ kind: "registered" });
    } catch (error) {
      if (!(error instanceof EngineRefused)) throw error;
      this.end(REFUSED_STATUS, error.message);
    }
  }

  #release(rows: readonly Row[], report: Report): void {
    for (const row of rows) this.leases.decline(row, report);
  }

  /** There is no handler for it. */
  #refuse(row: Row): void {
    const { eventType, event } = row;
    if (event === null) return; // its lease was lost meanwhile
    if (!this.#unknownTypes.has(eventType) && this.#unknownTypes.size < MAX_UNKNOWN_TYPES) {
      this.#unknownTypes.add(eventType);
      const { engineType, logger } = this.settings;
      logger.warn({ engineType, eventType }, `${engineType}: no handler for events of type ${eventType}`);
    }
    const message = `this engine has no handler for ${eventType}`;
    const delaySeconds = noHandler(event.releasesInRow, this.settings.unknownTypesFail);
    this.leases.decline(
      row,
      delaySeconds === null
        ? new Failed({ type: "NoHandler", message }, { retryable: false })
        : new Released({ delaySeconds, code: "no_handler", reason: message }),
    );
  }
}

/** Waits for a promise, though not for longer than the seconds. */
async function within(seconds: number, promise: Promise<unknown>): Promise<void> {
  const over = new AbortController();
  await Promise.race([promise, sleep(seconds, over.signal)]);
  over.abort();
}
