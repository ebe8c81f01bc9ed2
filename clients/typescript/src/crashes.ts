const MAX_CRASHES = 3;
const WITHIN_SECONDS = 60;

/** The crashes of a part, which is started again after each, until there are three within a minute. */
export class Crashes {
  #at: number[] = [];

  /** Notes a crash. True if the part should not be started again. */
  areTooMany(now: number): boolean {
    this.#at = [...this.#at.filter((at) => at > now - WITHIN_SECONDS), now];
    return this.#at.length >= MAX_CRASHES;
  }
}
