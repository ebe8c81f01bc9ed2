import { currentEngine, withinEngine } from "./current.js";
import { ConfigurationError } from "./errors.js";
import type { Handlers } from "./handlers.js";
import { Life, STOPPING } from "./life.js";
import type { LogFields } from "./logger.js";
import { EngineRefused } from "./outcomes.js";
import { CUT_STATUS, Plan, REFUSED_STATUS, STUCK_STATUS, type Stage } from "./rules/shutdown.js";
import { Lifespan } from "./runners/lifespan.js";
import type { Settings } from "./settings.js";
import type { Callbacks } from "./settlements.js";

const TICK_SECONDS = 0.05;
const DRAINED_TICK_SECONDS = 0.2;
const IDLE_SECONDS = 5;
const CUT_SECONDS = 2;
const POLL_SECONDS = 2;
const ENDED_POLL_SECONDS = 0.3;
const LEAVE_SECONDS = 1.5;
const CLOSE_SECONDS = 2;
const LONG_SECONDS = 5;
const MAX_LISTED = 20;

/** An engine at work, from its start to its end: reads the inbox of a life, and moves it from stage to stage. */
export class Running {
  readonly life: Life;
  status = 0;
  why = "";
  isDone = false;
  /** The end, when nothing is left. It never rejects. */
  done: Promise<void> = Promise.resolve();
  readonly #settings: Settings;
  readonly #lifespan: Lifespan;
  readonly #plan: Plan;
  #stage: Stage = "working";
  #cutUntil = 0;
  /** How long a poll that is under way may keep the engine from leaving. */
  #pollUntil = 0;
  #isWorking = false;
  #endingPoll: Promise<void> | null = null;

  constructor(settings: Settings, handlers: Handlers, callbacks: Callbacks) {
    this.#settings = settings;
    this.#lifespan = new Lifespan(settings.lifespan);
    this.#plan = new Plan(settings.drainSeconds, settings.grace);
    this.life = new Life(settings, handlers, callbacks);
  }

  start(): void {
    this.done = withinEngine(this, () => this.#run());
  }

  /** The second `signal` cuts off what still runs. */
  ask(how: "stop" | "signal"): void {
    this.life.inbox.put({ kind: how });
  }

  /** True in what has to end before the engine can. */
  waitsForCaller(): boolean {
    return currentEngine() === this;
  }

  /** Why the engine has ended by itself, if it has. */
  get refused(): EngineRefused | null {
    return this.status >= REFUSED_STATUS ? new EngineRefused(this.why) : null;
  }

  async #run(): Promise<void> {
    try {
      await this.life.open();
      while (this.#stage !== "leaving") {
        await this.#read();
        this.#move();
      }
    } catch (error) {
      this.#failed(error);
    }
    try {
      await this.#leave();
    } catch (error) {
      this.#failed(error);
    }
    this.isDone = true;
    this.#log("info", `left, with status ${this.status}`, { status: this.status });
  }

