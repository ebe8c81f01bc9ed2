import { Condition } from "./condition.js";

/** What happens to an engine: it is asked to end, or ends by itself, or the server wants something of it. */
export type Message =
  | { readonly kind: "registered" | "command" | "stop" | "signal" }
  | { readonly kind: "opened"; readonly state: unknown }
  | { readonly kind: "unopened"; readonly error: unknown }
  | { readonly kind: "closed" }
  | { readonly kind: "end"; readonly status: number; readonly why: string };

/** Messages in the order in which they came. */
export class Inbox {
  readonly #messages: Message[] = [];
  readonly #changed = new Condition();

  put(message: Message): void {
    this.#messages.push(message);
    this.#changed.notify();
  }

  /** The next, as soon as there is one; undefined if none comes within the seconds. */
  async next(seconds: number): Promise<Message | undefined> {
    if (this.#messages.length === 0) await this.#changed.wait(seconds);
    return this.#messages.shift();
  }
}
