/** The stages in which an engine ends. */

// Exit statuses of an engine that does not end in order; of two, the greater one counts.
/** Work was cut off. */
export const CUT_STATUS = 1;
/** It cannot work as it is: its settings or its token are refused. */
export const REFUSED_STATUS = 2;
/** Another process has registered under its id. */
export const SUPERSEDED_STATUS = 3;
/** Its handlers, its event loop or one of its own parts cannot go on. */
export const STUCK_STATUS = 4;

/** What an engine does; it only moves on, apart from a drain that is taken back. */
export const STAGES = ["working", "draining", "stopping", "cutting", "leaving"] as const;
/**
 * Draining: nothing is leased, waiting events are released, handlers go on. Stopping: handlers were told to stop.
 * Cutting: what still runs is released.
 */
export type Stage = (typeof STAGES)[number];

/** What is known of an ending. */
export class Plan {
  readonly drainSeconds: number;
  readonly graceSeconds: number;
  /** When the process was first asked to end; null while only the server asks. */
  askedAt: number | null = null;
  /** How often it was: the second time cuts. */
  asked = 0;
  /** The server drains this engine. */
  isDrained = false;
  /** Drained by the server, with nothing left to do, and told to exit. */
  isReleased = false;

  constructor(drainSeconds: number, graceSeconds: number) {
    this.drainSeconds = drainSeconds;
    this.graceSeconds = graceSeconds;
  }

  /** `held`: events whose settlement has no answer yet. */
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
