/** How many settlements go into one request, and what the answers to them mean. */
import { numberOf } from "./encoding.js";
import type { Calls } from "./calls.js";
import { NotEventLease, ProblemError, problemError, Unavailable, type Problem } from "./errors.js";
import type { Event } from "./event.js";
import type { Identity } from "./identity.js";
import type { Leases } from "./leases.js";
import type { Settlement } from "./settlement.js";
import type { Life } from "./life.js";
import type { Logger } from "./logger.js";
import { Failed, type Report } from "./outcomes.js";
import type { Row } from "./rules/leases.js";
import { ENGINE } from "./rules/repeats.js";
import { nextBatch, verdict } from "./rules/replies.js";

export const MAX_ENTRIES = 500;
export const MAX_CHARS: number = 4 * 1024 * 1024;
export const CALL_SECONDS = 30;
const MAX_REASON_CHARS = 2000;

/** The server's answer to one settlement or renewal. */
export interface Answer {
  readonly outcome?: string;
  readonly expires_in_seconds?: number;
  readonly cancel_requested?: boolean;
  readonly error?: Problem;
  readonly [member: string]: unknown;
}

export type Settled = (event: Event, report: Report, answer: Answer) => unknown;
export type Lost = (event: Event) => unknown;

/** What an author wants to be called back with. */
export interface Callbacks {
  readonly onSettled: readonly Settled[];
  readonly onLost: readonly Lost[];
}

/** A poll that travels with settlements: its members, without braces, and its path. */
export interface Poll {
  readonly members: string;
  readonly path: string;
  readonly seconds: number;
}

export interface Exchanged {
  readonly answer: Readonly<Record<string, unknown>>;
  /** When the request was sent that brought it. */
  readonly sentAt: number;
  /** Every settlement got a definite answer. */
  readonly isSettled: boolean;
}

export class Settlements {
  readonly #calls: Calls;
  readonly #leases: Leases;
  readonly #identity: Identity;
  readonly #logger: Logger;
  readonly #onSettled: readonly Settled[];
  readonly #onLost: readonly Lost[];
  #entries = MAX_ENTRIES;

  constructor({ calls, leases, identity, settings }: Life, callbacks: Callbacks) {
    this.#calls = calls;
    this.#leases = leases;
    this.#identity = identity;
    this.#logger = settings.logger;
    this.#onSettled = callbacks.onSettled;
    this.#onLost = callbacks.onLost;
  }

  /** What goes with the next request. */
  take(): Settlement[] {
    return this.#leases.take(this.#entries, MAX_CHARS);
  }

  /**
   * One request of settlements, which may be a poll at the same time. Null without a reply.
   *
   * What was sent is sent again if the part that sent it crashes: nothing happens twice by that.
   */
  async send(sent: readonly Settlement[], poll: Poll | null = null): Promise<Exchanged | null> {
    const settlements = sent.length > 0 ? `"settlements":[${sent.map((each) => each.body).join(",")}]` : null;
    const body = `{${[poll?.members ?? null, settlements].filter((part) => part !== null).join(",")}}`;
    const generation = this.#identity.generation;
    try {
      const method = poll === null ? "PUT" : "POST";
      const path = poll?.path ?? "/events/status";
      const seconds = poll?.seconds ?? CALL_SECONDS;
      const reply = await this.#calls.send(method, path, body, { seconds, repeat: ENGINE });
      const members = poll === null ? ["results"] : ["results", "events"];
      const answer = this.#calls.decodeObject(reply, ...members);
      const isSettled = sent.length === 0 || this.#apply(sent, answer["results"] as Answer[], reply.sentAt);
      return { answer, sentAt: reply.sentAt, isSettled };
    } catch (error) {
      if (error instanceof ProblemError || error instanceof Unavailable || error instanceof NotEventLease) {
        await this.#refusedWhole(sent, error, generation);
        return null;
      }
      this.#leases.putBack(sent);
      throw error;
    }
  }

  #apply(sent: readonly Settlement[], answers: readonly Answer[], sentAt: number): boolean {
    const leases = this.#leases;
    this.#entries = Math.min(this.#entries * 2, MAX_ENTRIES);
    const settled: { each: Settlement; report: Report; answer: Answer }[] = [];
    const refused: { each: Settlement; problem: Problem }[] = [];
    const cancelled: Row[] = [];
    leases.heard(sentAt);
    for (const [index, answer] of answers.slice(0, sent.length).entries()) {
      const each = sent[index] as Settlement;
      const { report, row, progress } = each;
      if (answer.error !== undefined) {
        refused.push({ each, problem: answer.error });
      } else if (report !== null) {
        settled.push({ each, report, answer });
      } else if (answer.expires_in_seconds !== undefined) {
        leases.renewed(row, progress, sentAt + numberOf(answer.expires_in_seconds));
        if (answer.cancel_requested === true) cancelled.push(row);
      }
    }
    leases.remove(settled.map(({ each }) => each.row));
    leases.tell(cancelled, "cancel_requested");
    const again = refused.filter(({ each, problem }) => this.#isToBeRepeated(each, problem)).map(({ each }) => each);
    again.push(...sent.slice(answers.length));
    if (again.length > 0) leases.putBack(again);
    leases.changed.notify();
    for (const callback of this.#onSettled) {
      for (const { each, report, answer } of settled) this.#guarded(each, (event) => callback(event, report, answer));
    }
    return again.length === 0;
  }

