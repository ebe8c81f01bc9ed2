/** What this engine holds, and what waits to be reported. */
import { Condition } from "./condition.js";
import { byteLength, depth, STANDARD, textOf, type Json } from "./encoding.js";
import { Event } from "./event.js";
import { counted, type LeasedEvent } from "./leased-event.js";
import { Completed, Failed, Released, type Report } from "./outcomes.js";
import { MAX_DETAIL_BYTES, MAX_JSON_DEPTH, settlement } from "./reports.js";
import { Renewals } from "./renewals.js";
import { Row, Table, type Told } from "./rules/leases.js";
import { Settlement } from "./settlement.js";
import type { Settings } from "./settings.js";
import { newStats, type Stats } from "./stats.js";

/** Gets to know what happens to the rows, as whoever sends heartbeats needs it. */
export interface LeaseWatcher {
  placed(rows: readonly Row[]): void;
  removed(rows: readonly Row[]): void;
  /** Its progress was set, or its lease has ended. */
  changed(row: Row): void;
  /** Reads what the server has said meanwhile, where the event loop was blocked. */
  catchUp(now: number): void;
}

/** The table of leases, and the settlements in the order in which handlers ended. */
export class Leases {
  readonly capacity: number;
  readonly json: Json;
  readonly table: Table = new Table();
  readonly stats: Stats = newStats();
  /** Something can be sent, or leased. */
  readonly changed: Condition = new Condition();
  readonly now: () => number;
  maxDetailBytes: number = MAX_DETAIL_BYTES;
  maxJsonDepth: number = MAX_JSON_DEPTH;
  outbox: Settlement[] = [];
  holdUntil = 0;
  holdReason = "";
  /** When a handler last began. */
  beganAt = 0;
  /** A poll is under way, which may bring events. */
  isPolling = false;
  /** Gets the leases that may begin. */
  takeIn: (rows: Row[]) => void = () => undefined;
  watcher: LeaseWatcher | null = null;
  readonly #settings: Settings;
  #late: Settlement[] = [];
  readonly #renewals = new Renewals();

  constructor(settings: Settings, now: () => number = () => performance.now() / 1000) {
    this.#settings = settings;
    this.capacity = settings.capacity;
    this.json = settings.json;
    this.now = now;
  }

  /** Events whose settlement has no answer yet. */
  get held(): number {
    return this.table.size;
  }

  /** True while the lease holds for certain. */
  isCertain(row: Row): boolean {
    return this.table.isCertain(row, this.now());
  }

  rows(wanted: (row: Row) => boolean): Row[] {
    return [...this.table].filter(wanted);
  }

  /** Keeps the progress for the next renewal; with `now` that is at once, though once a second at most. */
  setProgress(row: Row, progress: string, options: { now?: boolean } = {}): void {
    const bytes = byteLength(progress);
    if (bytes > this.maxDetailBytes) {
      throw new RangeError(`a progress of ${bytes} bytes is longer than ${this.maxDetailBytes}`);
    }
    const levels = depth(progress);
    if (levels > this.maxJsonDepth) {
      throw new RangeError(`a progress is nested ${levels} deep; at most ${this.maxJsonDepth} are taken`);
    }
    if (row.state === "settling") {
      const text = `${row.toString()} has progress after its end, which is lost: await what reports it`;
      this.#settings.logger.warn(row.fields(), text);
      return;
    }
    row.progress = progress;
    row.progressIsUnsent = true;
    this.watcher?.changed(row);
    if (options.now === true && row.state === "running") {
      this.#renewals.add(row);
      this.changed.notify();
    }
  }

  /** Takes in leased events; those that may begin. `arrived` is when their lease is counted from. */
  place(bodies: readonly LeasedEvent[], arrived: number): Row[] {
    const begin: Row[] = [];
    const placed: Row[] = [];
    for (const sent of bodies) {
      const body = this.json === STANDARD ? sent : counted(sent);
      const lease = body.lease;
      const row = new Row({
        eventId: body.event_id,
        leaseToken: lease.lease_token,
        attempt: body.attempt,
        visibilitySeconds: lease.visibility_timeout_seconds,
        eventType: body.event_type,
      });
      row.event = new Event(body, row, this);
      row.progress = this.#handedOn(body);
      row.progressIsUnsent = row.progress !== null;
      const how = this.table.place(row, arrived + lease.expires_in_seconds, arrived);
      if (how === "begin") begin.push(row);
      if (how !== "known") placed.push(row);
    }
    this.watcher?.placed(placed);
    this.interrupt(this.table.older.values());
    return begin;
  }

