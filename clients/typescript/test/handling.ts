/** Handlers at work without a server: leases that were never given out, and a clock that the test moves. */
import { Leases } from "../src/leases.js";
import { Handlers, type HandlerOptions } from "../src/handlers.js";
import type { Event } from "../src/event.js";
import type { LeasedEvent } from "../src/leased-event.js";
import type { LogFields, Logger } from "../src/logger.js";
import type { Report } from "../src/outcomes.js";
import type { Row } from "../src/rules/leases.js";
import { Slots } from "../src/runners/slots.js";
import { Settings, type EngineOptions } from "../src/settings.js";
import { leasedEvent, type RunOptions } from "../src/testing/one-handler.js";

const PATIENCE_SECONDS = 30;

export interface Line {
  level: keyof Logger;
  fields: LogFields;
  message: string;
}

export class Workshop {
  now = 1000;
  readonly lines: Line[] = [];
  readonly handlers: Handlers;
  readonly leases: Leases;
  readonly slots: Slots;

  constructor(options: EngineOptions<unknown> = {}) {
    const settings = new Settings("dialogue", { logger: this.#logger(), ...options });
    settings.check();
    this.handlers = new Handlers(settings.timeoutSeconds);
    this.leases = new Leases(settings, () => this.now);
    this.slots = new Slots(settings, this.leases);
  }

  on(eventType: string, handler: (event: Event) => unknown, options: HandlerOptions & { schema?: unknown } = {}): void {
    this.handlers.add(eventType, options, handler);
  }

  /** Leases an event, and begins its handler where a slot is free. */
  put(eventType = "x", payload: unknown = null, options: RunOptions = {}): Row {
    return this.#add([leasedEvent("dialogue", eventType, payload, options)])[0]!;
  }

  /** Leases so many events in one reply. */
  putMany(count: number): Row[] {
    return this.#add(Array.from({ length: count }, () => leasedEvent("dialogue", "x", null, {})));
  }

  #add(events: readonly LeasedEvent[]): Row[] {
    const rows = this.leases.place(events, this.now);
    for (const row of rows) row.handler = this.handlers.layered().find(row.eventType) ?? null;
    this.slots.add(rows);
    return rows;
  }

  /** What was reported of an event, once it was. */
  async reported(row: Row): Promise<Report> {
    await until(() => this.leases.outbox.some((each) => each.row === row));
    return this.leases.outbox.find((each) => each.row === row)!.report!;
  }

  /** What is reported of an event that such a handler works on, as it is sent. */
  async sent(handler: (event: Event) => unknown, payload: unknown = null): Promise<Record<string, unknown>> {
    this.on("once", handler);
    const row = this.put("once", payload);
    await this.reported(row);
    const settled = this.leases.outbox.find((each) => each.row === row)!;
    return JSON.parse(settled.body) as Record<string, unknown>;
  }

  #logger(): Logger {
    const at = (level: keyof Logger) => (fields: LogFields, message: string) => {
      this.lines.push({ level, fields, message });
    };
    return { debug: at("debug"), info: at("info"), warn: at("warn"), error: at("error") };
  }

  /** The lines that an author sees. */
  get said(): Line[] {
    return this.lines.filter(({ level }) => level !== "debug");
  }
}

/** Waits for a fact that nothing tells. */
export async function until(isSo: () => boolean): Promise<void> {
  const deadline = performance.now() + PATIENCE_SECONDS * 1000;
  while (!isSo()) {
    if (performance.now() > deadline) throw new Error("it did not happen");
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
}

/** A promise, and what settles it. */
export function gate(): { readonly opened: Promise<void>; open(): void } {
  let open!: () => void;
  const opened = new Promise<void>((resolve) => (open = resolve));
  return { opened, open };
}
