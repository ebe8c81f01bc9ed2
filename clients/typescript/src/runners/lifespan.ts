/** What lives as long as the handlers: begun before the first of them, ended after the last. */
import { ConfigurationError } from "../errors.js";
import type { EngineOptions } from "../settings.js";

/** A generator of the author's, which yields once. */
export class Lifespan {
  readonly #begin: EngineOptions<unknown>["lifespan"];
  #generator: AsyncGenerator | Generator | undefined;

  constructor(begin: EngineOptions<unknown>["lifespan"]) {
    this.#begin = begin;
  }

  /** What it yields. Rejects with whatever it throws before that. */
  async enter(): Promise<unknown> {
    if (this.#begin === undefined) return undefined;
    const generator = this.#begin();
    if (typeof (generator as Partial<Generator> | undefined)?.next !== "function") {
      throw new ConfigurationError("lifespan: a generator function, as `async function* () { yield pool; }`");
    }
    const yielded = await generator.next();
    if (yielded.done === true) throw new ConfigurationError("lifespan: it has to yield once");
    this.#generator = generator;
    return yielded.value;
  }

  /** Lets it end, however long that takes. Rejects with whatever it throws. */
  async leave(): Promise<void> {
    const generator = this.#generator;
    this.#generator = undefined;
    if (generator === undefined) return;
    if ((await generator.next()).done === true) return;
    await generator.return(undefined);
    throw new Error("the lifespan has yielded more than once");
  }
}
