/** Watches the loop that handlers run on, from another thread. */

import type { LogFields } from "../logger.js";

const WARNING_SECONDS = 5;

/** The watched loop: a number that it raises twice a second, and where it is now, as far as that can be found out. */
export interface WatchedLoop {
  count(): number;
  place(): Promise<string>;
}

/** Says when the loop is blocked, and when for too long. */
export class LoopWatch {
  readonly #loop: WatchedLoop;
  readonly #stallSeconds: number;
  readonly #say: (level: "info" | "warn" | "error", fields: LogFields, message: string) => void;
  #count = -1;
  #countedAt = 0;
  #hasWarned = false;
  /** The loop has not answered for longer than `stallSeconds`: its leases are not renewed any more. */
  isStalled = false;

  constructor(
    loop: WatchedLoop,
    stallSeconds: number,
    say: (level: "info" | "warn" | "error", fields: LogFields, message: string) => void,
  ) {
    this.#loop = loop;
    this.#stallSeconds = stallSeconds;
    this.#say = say;
  }

  /** Called twice a second. */
  tick(now: number): void {
    const count = this.#loop.count();
    if (count !== this.#count) {
      if (this.#hasWarned) {
        const seconds = Math.round(now - this.#countedAt);
        this.#say("info", { seconds }, `the event loop goes on after ${seconds} s`);
      }
      this.#count = count;
      this.#countedAt = now;
      this.#hasWarned = this.isStalled = false;
      return;
    }
    const silent = now - this.#countedAt;
    if (silent >= WARNING_SECONDS && !this.#hasWarned) {
      this.#hasWarned = true;
      void this.#warn(silent, count);
    }
    if (silent > this.#stallSeconds && !this.isStalled) {
      this.isStalled = true;
      const message = `the event loop is blocked for ${Math.round(silent)} s: its leases are not renewed any more`;
      this.#say("error", { seconds: Math.round(silent) }, message);
    }
  }

  async #warn(silent: number, count: number): Promise<void> {
    const place = await this.#loop.place();
    const still = this.#loop.count() === count ? place : "";
    this.#say("warn", { seconds: Math.round(silent) }, `the event loop is blocked for ${Math.round(silent)} s${still}`);
  }
}
