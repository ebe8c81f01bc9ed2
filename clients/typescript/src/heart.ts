/** The engine's side of its heartbeats: tells the keeper what is held, and applies what the server says. */

import { Crashes } from "./crashes.js";
import { ConfigurationError, problemError, Unauthenticated } from "./errors.js";
import type { Identity } from "./identity.js";
import { TICK_SECONDS } from "./keeper/keeper.js";
import { placedLines, removedLines } from "./keeper/lease-lines.js";
import type { FromKeeper, Heard, Held, LeaseName, Refused, ToKeeper, Who } from "./keeper/messages.js";
import { KeeperOnLoop } from "./keeper/on-loop.js";
import { KeeperThread } from "./keeper/thread.js";
import type { Leases, LeaseWatcher } from "./leases.js";
import type { Row } from "./rules/leases.js";
import { STUCK_STATUS } from "./rules/shutdown.js";
import type { Settings } from "./settings.js";

const RESTART_SECONDS = 0.5;
const MAX_HOLD_CALL_SECONDS = 10;
/** Much longer than a tick and a round trip, much shorter than a loop may be blocked. */
const WAITING_TICK_SECONDS = 10;

/** The life of the engine, as far as its heart knows it. */
export interface HeartLife {
  readonly settings: Settings;
  readonly leases: Leases;
  readonly identity: Pick<Identity, "path" | "headers" | "intervalSeconds" | "generation" | "renew" | "recover">;
  readonly slots: { readonly running: number };
  readonly crashed: string[];
  failing(): string[];
  unready(): string[];
  obey(command: string, afterDrain: string): void;
  stopWaiting(): void;
  end(status: number, why: string): void;
}

export class Heart implements LeaseWatcher {
  readonly #life: HeartLife;
  readonly #program: string | undefined;
  #keeper: KeeperThread | KeeperOnLoop | null = null;
  #opened: { resolve: () => void; reject: (error: Error) => void } | null = null;
  #ticking: NodeJS.Timeout | undefined;
  #restarting: NodeJS.Timeout | undefined;
  #tickedAt = 0;
  readonly #crashes = new Crashes();
  #isStopped = false;
  #hasBegun = false;
  #who: Who | undefined;
  /** The registration that `#who` is of. */
  #generation = 0;
  #wrong: Wrong = { live: [], ready: [] };
  /** Leases of which the keeper will hear with the next message. */
  #placed = "";
  /** Those that are over. */
  #removed = "";
  #beats = 0;
  /** Those who wait for the answer to a heartbeat, by its number. */
  readonly #waiting = new Map<number, () => void>();
  /** When the last heartbeat that was answered was sent. */
  answeredAt: number | null = null;
  /** Where health is served. */
  healthPort: number | null = null;

  /** `program` is what a test runs in place of the keeper. */
  constructor(life: HeartLife, program?: string) {
    this.#life = life;
    this.#program = program;
  }

