/** What the keeper's thread is started with. */

import type { MessagePort } from "node:worker_threads";

/** The places of the shared numbers, which the main loop writes twice a second. */
export const SHARED = { count: 0, running: 1, isDebugged: 2 } as const;

export interface ThreadSetup {
  urls: readonly string[];
  heartbeatTimeoutSeconds: number;
  stallSeconds: number;
  healthPort: number | undefined;
  /** The author has a logger, to which lines go by way of the main loop. */
  hasLogger: boolean;
  /** The same moment on the engine's clock, in seconds, and on the wall clock, in milliseconds. */
  clock: { now: number; wall: number };
  numbers: SharedArrayBuffer;
  port: MessagePort;
}
