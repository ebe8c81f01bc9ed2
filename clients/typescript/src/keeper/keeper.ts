/** Heartbeats: they keep the engine alive and its leases renewed, and bring cancels, drains and losses. */

import type { Calls } from "../calls.js";
import { milliseconds } from "../clock.js";
import { EventLeaseError, InvalidInput, ProblemError } from "../errors.js";
import type { LogFields, Logger } from "../logger.js";
import { isOwnReport } from "../rules/leases.js";
import type { Repeat } from "../rules/repeats.js";
import { batchesOf, bodyOf, type Listed } from "./heartbeat.js";
import { HeldLeases, leaveOutProgress, type Entry } from "./held-leases.js";
import type { LoopWatch } from "./loop-watch.js";
import type { FromKeeper, Heard, ToKeeper, Who } from "./messages.js";

export const TICK_SECONDS = 0.5;
const MAX_CALL_SECONDS = 10;
const MAX_WAIT_SECONDS = 60;
const FIRST_PAUSE_SECONDS = 0.5;
const NEWS_PAUSE_SECONDS = 0.1;
const LATE_SECONDS = 2;
const CLOCK_JUMP_SECONDS = 10;
const ONCE: Repeat = { isSafe: true, withinSeconds: 0 };

export interface KeeperSettings {
  heartbeatTimeoutSeconds: number;
  /** What a tick that comes too late means, in words that end with a number of seconds. */
  lateness: string;
}

/** What a keeper works with; it runs in a thread of its own, or on the engine's loop. */
export interface KeeperParts {
  calls: Pick<Calls, "send" | "decodeObject">;
  post: (message: FromKeeper) => void;
  say: (level: keyof Logger, fields: LogFields, message: string) => void;
  /** Null where the keeper runs on that loop itself. */
  loopWatch: LoopWatch | null;
  /** A fault of the keeper itself, which ends it. */
  crash: (error: unknown) => void;
  /** How many handlers run. */
  running: () => number;
  /** On the engine's monotonic clock. */
  now: () => number;
  /** In milliseconds, as `Date.now`. */
  wallClock: () => number;
  random: () => number;
}

/** Beats until it is stopped. Each heartbeat waits at the server until there is news, or until the next is due. */
export class Keeper {
  readonly #settings: KeeperSettings;
  readonly #parts: KeeperParts;
  readonly #leases = new HeldLeases();
  #who: Who = { path: "", headers: {}, intervalSeconds: 1, number: 0 };
  #holdOff = { until: 0, reason: "" };
  #wrong = { live: [] as string[], ready: [] as string[] };
  /** The last answer, as far as it is not about single leases. */
  #told = "";
  /** A heartbeat was sent that ends the one that waits. */
  #isOvertaken = false;
  #isRenewing = false;
  #isStopped = false;
  #beganAt: number | null = null;
  /** When the last heartbeat that was answered was sent. */
  #answeredAt: number | null = null;
  /** The server answers, and does not take the heartbeats. */
  #wasRefused = false;
  #processor = { seconds: processorSeconds(), at: 0 };
  #tickedAt: number;
  #clocks: number;
  #wake: (() => void) | null = null;

  constructor(settings: KeeperSettings, parts: KeeperParts) {
    this.#settings = settings;
    this.#parts = parts;
    this.#tickedAt = parts.now();
    this.#clocks = parts.wallClock() / 1000 - this.#tickedAt;
  }

  /** Takes in what the engine says. */
  hear(message: ToKeeper): void {
    if (message.who !== undefined) {
      this.#who = message.who;
      this.#wake?.();
    }
    if (message.placed !== undefined) this.#leases.place(message.placed);
    for (const held of message.held ?? []) this.#leases.hold(held);
    if (message.removed !== undefined) this.#leases.remove(message.removed);
    if (message.hold !== undefined) this.#holdOff = message.hold;
    if (message.wrong !== undefined) this.#wrong = message.wrong;
    if (message.begin === true && this.#beganAt === null) {
      this.#run().catch(this.#parts.crash);
    }
    if (message.beat !== undefined) void this.#beatNow(message.beat);
  }

