/** The tries of one call: what became of them, and the pauses between them. */

import { now, sleep } from "./clock.js";
import { Unavailable } from "./errors.js";
import type { Problem } from "./errors.js";
import type { Logger } from "./logger.js";
import { pauseSeconds } from "./rules/backoff.js";
import { changesServer, mayHaveArrived, nextStep } from "./rules/repeats.js";
import type { Failure, Repeat } from "./rules/repeats.js";
import type { Received } from "./transport.js";

const SAY_AGAIN_SECONDS = 30;

/** The clock, the randomness, and what ends repeats: once `signal` is aborted, a failed try throws Unavailable. */
export interface Timing {
  readonly signal: AbortSignal | null;
  readonly now: () => number;
  readonly random: () => number;
  readonly sleep: (seconds: number, ...signals: (AbortSignal | null)[]) => Promise<void>;
}

export const TIMING: Timing = { signal: null, now, random: Math.random, sleep };

/** Decides after each failed try of a call. */
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

  /** `signal` ends a pause of this call alone. */
  constructor(name: string, repeat: Repeat, timing: Timing, logger: Logger, signal: AbortSignal | null) {
    this.#name = name;
    this.#repeat = repeat;
    this.#timing = timing;
    this.#logger = logger;
    this.#signal = signal;
    this.#started = timing.now();
  }

  /** Says that an outage is over. */
  answered(): void {
    if (this.#saidAt === null) return;
    const afterSeconds = Math.round((this.#timing.now() - this.#started) * 10) / 10;
    this.#logger.info({ call: this.#name, afterSeconds }, "the server answers again");
  }

  /** Resolves after a pause when the call should be repeated, true with another server; else throws Unavailable. */
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
    if (step === "give_up" || !(await this.#pause(cause, changes, least))) {
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

  /** False if the call should not be repeated after all. */
  async #pause(cause: string, spread: boolean, retryAfter: number | null): Promise<boolean> {
    const { signal, random, sleep } = this.#timing;
    const at = this.#timing.now();
    const within = this.#repeat.withinSeconds;
    const pause = pauseSeconds(this.#pauses++, random(), spread, retryAfter);
    if (signal?.aborted === true || (within !== null && at + pause > this.#started + within)) return false;
    if (this.#saidAt === null || at - this.#saidAt >= SAY_AGAIN_SECONDS) {
      this.#saidAt = at;
      const pauseRounded = Math.round(pause * 10) / 10;
      this.#logger.warn(
        { call: this.#name, cause, pauseSeconds: pauseRounded },
        "the server does not answer, repeating the call",
      );
    }
    await sleep(pause, signal, this.#signal);
    return !isAborted(signal);
  }
}

/** Asked anew: the signal may have been aborted during the pause. */
function isAborted(signal: AbortSignal | null): boolean {
  return signal?.aborted === true;
}