  /** The progress of the attempt before: the server shows an attempt no other, so each has to report it anew. */
  #handedOn(body: LeasedEvent): string | null {
    const progress: unknown = body.previous?.progress ?? null;
    if (progress === null) return null;
    try {
      const text = textOf(progress, this.json);
      return byteLength(text) <= this.maxDetailBytes ? text : null;
    } catch {
      return null; // as for a number that is no JSON once it is decoded
    }
  }

  /** False if the handler must not begin; the event is given back then, if it is still held. */
  begin(row: Row): boolean {
    const now = this.now();
    this.watcher?.catchUp(now);
    if (!this.table.begin(row, now)) {
      this.decline(row);
      return false;
    }
    const limit = row.handler?.timeoutSeconds;
    row.timeLimitAt = limit === undefined ? null : now + limit;
    this.beganAt = now;
    return true;
  }

  /** Gives back an event that was not begun. */
  decline(row: Row, report?: Report): void {
    if (row.state !== "waiting") return;
    this.finish(row, report ?? new Released({ code: row.told ?? "not_begun", reason: "it was not begun" }));
  }

  /** The event is over for its handler. Does nothing if it was over before. */
  finish(row: Row, report: Report | null): void {
    if (row.state === "settling") return;
    const event = row.event;
    let settled: Settlement | null = null;
    if (report !== null && event !== null) {
      settled = this.#settlement(row, report, event);
      const sent = settled.report;
      if (sent instanceof Failed && sent !== report) {
        this.#settings.logger.warn(row.fields(), `${row.toString()} failed: ${sent.error.message}`);
      }
    }
    this.table.finish(row);
    row.wake = null;
    this.#renewals.remove(row);
    if (settled === null) {
      this.remove([row]); // its lease was lost
    } else {
      this.outbox.push(settled);
      this.#count(settled.report);
    }
    this.changed.notify();
  }

  #settlement(row: Row, report: Report, event: Event | null, isFallback: boolean = false): Settlement {
    const [body, sent] = settlement(row, report, this.json, this.maxDetailBytes);
    return new Settlement(row, body, { report: sent, event, isFallback });
  }

  #count(report: Report | null): void {
    if (report instanceof Completed) {
      this.stats.completed += 1;
    } else if (report instanceof Failed) {
      this.stats.failed += 1;
    } else if (report !== null) {
      this.stats.released += 1;
      const until = this.now() + (report.holdSeconds ?? 0);
      if (report.holdSeconds !== null && until > this.holdUntil) {
        this.holdUntil = until;
        this.holdReason = report.reason ?? "held";
      }
    }
  }

  /** The reports of rows have their answers, or there are none: newer leases of their events begin. */
  remove(rows: readonly Row[]): void {
    const begin: Row[] = [];
    for (const row of rows) {
      const newer = this.table.remove(row);
      if (newer !== null) begin.push(newer);
    }
    this.watcher?.removed(rows);
    if (begin.length > 0) this.takeIn(begin);
  }

  /** The server says that leases are lost, and why: their handlers are told. Those for which that is news. */
  lose(lost: readonly { row: Row; reason: string | null }[]): Row[] {
    const now = this.now();
    const news = lost.filter(({ row, reason }) => this.table.lose(row, reason, now)).map(({ row }) => row);
    this.#areLost(news);
    return news;
  }

  /** No lease holds any more. */
  loseAll(reason: string): Row[] {
    const lost = this.table.loseAll(reason, this.now());
    this.#areLost(lost);
    return lost;
  }

  #areLost(rows: readonly Row[]): void {
    this.stats.lost += rows.length;
    for (const row of rows) this.watcher?.changed(row);
    this.interrupt(rows);
  }

  /** A report came too late. True if it will be, or may be, that of a newer lease which this engine has. */
  inherit(late: Settlement, eventStatus: string | null): boolean {
    const newer = this.table.inherit(late.row);
    if (newer !== null) {
      const body = late.body.replace(late.row.leaseToken, () => newer.leaseToken);
      const { report, isFallback } = late;
      this.outbox.push(new Settlement(newer, body, { report, event: newer.event, isFallback }));
      this.watcher?.removed([late.row]);
      this.changed.notify();
      return true;
    }
    if (!this.isPolling || late.row.beganAt === 0 || eventStatus !== "processing") return false;
    this.#late.push(late); // it may be this engine that has leased the event again
    return true;
  }

  /** The reply of a poll is placed: reports that came too late meanwhile. */
  polled(): Settlement[] {
    const late = this.#late;
    this.#late = [];
    this.isPolling = false;
    return late;
  }

  /** The server has answered a call of that time. */
  heard(sentAt: number): void {
    const until = sentAt + this.#settings.heartbeatTimeoutSeconds;
    this.table.aliveUntil = Math.max(this.table.aliveUntil, until);
  }

  /** Tells handlers to stop; false if all were told before. */
  tell(rows: readonly Row[], reason: Told): boolean {
    const now = this.now();
    const told = rows.filter((row) => row.tell(reason, now));
    this.interrupt(told);
    return told.length > 0;
  }

  /** Wakes the handlers of rows that were told to stop. */
  interrupt(rows: Iterable<Row>): void {
    for (const row of rows) row.wake?.();
  }

  /** When a renewal may be sent; null without any. */
  renewalsInSeconds(): number | null {
    return this.#renewals.inSeconds(this.now());
  }

  /** The next settlements and renewals to send, at least one where there are any. */
  take(entries: number, mostChars: number): Settlement[] {
    let count = 0;
    let size = 0;
    for (const { body } of this.outbox) {
      if (count >= entries || (count > 0 && size + body.length > mostChars)) break;
      count += 1;
      size += body.length;
    }
    const settlements = this.outbox.splice(0, count);
    const renewals = size > mostChars ? [] : this.#renewals.take(this.now(), entries - count, mostChars - size);
    return [...settlements, ...renewals];
  }

  /** They were not answered, and are sent again before all others. */
  putBack(settlements: readonly Settlement[]): void {
    this.outbox = [...settlements.filter((each) => each.report !== null), ...this.outbox];
    this.changed.notify();
  }

  /** Reports otherwise of an event whose report was refused. */
  replace(refused: Settlement, report: Report): void {
    this.outbox.push(this.#settlement(refused.row, report, refused.event, true));
    this.changed.notify();
  }

  /** The server has renewed a lease, and has its progress. */
  renewed(row: Row, progress: string | null, leaseEnd: number): void {
    row.renew(leaseEnd);
    if (progress !== null && row.progress === progress) row.progressIsUnsent = false;
  }
}
