/** How many requests of a client are under way at once. */
import { sleep } from "./clock.js";

/** A number of turns, which are given in the order in which they are asked for. */
export class Turns {
  readonly #waiting: Set<() => void> = new Set();
  #free: number;

  constructor(count: number) {
    this.#free = count;
  }

  /** Resolves with true when it is the caller's turn, which must then be given back; false once the time is over. */
  async take(seconds: number, ...signals: (AbortSignal | null | undefined)[]): Promise<boolean> {
    if (this.#free > 0) {
      this.#free--;
      return true;
    }
    const taken = new AbortController();
    const take = (): void => {
      taken.abort();
    };
    this.#waiting.add(take);
    await sleep(seconds, taken.signal, ...signals);
    this.#waiting.delete(take);
    return taken.signal.aborted;
  }

  give(): void {
    const [next] = this.#waiting;
    if (next === undefined) {
      this.#free++;
      return;
    }
    this.#waiting.delete(next);
    next();
  }
}
