import type { Life } from "./life.js";

const PAUSE_SECONDS = 1;

/** Sends settlements while the poller waits for events, or does not ask for any. */
export class Settler {
  readonly #life: Life;
  #holdSaidUntil = 0;

  constructor(life: Life) {
    this.#life = life;
  }

  /** Until the engine stops. */
  async run(): Promise<void> {
    const { leases, settlements, stopped } = this.#life;
    for (;;) {
      while (!stopped.aborted && !this.#hasWork()) await leases.changed.wait(leases.renewalsInSeconds() || undefined);
      if (stopped.aborted) return;
      const sent = settlements.take();
      if (this.#holdSaidUntil <= leases.now() && leases.now() < leases.holdUntil) {
        this.#holdSaidUntil = leases.holdUntil;
        await this.#life.heart.sayHold();
      }
      if (sent.length === 0) continue;
      const exchanged = await settlements.send(sent);
      if (exchanged?.isSettled !== true) await this.#life.pause(PAUSE_SECONDS);
    }
  }

  #hasWork(): boolean {
    const { leases, poller } = this.#life;
    if (leases.outbox.length > 0) return !poller.takesSettlements();
    return leases.renewalsInSeconds() === 0 && !poller.takesRenewals();
  }
}