  async #read(): Promise<void> {
    const isEnding = this.#plan.askedAt !== null;
    const idle = this.#stage === "working" ? IDLE_SECONDS : DRAINED_TICK_SECONDS;
    const message = await this.life.inbox.next(isEnding ? TICK_SECONDS : idle);
    if (message === undefined) return;
    if (message.kind === "registered") {
      if (isEnding) return;
      this.#enter();
      return;
    }
    if (message.kind === "unopened") throw message.error;
    if (message.kind === "opened") {
      if (isEnding) return;
      this.#isWorking = true;
      this.life.work(message.state);
      return;
    }
    if (message.kind === "end") {
      this.#log("error", `the engine ends with status ${message.status}: ${message.why}`, { status: message.status });
      this.status = Math.max(this.status, message.status);
      this.why ||= message.why;
    }
    if (message.kind !== "command" && !isEnding) {
      this.#plan.askedAt = this.life.leases.now();
      this.#pollUntil = this.#plan.askedAt + POLL_SECONDS;
    }
    if (message.kind === "signal") this.#plan.asked += 1;
  }

  #move(): void {
    const plan = this.#plan;
    const { leases, command, afterDrain } = this.life;
    const now = leases.now();
    plan.isDrained = command === "drain" || command === "stop";
    plan.isReleased = command === "stop" && afterDrain === "exit";
    // The reply of a poll may bring events, which should not be lost.
    const isAsking = plan.askedAt !== null && leases.isPolling && now < this.#pollUntil;
    const stage = plan.stage(now, leases.held + Number(isAsking));
    if (stage === this.#stage) {
      if (stage === "cutting" && now >= this.#cutUntil) {
        this.#stage = "leaving";
        this.#sayUnreported();
      }
      return;
    }
    const before = this.#stage;
    this.#stage = stage;
    this.#log("info", `${stage}, events held: ${leases.held}`, { held: leases.held });
    if (before === "working" || stage === "working") this.life.drain(stage !== "working");
    if (plan.askedAt !== null && stage !== "leaving" && this.#isWorking) {
      this.#endingPoll ??= this.#endPoll().catch((error: unknown) => {
        this.#failed(error);
      });
    }
    if (stage === "stopping" || stage === "cutting") this.#tell();
    if (stage === "cutting") this.#cut(now);
  }

  #tell(): void {
    const { leases } = this.life;
    leases.tell(
      leases.rows((row) => row.state === "running"),
      "stopping",
    );
  }

  #cut(now: number): void {
    const { leases, slots } = this.life;
    this.#cutUntil = now + CUT_SECONDS;
    for (const row of leases.rows((each) => each.state === "running")) {
      this.status = Math.max(this.status, CUT_STATUS);
      this.#log("warn", `${row.toString()} is cut off`, row.fields());
      slots.giveUp(row);
    }
    for (const row of leases.rows((each) => each.state === "waiting" && each.behindUntil === null)) {
      leases.decline(row, STOPPING);
    }
  }

  #sayUnreported(): void {
    const rows = this.life.leases.rows((row) => row.beganAt > 0);
    if (rows.length === 0) return;
    this.status = Math.max(this.status, CUT_STATUS);
    const listed = rows.slice(0, MAX_LISTED).map(String).join("; ");
    this.#log("error", `no answer of the server, so this was not reported: ${listed}`);
  }

  /** Ends the poll that waits, so that nothing is leased any more. */
  async #endPoll(): Promise<void> {
    const error = await this.life.identity.say("POST", "/drain", POLL_SECONDS);
    if (error === null) {
      // A poll that the drain has not ended came after it, and brings nothing.
      this.#pollUntil = Math.min(this.#pollUntil, this.life.leases.now() + ENDED_POLL_SECONDS);
    } else {
      this.#log("info", `the server was not told of the drain: ${error.message}`);
    }
  }

  async #leave(): Promise<void> {
    await this.life.leave(LEAVE_SECONDS);
    if (this.#lifespan.isEntering) {
      this.#log("warn", "the lifespan is still opening; it will be closed once it has opened");
      void this.#close();
    } else {
      await this.#closed();
    }
    await this.#endingPoll;
    await this.life.close();
  }

  /** Opens the lifespan, while the inbox is read. */
  #enter(): void {
    const { inbox } = this.life;
    this.#watched("open", this.#lifespan.enter()).then(
      (state) => {
        inbox.put({ kind: "opened", state });
      },
      (error: unknown) => {
        if (this.#stage !== "leaving") inbox.put({ kind: "unopened", error });
        else this.#log("error", "the lifespan could not be opened", { err: error });
      },
    );
  }

  /** Until the lifespan is closed, the time for the drain is over, or a second signal comes. */
  async #closed(): Promise<void> {
    const plan = this.#plan;
    const { inbox, leases } = this.life;
    const began = leases.now();
    let until = began + CLOSE_SECONDS;
    if (plan.asked < 2) until = Math.max((plan.askedAt ?? began) + plan.drainSeconds, until);
    void this.#close().then(() => {
      inbox.put({ kind: "closed" });
    });
    while (leases.now() < until) {
      const message = await inbox.next(until - leases.now());
      if (message?.kind === "closed") return;
      if (message?.kind === "signal" && ++plan.asked > 1) break;
    }
    this.status = Math.max(this.status, CUT_STATUS);
    this.#log("error", "the lifespan has not closed in time; it is no longer waited for");
  }

  /** Closes the lifespan. Never rejects. */
  async #close(): Promise<void> {
    try {
      await this.#watched("close", this.#lifespan.leave());
    } catch (error) {
      this.#log("error", "the lifespan did not end well", { err: error });
    }
  }

  /** Says so where the lifespan takes long. */
  async #watched<T>(what: "open" | "close", promise: Promise<T>): Promise<T> {
    const timer = setTimeout(() => {
      if (!this.isDone) this.#log("warn", `the engine waits for its lifespan to ${what}`);
    }, LONG_SECONDS * 1000).unref();
    try {
      return await promise;
    } finally {
      clearTimeout(timer);
    }
  }

  #failed(error: unknown): void {
    this.#log("error", "the engine ends", { err: error });
    this.status ||= error instanceof ConfigurationError ? REFUSED_STATUS : STUCK_STATUS;
    this.why ||= String(error);
  }

  #log(level: "info" | "warn" | "error", message: string, fields: LogFields = {}): void {
    const { engineType, logger } = this.#settings;
    logger[level]({ engineType, ...fields }, `${engineType}: ${message}`);
  }
}
