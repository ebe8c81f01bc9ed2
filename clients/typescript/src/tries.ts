/** The tries of one call, and the pauses between them. */

import { now, sleep } from "./clock.js";
import { Unavailable } from "./errors.js";
import type { Problem } from "./errors.js";
import type { Logger } from "./logger.js";
import { pauseSeconds } from "./rules/backoff.js";
import { changesServer, mayHaveArrived, nextStep } from "./rules/repeats.js";
import type { Failure, Repeat } from "./rules/repeats.js";
import type { Received } from "./transport.js";

const SAY_AGAIN_SECONDS = 30;
/** What a try has even if less time is left, so that a slow server can still answer. */
export const LEAST_TRY_SECONDS = 2;

/** Clock, randomness and pauses. Once `signal` is aborted, nothing is repeated: a failed try throws Unavailable. */
export interface Timing {
  readonly signal: AbortSignal | null;
  readonly now: () => number;
  readonly random: () => number;
  readonly sleep: (seconds: number, ...signals: (AbortSignal | null)[]) => Promise<void>;
}

export const TIMING: Timing = { signal: null, now, random: Math.random, sleep };

/** Decides, after each failed try of a call, whether to repeat it. */
export class Tries {
  readonly #name: string;
  readonly #repeat: Repeat;
  readonly #timing: Timing;
  readonly #logger: Logger;
  readonly #signal: AbortSignal | null;
  readonly #started: number;
  #saidAt: number | null = null;
  #pauses = 0;
  #internalErrors = 0;
  #wasAtOnce = false;
  #isUnknown = false;

  /** `signal` ends the pauses of this call only. */
  constructor(name: string, repeat: Repeat, timing: Timing, logger: Logger, signal: AbortSignal | null) {
    this.#name = name;
    this.#repeat = repeat;
    this.#timing = timing;
    this.#logger = logger;
    this.#signal = signal;
    this.#started = timing.now();
  }

  /** The time limit of the next try: what is left of the time of the call and `spare` more, but at most `most`. */
  trySeconds(most: number, spare: number): number {
    return Math.min(most, this.secondsLeft(spare));
  }

  /** What is left of the time of the call and `spare` more, but at least what each try has. */
  secondsLeft(spare: number): number {
    const within = this.#repeat.withinSeconds;
    if (within === null) return Infinity;
    const left = this.#started + within - this.#timing.now();
    return Math.max(left + spare, LEAST_TRY_SECONDS);
  }

  /** Logs the end of an outage, if its beginning was logged. */
  answered(): void {
    if (this.#saidAt === null) return;
    const afterSeconds = Math.round((this.#timing.now() - this.#started) * 10) / 10;
    this.#logger.info({ call: this.#name, afterSeconds }, "the server answers again");
  }

  /** Resolves when the call should be repeated, with true if by another server. Otherwise throws Unavailable. */
  async failed(
    failure: Failure,
    cause: string,
    known: { reply?: Received; problem?: Problem | null; error?: unknown } = {},
  ): Promise<boolean> {
    const { reply, problem } = known;
    if (mayHaveArrived(failure)) this.#isUnknown = true;
    if (failure === "internal") this.#internalErrors++;
    const step = nextStep(failure, this.#repeat, this.#wasAtOnce, this.#internalErrors);
    if (step === "at_once" && this.#timing.signal?.aborted !== true) {
      this.#wasAtOnce = true;
      return false;
    }
    const changes = changesServer(failure, reply?.status ?? null);
    const retryAfter = reply?.headers.get("retry-after") ?? "";
    const least = /^\d+$/.test(retryAfter) ? Number(retryAfter) : null;
    if (step === "give_up" || !(await this.#pause(cause, changes, least, reply !== undefined))) {
      const detail = problem?.detail || problem?.title;
      throw new Unavailable(`${this.#name}: no definite answer: ${cause}${detail ? `: ${detail}` : ""}`, {
        isUnknown: this.#isUnknown,
        status: reply?.status ?? null,
        code: problem?.code ?? null,
        requestId: reply?.headers.get("x-request-id") ?? null,
        cause: known.error,
      });
    }
    return changes;
  }

  /** False if the time is over, or the signal was aborted: then the call is not repeated. */
  async #pause(cause: string, spread: boolean, retryAfter: number | null, wasAnswered: boolean): Promise<boolean> {
    const { signal, random, sleep } = this.#timing;
    const isEnded = (): boolean => signal?.aborted === true;
    const at = this.#timing.now();
    const within = this.#repeat.withinSeconds;
    const pause = pauseSeconds(this.#pauses++, random(), spread, retryAfter);
    if (isEnded() || (within !== null && at + pause > this.#started + within)) return false;
    if (this.#saidAt === null || at - this.#saidAt >= SAY_AGAIN_SECONDS) {
      this.#saidAt = at;
      const pauseRounded = Math.round(pause * 10) / 10;
      this.#logger.warn(
        { call: this.#name, cause, pauseSeconds: pauseRounded },
        `the server ${wasAnswered ? "could not serve the call" : "does not answer"}, repeating the call`,
      );
    }
    await sleep(pause, signal, this.#signal);
    return !isEnded();
  }
}
