import { after } from "./clock.js";

/**
 * For parts that wait until something has changed, and then look for themselves what it is.
 *
 * They go on after this turn of the event loop, so that what ends in one turn travels in one request.
 */
export class Condition {
  readonly #waiting = new Set<() => void>();
  #isNotified = false;

  /** Until `notify`, or until the seconds are over. */
  wait(seconds?: number): Promise<void> {
    return new Promise((resolve) => {
      const wake = (): void => {
        stop?.();
        this.#waiting.delete(wake);
        resolve();
      };
      const stop = seconds === undefined ? undefined : after(seconds, wake);
      this.#waiting.add(wake);
    });
  }

  /** Wakes all that wait. */
  notify(): void {
    if (this.#isNotified || this.#waiting.size === 0) return;
    this.#isNotified = true;
    setImmediate(() => {
      this.#isNotified = false;
      for (const wake of [...this.#waiting]) wake();
    });
  }
}
