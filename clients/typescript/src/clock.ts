/** Monotonic time, and pauses. */
import { onAbort } from "./abort-listeners.js";

const MAX_TIMER_MILLISECONDS = 2_147_483_647;

/** Seconds on a clock that never jumps. */
export function now(): number {
  return performance.now() / 1000;
}

/** The milliseconds of a timer: `setTimeout` fires at once for more than 24 days. */
export function milliseconds(seconds: number): number {
  return Math.min(seconds * 1000, MAX_TIMER_MILLISECONDS);
}

/** Calls back after the time, unless the returned function is called first. */
export function after(seconds: number, call: () => void): () => void {
  const timer = setTimeout(call, milliseconds(seconds));
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
      for (const forget of listening) forget?.();
      resolve();
    };
    const stop = after(seconds, end);
    const listening = signals.map((signal) => (signal ? onAbort(signal, end) : undefined));
  });
}
