/** The body of a heartbeat. */

import { byteLength } from "../encoding.js";
import type { Row } from "../rules/leases.js";

export const MAX_LEASES = 1000;
export const MAX_BYTES: number = 4 * 1024 * 1024;
/** The server takes a time that is at most a day away. */
const MAX_HOLD_SECONDS = 86_000;

/** A row that a heartbeat lists, and the progress that it brings. */
export interface Listed {
  row: Row;
  renew: boolean;
  progress: string | null;
}

/** What a heartbeat says about the process of the engine. */
export interface Facts {
  held: number;
  running: number;
  cpuPercent: number;
  memoryMb: number;
  waitSeconds: number;
  holdSeconds: number;
  holdReason: string;
}

/** The JSON text. `wallClock` is in milliseconds. */
export function bodyOf(facts: Facts, listed: readonly Listed[], wallClock: number): string {
  const members = {
    current_workload: facts.held,
    dynamic_state: { running: facts.running, waiting: Math.max(facts.held - facts.running, 0) },
    resource_utilization: { cpu_percent: round(facts.cpuPercent), memory_usage_mb: round(facts.memoryMb) },
    ...(facts.waitSeconds > 0 && { wait_seconds: facts.waitSeconds }),
    ...(facts.holdSeconds > 0 && {
      holding_off: {
        until: new Date(wallClock + Math.min(facts.holdSeconds, MAX_HOLD_SECONDS) * 1000).toISOString(),
        reason: facts.holdReason,
      },
    }),
  };
  return `${JSON.stringify(members).slice(0, -1)},"leases":[${listed.map(entryOf).join(",")}]}`;
}

/** Lists that fit into one heartbeat each, at least one. */
export function batchesOf(listed: readonly { row: Row; renew: boolean }[]): Listed[][] {
  let batch: Listed[] = [];
  const batches = [batch];
  let size = 0;
  for (const { row, renew } of listed) {
    const progress = renew && row.progressIsUnsent ? row.progress : null;
    const bytes = progress === null ? 0 : byteLength(progress);
    if (batch.length >= MAX_LEASES || (batch.length > 0 && size + bytes > MAX_BYTES)) {
      batches.push((batch = []));
      size = 0;
    }
    batch.push({ row, renew, progress });
    size += bytes;
  }
  return batches;
}

function entryOf({ row, renew, progress }: Listed): string {
  const name = `{"event_id":"${row.eventId}","lease_token":"${row.leaseToken}"`;
  return `${name}${renew ? "" : ',"renew":false'}${progress === null ? "" : `,"progress":${progress}`}}`;
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
