/** Any number of callbacks for one AbortSignal, with a single listener: Node warns of a leak from the eleventh on. */

interface Listening {
  readonly callbacks: Set<() => void>;
  readonly listener: () => void;
}

const LISTENING: WeakMap<AbortSignal, Listening> = new WeakMap();

/** Calls back when the signal is aborted, unless the returned function is called first. */
export function onAbort(signal: AbortSignal, callback: () => void): () => void {
  const listening = LISTENING.get(signal) ?? listen(signal);
  const { callbacks, listener } = listening;
  callbacks.add(callback);
  return () => {
    callbacks.delete(callback);
    if (callbacks.size > 0 || LISTENING.get(signal) !== listening) return;
    LISTENING.delete(signal);
    signal.removeEventListener("abort", listener);
  };
}

function listen(signal: AbortSignal): Listening {
  const callbacks = new Set<() => void>();
  const listener = (): void => {
    for (const callback of [...callbacks]) callback();
  };
  const listening = { callbacks, listener };
  LISTENING.set(signal, listening);
  signal.addEventListener("abort", listener);
  return listening;
}
