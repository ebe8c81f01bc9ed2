/** The stages in which an engine stops. */

// Exit statuses of an engine that did not stop normally. If several apply, the greatest counts.
/** A handler was cut off, or a result could not be reported. */
export const CUT_STATUS = 1;
/** The server refused the engine, or its settings are wrong. */
export const REFUSED_STATUS = 2;
/** Another process has registered with the same engine id. */
export const SUPERSEDED_STATUS = 3;
/** All handlers hang, or a part of the engine has crashed. */
export const STUCK_STATUS = 4;

/** The stages, in order. An engine never goes back, except when the server ends a drain. */
export const STAGES = ["working", "draining", "stopping", "cutting", "leaving"] as const;
/**
 * Draining: no events are leased, waiting events are released, and handlers continue. Stopping: handlers were told to
 * stop. Cutting: the events of handlers that still run are released. Leaving: the engine deregisters.
 */
export type Stage = (typeof STAGES)[number];

/** The facts that decide the stage. */
export class Plan {
  readonly drainSeconds: number;
  readonly graceSeconds: number;
  /** When the program first asked the engine to stop; null while it has not. */
  askedAt: number | null = null;
  /** How many times the program has asked; the second time cuts off handlers. */
  asked = 0;
  /** True while the server drains this engine. */
  isDrained = false;
  /** True if the server has told the drained engine to exit. */
  isReleased = false;

  constructor(drainSeconds: number, graceSeconds: number) {
    this.drainSeconds = drainSeconds;
    this.graceSeconds = graceSeconds;
  }

  /** `held`: the number of events whose settlement has no answer yet. */
  stage(now: number, held: number): Stage {
    if (this.askedAt === null) {
      if (this.isReleased && held === 0) return "leaving";
      return this.isDrained ? "draining" : "working";
    }
    if (held === 0) return "leaving";
    if (this.asked > 1 || now >= this.askedAt + this.drainSeconds) return "cutting";
    const stopsAt = this.askedAt + Math.max(this.drainSeconds - this.graceSeconds, 0);
    return now >= stopsAt ? "stopping" : "draining";
  }
}
