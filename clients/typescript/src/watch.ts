import type { Life } from "./life.js";
import { Released } from "./outcomes.js";
import { WAITING_SECONDS, type Row } from "./rules/leases.js";
import { STUCK_STATUS } from "./rules/shutdown.js";

const TICK_SECONDS = 0.5;
const NOT_BEGUN = new Released({ code: "not_begun", reason: "no handler was free" });
const OVERTAKEN = new Released({ code: "not_begun", reason: "an older handler of the same event still runs" });

/** Watches time on the main loop: time limits, handlers that do not end, and events that wait for long. */
export class Watch {
  readonly #life: Life;
  #isOver = false;

  constructor(life: Life) {
    this.#life = life;
  }

  /** Until the engine stops. */
  async run(): Promise<void> {
    while (!this.#life.stopped.aborted) {
      this.tick();
      await this.#life.pause(TICK_SECONDS);
    }
  }

  tick(): void {
    const { leases, slots, settings } = this.#life;
    const now = leases.now();
    const late = leases.rows((row) => row.state === "running" && row.timeLimitAt !== null && now >= row.timeLimitAt);
    leases.tell(late, "timeout");
    for (const row of leases.rows((each) => this.#isHanging(each, now))) {
      settings.logger.error(row.fields(), `the handler of ${row.toString()} does not end; its slot goes to another`);
      slots.giveUp(row);
      if (slots.isStuck() && !this.#isOver) {
        this.#isOver = true;
        this.#life.end(STUCK_STATUS, "every handler hangs");
      }
    }
    for (const row of slots.takeWaiting((each) => now - each.leasedAt > WAITING_SECONDS)) {
      leases.decline(row, NOT_BEGUN);
    }
    for (const row of leases.table.overdueBehind(now)) leases.decline(row, OVERTAKEN);
  }

  /** It was told to stop and should have ended: at its time limit, or when its event was cancelled. */
  #isHanging(row: Row, now: number): boolean {
    if (row.state !== "running" || row.told === null) return false;
    const endsAt = row.told === "cancel_requested" ? row.toldAt : row.timeLimitAt;
    return endsAt !== null && now >= Math.max(row.toldAt, endsAt) + this.#life.settings.grace;
  }
}