  /** Starts the keeper, and serves health. Throws ConfigurationError if its port is taken. */
  async open(): Promise<void> {
    const opened = new Promise<void>((resolve, reject) => {
      this.#opened = { resolve, reject };
    });
    this.#wrong = this.#wrongNow();
    this.#tickedAt = this.#life.leases.now();
    this.#ticking = setInterval(() => {
      this.#tick();
    }, TICK_SECONDS * 1000).unref();
    this.#start();
    await opened;
  }

  /** The engine is registered: heartbeats are sent from now on. */
  begin(): void {
    this.#hasBegun = true;
    this.#keeper?.send({ begin: true });
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    clearInterval(this.#ticking);
    clearTimeout(this.#restarting);
    for (const resolve of this.#waiting.values()) resolve();
    await this.#keeper?.close();
  }

  /** The engine has another id, incarnation or token. */
  identified(): void {
    const { path, intervalSeconds, generation } = this.#life.identity;
    this.#generation = generation;
    const headers = this.#life.identity.headers();
    this.#who = { path, headers, intervalSeconds, number: (this.#who?.number ?? 0) + 1 };
    this.#keeper?.send({ who: this.#who });
  }

  placed(rows: readonly Row[]): void {
    this.#placed += placedLines(rows);
    const held = rows.filter((row) => row.progressIsUnsent).map(heldOf);
    // Their handlers may block the loop until it is taken for dead. What lasts that long can wait for the next tick.
    const until = this.#life.leases.now() + this.#life.settings.stallSeconds - WAITING_TICK_SECONDS;
    if (held.length > 0 || rows.some((row) => row.leaseEnd < until)) this.#tell({ held });
  }

  removed(rows: readonly Row[]): void {
    this.#removed += removedLines(rows);
  }

  changed(row: Row): void {
    if (row.ended !== null) this.removed([row]);
    else this.#keeper?.send({ held: [heldOf(row)] });
  }

  catchUp(now: number): void {
    if (now - this.#tickedAt < 2 * TICK_SECONDS) return;
    this.#tickedAt = now;
    this.#keeper?.catchUp();
  }

  /** Says at once that no events are wanted, or what is released now would come back with a poll that waits. */
  sayHold(): Promise<void> {
    return new Promise((resolve) => {
      const number = ++this.#beats;
      const over = (): void => {
        clearTimeout(timer);
        this.#waiting.delete(number);
        resolve();
      };
      const timer = setTimeout(over, MAX_HOLD_CALL_SECONDS * 1000);
      this.#waiting.set(number, over);
      if (this.#keeper === null || this.#isStopped) over();
      else this.#keeper.send({ hold: this.#hold(), beat: number });
    });
  }

  #start(): void {
    const { settings, leases, identity } = this.#life;
    const now = leases.now;
    const hear = (message: FromKeeper): void => {
      this.#hear(message);
    };
    const crashed = (error: unknown): void => {
      this.#crashed(error);
    };
    if (settings.heartbeats === "thread") {
      try {
        const port = this.healthPort ?? settings.healthPort;
        this.#keeper = new KeeperThread(settings, port, now, hear, crashed, this.#program);
      } catch (err) {
        settings.logger.warn({ err }, "there is no worker thread: heartbeats are sent on the event loop");
      }
    }
    this.#keeper ??= new KeeperOnLoop(settings, identity, now, hear, crashed);
    this.#placed = this.#removed = ""; // it hears of all that is held now
    this.#keeper.send({
      ...(this.#who !== undefined && { who: this.#who }),
      held: [...leases.table.rows.values()].filter((row) => row.ended === null).map(heldOf),
      hold: this.#hold(),
      wrong: this.#wrong,
      begin: this.#hasBegun,
    });
  }

  #crashed(err: unknown): void {
    if (this.#isStopped) return;
    const { settings, leases, crashed } = this.#life;
    settings.logger.error({ part: "heart", err }, `${settings.engineType}: a part has crashed: heart`);
    this.#keeper = null;
    for (const over of this.#waiting.values()) over();
    if (!this.#crashes.areTooMany(leases.now())) {
      this.#restarting = setTimeout(() => {
        this.#start();
      }, RESTART_SECONDS * 1000);
      return;
    }
    crashed.push("heart");
    this.#life.end(STUCK_STATUS, "heart crashes");
    this.#opened?.resolve();
  }

  #tick(): void {
    const { leases, slots } = this.#life;
    this.#tickedAt = leases.now();
    this.#keeper?.tick(slots.running);
    const wrong = this.#wrongNow();
    const hasChanged = JSON.stringify(wrong) !== JSON.stringify(this.#wrong);
    this.#wrong = wrong;
    if (hasChanged || this.#placed !== "" || this.#removed !== "") this.#tell({ wrong });
  }

  /** Leases that wait to be told go with it: each message wakes a thread, which costs as much as ten events. */
  #tell(message: ToKeeper): void {
    this.#keeper?.send({ ...message, placed: this.#placed, removed: this.#removed });
    this.#placed = this.#removed = "";
  }

  #hear(message: FromKeeper): void {
    const { leases, settings } = this.#life;
    switch (message.what) {
      case "heard":
        this.#heard(message);
        break;
      case "refused":
        this.#refused(message).catch((error: unknown) => {
          this.#crashed(error);
        });
        break;
      case "beaten":
        this.#waiting.get(message.beat)?.();
        break;
      case "late":
        leases.stats.heartbeatsLate += 1;
        break;
      case "clock_jumped":
        leases.table.aliveUntil = leases.now();
        break;
      case "log":
        settings.logger[message.level](message.fields, message.message);
        break;
      case "open":
        this.healthPort = message.healthPort;
        this.#opened?.resolve();
        break;
      case "not_open":
        this.#opened?.reject(
          new ConfigurationError(`healthPort ${settings.healthPort ?? ""} cannot be used: ${message.why}`),
        );
        break;
    }
  }

  #heard(heard: Heard): void {
    const { leases, settings } = this.#life;
    this.answeredAt = heard.sentAt;
    leases.stats.heartbeats += 1;
    leases.heard(heard.sentAt);
    for (const each of heard.renewed) {
      const row = this.#rowOf(each);
      if (row !== undefined) leases.renewed(row, each.progress, each.leaseEnd);
    }
    const lost = heard.lost.flatMap((each) => {
      const row = this.#rowOf(each);
      return row === undefined ? [] : [{ row, reason: each.reason }];
    });
    const news = leases.lose(lost);
    for (const row of news) {
      const reason = row.ended ?? "unknown";
      settings.logger.warn(row.fields({ reason }), `the lease of ${row.toString()} was lost: ${reason}`);
    }
    const cancels = heard.eventsToCancel.flatMap((eventId) => leases.table.rows.get(eventId) ?? []);
    const isCancelled = leases.tell(cancels, "cancel_requested");
    if (isCancelled || news.length > 0) this.#life.stopWaiting();
    this.#life.obey(heard.command, heard.afterDrain);
    leases.changed.notify();
  }

  /** A new token keeps the leases; all else is for the identity to decide. */
  async #refused({ number, problem, status, requestId }: Refused): Promise<void> {
    if (number !== this.#who?.number) return; // the engine has been identified anew since
    const { identity } = this.#life;
    const error = problemError(problem, status, requestId);
    const generation = this.#generation;
    if (error instanceof Unauthenticated && (await identity.renew())) return;
    await identity.recover(error, generation);
  }

  #rowOf({ eventId, leaseToken }: LeaseName): Row | undefined {
    const row = this.#life.leases.table.rows.get(eventId);
    return row?.leaseToken === leaseToken ? row : undefined;
  }

  #hold(): { until: number; reason: string } {
    const { holdUntil, holdReason } = this.#life.leases;
    return { until: holdUntil, reason: holdReason };
  }

  #wrongNow(): Wrong {
    return { live: this.#life.failing(), ready: this.#life.unready() };
  }
}

type Wrong = NonNullable<ToKeeper["wrong"]>;

function heldOf(row: Row): Held {
  const { eventId, leaseToken, visibilitySeconds, leaseEnd } = row;
  return { eventId, leaseToken, visibilitySeconds, leaseEnd, progress: row.progressIsUnsent ? row.progress : null };
}
