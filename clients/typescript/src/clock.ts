/** Monotonic time, and pauses. */

/** Seconds on a clock that never jumps. */
export function now(): number {
  return performance.now() / 1000;
}

/** Resolves after the time, or early when the signal aborts; it never rejects. */
export function sleep(seconds: number, signal: AbortSignal | null = null): Promise<void> {
  if (signal?.aborted === true) return Promise.resolve();
  return new Promise((resolve) => {
    const end = (): void => {
      clearTimeout(timer);
      signal?.removeEventListener("abort", end);
      resolve();
    };
    const timer = setTimeout(end, seconds * 1000);
    signal?.addEventListener("abort", end);
  });
}