  /** The request that carried them was refused: they go again, fewer at a time where that may help. */
  async #refusedWhole(
    sent: readonly Settlement[],
    error: ProblemError | Unavailable | NotEventLease,
    generation: number,
  ): Promise<void> {
    if (error instanceof NotEventLease) {
      this.#leases.putBack(sent);
      this.#logger.error({}, error.message);
      return;
    }
    const status = error.status ?? 0;
    let isTakenBack = sent.length > 0;
    const alone = sent.length === 1 ? sent[0] : undefined;
    if (alone !== undefined && status >= 400 && ![401, 404, 409].includes(status)) {
      const problem = error instanceof ProblemError ? error.problem : { code: error.code ?? "" };
      isTakenBack = this.#isToBeRepeated(alone, { detail: error.message, ...problem, status }, true);
    }
    if (isTakenBack) {
      this.#entries = nextBatch(sent.length, status);
      this.#leases.putBack(sent);
    }
    if (error instanceof ProblemError) await this.#identity.recover(error, generation);
  }

  /** A poll is over: reports that came too late meanwhile go with the leases that it has brought, or nowhere. */
  polled(): void {
    for (const late of this.#leases.polled()) {
      if (this.#leases.inherit(late, null)) continue;
      const text = `the report of ${late.row.toString()} was not taken: its event was leased again`;
      this.#logger.warn(late.row.fields(), text);
      this.#drop(late);
    }
  }

  /** What becomes of a settlement that was refused; true if it should be sent again. */
  #isToBeRepeated(each: Settlement, problem: Problem, isAlone: boolean = false): boolean {
    const error = problemError(problem, numberOf(problem.status));
    const { row } = each;
    if (error.status >= 500) each.internalErrors += 1;
    const what = verdict(error.code, error.status, each.isFallback, each.internalErrors);
    if (what === "again") return true;
    if (each.report === null) {
      if (what === "lost") this.#leases.lose([{ row, reason: textOrNull(problem["lease_ended_by"]) }]);
      return false;
    }
    const fields = row.fields({ code: error.code, lost: row.ended });
    const name = row.toString();
    if (what === "refused") {
      const why = whyRefused(error);
      this.#logger.error(fields, `the report of ${name} was refused, so the event fails: ${why}`);
      const details = { code: error.code, errors: error.errors };
      const type = isAlone && [400, 415].includes(error.status) ? "ClientBug" : "ResultRefused";
      this.#leases.replace(each, new Failed({ type, message: why, details }, { retryable: false }));
    } else if (what === "lost" && this.#leases.inherit(each, textOrNull(problem["event_status"]))) {
      this.#logger.info(fields, `the report of ${name} came too late, and goes with a newer lease if there is one`);
    } else {
      const level = what === "dropped" ? "error" : row.ended !== null ? "info" : "warn";
      this.#logger[level](fields, `the report of ${name} was not taken: ${error.message}`);
      this.#drop(each);
    }
    return false;
  }

  #drop(each: Settlement): void {
    this.#leases.remove([each.row]);
    this.#leases.stats.resultsLost += 1;
    this.#leases.changed.notify();
    for (const callback of this.#onLost) this.#guarded(each, callback);
  }

  /** Whatever a callback throws, or rejects with, changes nothing. */
  #guarded({ row, event }: Settlement, callback: (event: Event) => unknown): void {
    if (event === null) return;
    const failed = (err: unknown): void => {
      this.#logger.error(row.fields({ err }), `a callback failed, with ${row.toString()}`);
    };
    try {
      void Promise.resolve(callback(event)).catch(failed);
    } catch (error) {
      failed(error);
    }
  }
}

/** The wrong places of the report, for people; without them, what the server says of the whole. */
function whyRefused({ code, detail, errors }: ProblemError): string {
  if (errors.length === 0) return `${code}: ${detail}`;
  const places = errors.map((error) => {
    return `${(error.pointer ?? "").replace(/^\/settlements\/\d+/, "") || "the report"}: ${error.detail ?? ""}`;
  });
  return places.join("; ").replaceAll("may_enqueue", "`mayEnqueue`").slice(0, MAX_REASON_CHARS);
}

function textOrNull(value: unknown): string | null {
  return typeof value === "string" ? value : null;
}
