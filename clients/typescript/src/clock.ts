/** Monotonic time, and pauses. */

/** Seconds on a clock that never jumps. */
export function now(): number {
  return performance.now() / 1000;
}

/** Resolves after the time, or early when one of the signals aborts; it never rejects. */
export function sleep(seconds: number, ...signals: (AbortSignal | null | undefined)[]): Promise<void> {
  if (signals.some((signal) => signal?.aborted)) return Promise.resolve();
  return new Promise((resolve) => {
    const end = (): void => {
      clearTimeout(timer);
      for (const signal of signals) signal?.removeEventListener("abort", end);
      resolve();
    };
    const timer = setTimeout(end, seconds * 1000);
    for (const signal of signals) signal?.addEventListener("abort", end);
  });
}
