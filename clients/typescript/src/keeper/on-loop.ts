/** The keeper on the main loop: heartbeats and renewals wait for whatever blocks it. */

import { Calls } from "../calls.js";
import type { Credentials } from "../credentials.js";
import { Health } from "../health.js";
import type { Settings } from "../settings.js";
import { Keeper } from "./keeper.js";
import type { FromKeeper, ToKeeper } from "./messages.js";

export class KeeperOnLoop {
  readonly #calls: Calls;
  readonly #keeper: Keeper;
  readonly #health: Health;
  readonly #hear: (message: FromKeeper) => void;
  #running = 0;

  constructor(
    settings: Settings,
    credentials: Credentials,
    now: () => number,
    hear: (message: FromKeeper) => void,
    crashed: (error: unknown) => void,
  ) {
    const { urls, fetch, logger, heartbeatTimeoutSeconds } = settings;
    this.#hear = hear;
    this.#calls = new Calls(urls, { credentials, fetch, logger, now });
    const lateness = 'heartbeats were held up by the event loop (they are not with heartbeats: "thread") for';
    this.#keeper = new Keeper(
      { heartbeatTimeoutSeconds, lateness },
      {
        calls: this.#calls,
        loopWatch: null,
        running: () => this.#running,
        post: hear,
        say: (level, fields, message) => {
          logger[level](fields, message);
        },
        crash: crashed,
        now,
        wallClock: Date.now,
        random: Math.random,
      },
    );
    this.#health = new Health(this.#keeper);
    void this.#open(settings.healthPort);
  }

  send(message: ToKeeper): void {
    this.#keeper.hear(message);
  }

  tick(running: number): void {
    this.#running = running;
    this.#keeper.tick();
  }

  catchUp(): void {
    // What was said has been heard.
  }

  async close(): Promise<void> {
    this.#keeper.stop();
    this.#calls.close();
    await this.#health.close();
  }

  async #open(port: number | undefined): Promise<void> {
    try {
      this.#hear({ what: "open", healthPort: port === undefined ? null : await this.#health.listen(port) });
    } catch (error) {
      this.#hear({ what: "not_open", why: error instanceof Error ? error.message : String(error) });
    }
  }
}
