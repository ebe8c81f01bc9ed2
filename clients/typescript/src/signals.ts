/** Signals that ask a process to end. */
import { isMainThread } from "node:worker_threads";
import type { Logger } from "./logger.js";

const NAMES = ["SIGTERM", "SIGINT", "SIGBREAK"] as const;
const LAST = 3;

/** Listeners in the place of what Node does of itself, until they are removed. The third signal ends the process. */
export class Signals {
  readonly #asked: () => void;
  readonly #listened: NodeJS.Signals[] = [];
  #count = 0;

  constructor(logger: Logger, asked: () => void) {
    this.#asked = asked;
    if (!isMainThread) {
      logger.info({}, "signals are left alone: this is not the main thread");
      return;
    }
    for (const name of NAMES) {
      if (process.listenerCount(name) > 0) {
        logger.info({}, `${name} is left alone: it is handled by the program`);
        continue;
      }
      process.on(name, this.#handle);
      this.#listened.push(name);
    }
  }

  remove(): void {
    for (const name of this.#listened.splice(0)) process.removeListener(name, this.#handle);
  }

  readonly #handle = (name: NodeJS.Signals): void => {
    this.#count += 1;
    if (this.#count < LAST) {
      this.#asked();
    } else {
      this.remove();
      process.kill(process.pid, name);
    }
  };
}
