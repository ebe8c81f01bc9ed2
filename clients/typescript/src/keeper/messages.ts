/** What the engine and its keeper say to each other. All times are seconds on the engine's monotonic clock. */

import type { Problem } from "../errors.js";
import type { LogFields, Logger } from "../logger.js";

/** How a heartbeat is addressed and signed. */
export interface Who {
  path: string;
  headers: Readonly<Record<string, string>>;
  intervalSeconds: number;
  /** Goes up with every change. */
  number: number;
}

/** A lease, by the event and the token. */
export interface LeaseName {
  eventId: string;
  leaseToken: string;
}

/** A lease that is held. */
export interface Held extends LeaseName {
  visibilitySeconds: number;
  leaseEnd: number;
  /** Progress that the server does not have yet. */
  progress: string | null;
}

/** The engine to its keeper; each message may bring several things, applied in this order. */
export interface ToKeeper {
  who?: Who;
  /** Leases, as a text: objects cost ten times as much to send. See lease-lines.ts. */
  placed?: string;
  /** Leases of which more is to be said: those with progress, and all of them at the start. */
  held?: Held[];
  /** Leases that are over, as a text; some of them may have been placed with the same message. */
  removed?: string;
  hold?: { until: number; reason: string };
  /** What is wrong with the engine, apart from its heartbeats: with it, and why it takes no events. */
  wrong?: { live: string[]; ready: string[] };
  /** The first heartbeat may be sent. */
  begin?: boolean;
  /** Send a heartbeat at once, and confirm it with this number. */
  beat?: number;
}

export interface Lost extends LeaseName {
  reason: string | null;
}

export interface Renewed extends LeaseName {
  leaseEnd: number;
  /** The progress that the server has now, if the heartbeat brought any. */
  progress: string | null;
}

/** The answer to a heartbeat. */
export interface Heard {
  what: "heard";
  sentAt: number;
  lost: Lost[];
  renewed: Renewed[];
  eventsToCancel: string[];
  command: string;
  afterDrain: string;
}

/** The server answers, and refuses the heartbeat; `number` is that of its `Who`. */
export interface Refused {
  what: "refused";
  number: number;
  problem: Problem;
  status: number;
  requestId: string | null;
}

/** The keeper to its engine. */
export type FromKeeper =
  | Heard
  | Refused
  | { what: "beaten"; beat: number }
  | { what: "late" }
  | { what: "clock_jumped" }
  | { what: "log"; level: keyof Logger; fields: LogFields; message: string }
  | { what: "open"; healthPort: number | null }
  | { what: "not_open"; why: string };
