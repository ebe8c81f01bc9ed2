/** What an engine has counted since it was started; `running` and `waiting` are now. */
export interface Stats {
  running: number;
  waiting: number;
  completed: number;
  failed: number;
  released: number;
  /** Leases that ended without a report. */
  lost: number;
  /** Reports that came too late. */
  resultsLost: number;
  heartbeats: number;
  heartbeatsLate: number;
  polls: number;
  /** Since the last heartbeat that was answered was sent. */
  lastHeartbeatAgeSeconds: number | null;
}

export function newStats(): Stats {
  return {
    running: 0,
    waiting: 0,
    completed: 0,
    failed: 0,
    released: 0,
    lost: 0,
    resultsLost: 0,
    heartbeats: 0,
    heartbeatsLate: 0,
    polls: 0,
    lastHeartbeatAgeSeconds: null,
  };
}
