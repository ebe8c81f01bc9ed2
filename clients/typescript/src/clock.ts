/** Monotonic time, and pauses. */

const MAX_TIMER_MILLISECONDS = 2 ** 31 - 1; // longer timers fire at once

/** Seconds on a clock that never jumps. */
export function now(): number {
  return performance.now() / 1000;
}

/** Calls back after the time, unless the returned function is called first. */
export function after(seconds: number, call: () => void): () => void {
  const timer = setTimeout(call, Math.min(seconds * 1000, MAX_TIMER_MILLISECONDS));
  return () => {
    clearTimeout(timer);
  };
}

/** Resolves after the time, or early when one of the signals aborts; it never rejects. */
export function sleep(seconds: number, ...signals: (AbortSignal | null | undefined)[]): Promise<void> {
  if (signals.some((signal) => signal?.aborted)) return Promise.resolve();
  return new Promise((resolve) => {
    const end = (): void => {
      stop();
      for (const signal of signals) signal?.removeEventListener("abort", end);
      resolve();
    };
    const stop = after(seconds, end);
    for (const signal of signals) signal?.addEventListener("abort", end);
  });
}