  stop(): void {
    this.#isStopped = true;
    this.#wake?.();
  }

  /** Called twice a second: notices what comes too late, and leases that cannot wait for the next heartbeat. */
  tick(): void {
    const now = this.#parts.now();
    const late = now - this.#tickedAt - TICK_SECONDS;
    this.#tickedAt = now;
    if (late > LATE_SECONDS) {
      this.#parts.post({ what: "late" });
      this.#parts.say("warn", { seconds: Math.round(late) }, `${this.#settings.lateness} ${Math.round(late)} s`);
    }
    const jumped = this.#parts.wallClock() / 1000 - now - this.#clocks;
    this.#clocks += jumped;
    if (Math.abs(jumped) > CLOCK_JUMP_SECONDS) {
      this.#parts.post({ what: "clock_jumped" });
      const message = `the clock has jumped by ${Math.round(jumped)} s: leases are uncertain until the next heartbeat`;
      this.#parts.say("warn", {}, message);
      void this.#beatNow();
    }
    this.#parts.loopWatch?.tick(now);
    if (!this.#isRenewing && !this.#isStalled && this.#leases.areUrgent(now)) void this.#beatNow();
  }

  /** Why the process should be restarted. */
  failing(): string[] {
    const wrong = [...this.#wrong.live];
    const age = this.#parts.now() - (this.#answeredAt ?? this.#beganAt ?? Infinity);
    if (age > this.#settings.heartbeatTimeoutSeconds && this.#wasRefused) {
      wrong.push(`the last heartbeat was taken ${Math.round(age)} s ago`);
    }
    if (this.#isStalled) wrong.push("the event loop is blocked");
    return wrong;
  }

  /** Why no events are worked on. */
  unready(): string[] {
    return [...new Set([...this.failing(), ...this.#wrong.ready])];
  }

  get #isStalled(): boolean {
    return this.#parts.loopWatch?.isStalled === true;
  }

  async #run(): Promise<void> {
    let failures = 0;
    this.#beganAt = this.#parts.now();
    while (!this.#isStopped) {
      const sentAt = this.#parts.now();
      const { number, intervalSeconds } = this.#who;
      const interval = intervalSeconds * (0.9 + 0.1 * this.#parts.random());
      let pause: number;
      try {
        pause = await this.#beat(sentAt, interval);
        failures = 0;
      } catch (error) {
        if (!(error instanceof EventLeaseError)) throw error;
        pause = this.#untilNext(sentAt, interval);
        if (error instanceof ProblemError) {
          this.#wasRefused = true;
          const { problem, status, requestId } = error;
          this.#parts.post({ what: "refused", number, problem, status, requestId });
          if (error instanceof InvalidInput) pause = FIRST_PAUSE_SECONDS;
        } else {
          if (failures === 0) this.#sayUnanswered(error);
          pause = Math.min(FIRST_PAUSE_SECONDS * 2 ** failures, pause);
          failures = Math.min(failures + 1, 10);
        }
      }
      if (number === this.#who.number) await this.#pause(pause);
    }
  }

  /** How long to pause before the next. */
  async #beat(sentAt: number, interval: number): Promise<number> {
    const batches = this.#batches(sentAt, interval);
    for (const batch of batches.slice(0, -1)) await this.#send(batch, 0);
    const wait = Math.min(Math.max(Math.floor(interval), 1), MAX_WAIT_SECONDS);
    const hasNews = (await this.#send(batches.at(-1) ?? [], wait)) || this.#isOvertaken;
    this.#isOvertaken = false;
    if (hasNews || this.#parts.now() - sentAt >= wait - 0.5) return NEWS_PAUSE_SECONDS;
    return this.#untilNext(sentAt, interval);
  }

  /** One heartbeat more, which does not wait: the next regular one repeats what it says. */
  async #beatNow(number?: number): Promise<void> {
    if (this.#beganAt !== null && (number !== undefined || !this.#isRenewing)) {
      this.#isOvertaken = this.#isRenewing = true;
      try {
        for (const batch of this.#batches(this.#parts.now(), this.#who.intervalSeconds)) await this.#send(batch, 0);
      } catch {
        // The next regular heartbeat says it, and what is wrong.
      }
      this.#isRenewing = false;
    }
    if (number !== undefined) this.#parts.post({ what: "beaten", beat: number });
  }

  #batches(sentAt: number, interval: number): Listed[][] {
    return batchesOf(this.#leases.listed(sentAt, sentAt + 2 * interval, this.#isStalled));
  }

  /** True if the answer brings something new. */
  async #send(listed: readonly Listed[], wait: number): Promise<boolean> {
    const { calls, now, wallClock, post } = this.#parts;
    const sentAt = now();
    const seconds = wait + Math.min(MAX_CALL_SECONDS, Math.max(this.#who.intervalSeconds, 1));
    const how = { seconds, spareSeconds: seconds, repeat: ONCE };
    const body = bodyOf(this.#facts(wait, sentAt), listed, wallClock());
    let answer: Answer;
    try {
      const reply = await calls.send("POST", `${this.#who.path}/heartbeat`, body, how);
      answer = calls.decodeObject<Answer>(reply, "leases", "events_to_cancel", "command", "max_concurrent_events");
    } catch (error) {
      if (error instanceof InvalidInput) leaveOutProgress(listed);
      throw error;
    }
    const heard: Heard = {
      what: "heard",
      sentAt,
      ...this.#leases.apply(listed, answer.leases, sentAt),
      eventsToCancel: answer.events_to_cancel,
      command: answer.command,
      afterDrain: answer.drain?.then ?? "exit",
    };
    this.#answeredAt = sentAt;
    this.#wasRefused = false;
    const told = `${answer.command} ${answer.max_concurrent_events ?? 0}`;
    const areCancelled = this.#leases.tellOfCancels(heard.eventsToCancel, now());
    const hasNews = areCancelled || heard.lost.some(({ reason }) => !isOwnReport(reason)) || told !== this.#told;
    this.#told = told;
    post(heard);
    return hasNews;
  }

  #sayUnanswered(error: EventLeaseError): void {
    if (!this.#isStopped) this.#parts.say("warn", {}, `a heartbeat was not answered: ${error.message}`);
  }

  #facts(waitSeconds: number, now: number): Parameters<typeof bodyOf>[0] {
    const seconds = processorSeconds();
    const before = this.#processor;
    this.#processor = { seconds, at: now };
    return {
      held: this.#leases.size,
      running: this.#parts.running(),
      cpuPercent: (100 * (seconds - before.seconds)) / Math.max(now - before.at, 0.001),
      memoryMb: process.memoryUsage.rss() / 1_048_576,
      waitSeconds,
      holdSeconds: this.#holdOff.until - now,
      holdReason: this.#holdOff.reason,
    };
  }

  #untilNext(sentAt: number, interval: number): number {
    return Math.max(sentAt + interval - this.#parts.now(), NEWS_PAUSE_SECONDS);
  }

  /** Ends early when the engine has another identity, or stops. */
  #pause(seconds: number): Promise<void> {
    if (this.#isStopped) return Promise.resolve();
    return new Promise((resolve) => {
      const wake = (): void => {
        clearTimeout(timer);
        this.#wake = null;
        resolve();
      };
      const timer = setTimeout(wake, milliseconds(seconds));
      this.#wake = wake;
    });
  }
}

interface Answer {
  leases: Entry[];
  events_to_cancel: string[];
  command: string;
  max_concurrent_events: number | null;
  drain?: { then?: string } | null;
  [member: string]: unknown;
}

function processorSeconds(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
}
