/** A heart that beats for an engine of a test. */
import { randomUUID } from "node:crypto";
import type { ProblemError } from "../../src/errors.js";
import { Heart, type HeartLife } from "../../src/heart.js";
import { Leases } from "../../src/leases.js";
import type { LogFields, Logger } from "../../src/logger.js";
import type { Row } from "../../src/rules/leases.js";
import { Settings, type EngineOptions } from "../../src/settings.js";
import { leasedEvent } from "../../src/testing/one-handler.js";

const PATIENCE_SECONDS = 30;

export interface Line {
  level: keyof Logger;
  fields: LogFields;
  message: string;
}

/** The parts of an engine that its heart knows. */
export class Patient implements HeartLife {
  readonly lines: Line[] = [];
  readonly settings: Settings;
  readonly leases: Leases;
  readonly heart: Heart;
  readonly slots = { running: 0 };
  readonly crashed: string[] = [];
  readonly commands: string[] = [];
  readonly ends: number[] = [];
  readonly recovered: { code: string; generation: number }[] = [];
  wrong: string[] = [];
  timesWaitingStopped = 0;
  /** What the registrar gives in place of a token that has ended. */
  nextToken: string | null = null;
  token = "first";
  readonly identity = {
    path: "/engines/e1",
    intervalSeconds: 1,
    generation: 1,
    headers: (): Record<string, string> => ({ Authorization: `Bearer ${this.token}`, "X-Engine-Incarnation": "1" }),
    renew: (): Promise<boolean> => {
      if (this.nextToken === null) return Promise.resolve(false);
      this.token = this.nextToken;
      this.heart.identified();
      return Promise.resolve(true);
    },
    recover: (error: ProblemError, generation: number): Promise<void> => {
      this.recovered.push({ code: error.code, generation });
      return Promise.resolve();
    },
  };

  constructor(options: EngineOptions, program?: string) {
    this.settings = new Settings("dialogue", { heartbeatTimeoutSeconds: 3, logger: this.#logger(), ...options });
    this.settings.check();
    this.leases = new Leases(this.settings);
    this.heart = new Heart(this, program);
    this.leases.watcher = this.heart;
    this.leases.table.aliveUntil = 0;
  }

  async start(): Promise<this> {
    await this.heart.open();
    this.heart.identified();
    this.heart.begin();
    return this;
  }

  /** An event is leased; its lease lasts so long. */
  lease(seconds = 300, previousProgress?: unknown): Row {
    const event = leasedEvent("dialogue", "x", null, {});
    const lease = { lease_token: randomUUID(), expires_in_seconds: seconds, visibility_timeout_seconds: seconds };
    const previous =
      previousProgress === undefined
        ? null
        : { outcome: "failed", error: null, progress: previousProgress, code: null, reason: null, ended_at: "" };
    const leased = { ...event, event_id: randomUUID(), lease, previous };
    return this.leases.place([leased], this.leases.now())[0] as Row;
  }

  failing(): string[] {
    return this.wrong;
  }

  unready(): string[] {
    return [...this.wrong, ...(this.commands.includes("drain") ? ["draining"] : [])];
  }

  obey(command: string, afterDrain: string): void {
    this.commands.push(command, afterDrain);
  }

  stopWaiting(): void {
    this.timesWaitingStopped += 1;
  }

  end(status: number): void {
    this.ends.push(status);
  }

  #logger(): Logger {
    const line = (level: keyof Logger): Logger["info"] => {
      return (fields, message) => this.lines.push({ level, fields, message });
    };
    return { debug: line("debug"), info: line("info"), warn: line("warn"), error: line("error") };
  }
}

/** Waits until something is so, or there, or in a list. */
export async function until<T>(look: () => T | Promise<T>): Promise<Exclude<T, false | null | undefined>> {
  const end = performance.now() + PATIENCE_SECONDS * 1000;
  for (;;) {
    const found = await look();
    if (Array.isArray(found) ? found.length > 0 : found) return found as Exclude<T, false | null | undefined>;
    if (performance.now() > end) throw new Error(`still not so after ${PATIENCE_SECONDS} s: ${look.toString()}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** Blocks the main loop. */
export function blockLoop(seconds: number): void {
  const end = performance.now() + seconds * 1000;
  while (performance.now() < end);
}
