/** What lives as long as the handlers: begun before the first of them, ended after the last. */
import { ConfigurationError } from "../errors.js";
import type { EngineOptions } from "../settings.js";

/** A generator of the author's, which yields once. */
export class Lifespan {
  readonly #begin: EngineOptions<unknown>["lifespan"];
  #generator: AsyncGenerator | Generator | undefined;
  /** What it has been asked to yield, while it has not yielded. */
  #entering: Promise<unknown> | undefined;

  constructor(begin: EngineOptions<unknown>["lifespan"]) {
    this.#begin = begin;
  }

  /** What it yields. Rejects with whatever it throws before that. */
  async enter(): Promise<unknown> {
    try {
      return await (this.#entering = this.#enter());
    } finally {
      this.#entering = undefined;
    }
  }

  /** True while it has been begun and has not yielded. */
  get isEntering(): boolean {
    return this.#entering !== undefined;
  }

  async #enter(): Promise<unknown> {
    const begin = this.#begin; // so that `this` is undefined in it
    if (begin === undefined) return undefined;
    const generator = begin();
    if (typeof (generator as Partial<Generator> | undefined)?.next !== "function") {
      throw new ConfigurationError("lifespan: a generator function, as `async function* () { yield pool; }`");
    }
    const yielded = await generator.next();
    if (yielded.done === true) throw new ConfigurationError("lifespan: it has to yield once");
    this.#generator = generator;
    return yielded.value;
  }

  /** Lets it end, however long that takes; one that has not yielded yet, after it has. Rejects with whatever it throws. */
  async leave(): Promise<void> {
    await this.#entering?.catch(() => undefined); // the caller of `enter` has got it
    const generator = this.#generator;
    this.#generator = undefined;
    if (generator === undefined) return;
    if ((await generator.next()).done === true) return;
    await generator.return(undefined);
    throw new Error("the lifespan has yielded more than once");
  }
}
