/** One attempt of a handler, from the payload to the report. */
import { abortFor } from "../abort.js";
import { within } from "../current.js";
import { bodyOf, give, type Event } from "../event.js";
import { isThenable, type Handler } from "../handlers.js";
import type { Logger } from "../logger.js";
import { Failed, NotRetryable, PayloadInvalid, Released, type Report } from "../outcomes.js";
import { reportOf, reportOfReturn } from "../reports.js";
import type { Row } from "../rules/leases.js";
import { decode } from "../schema.js";
import { processing } from "../tracing.js";
import type { Settings } from "../settings.js";

const MAX_LOG_CHARS = 500;

/**
 * Calls the handler of a row that has begun. Whatever it throws becomes a report; null where nothing is reported.
 *
 * A promise only where the handler, or its schema, makes one.
 */
export function attempt(
  row: Row,
  event: Event,
  handler: Handler,
  state: unknown,
  settings: Settings,
): Report | null | Promise<Report | null> {
  const body = bodyOf(event);
  return processing(body, settings.engineType, (ended) => {
    const finish = (report: Report | null, failure: { thrown: unknown } | null): Report | null => {
      const isNews = failure === null || row.told === null || row.told === "timeout";
      if (settings.logFailures && isNews && report !== null) log(settings, row, report, failure);
      if (failure === null) ended(outcomeOf(report));
      else ended(outcomeOf(report), failure.thrown);
      return report;
    };
    const threw = (thrown: unknown): Report | null => {
      return finish(reportOf(thrown, row, { withStack: settings.reportTraceback }), { thrown });
    };
    const returned = (result: unknown): Report | null => {
      let report: Report;
      try {
        report = reportOfReturn(result);
      } catch (thrown) {
        return threw(thrown);
      }
      return finish(report, null);
    };
    const call = (payload: unknown): unknown => {
      give(event, payload, state);
      if (row.told !== null) throw abortFor(row.told);
      const { call: handle } = handler; // so that `this` is undefined in it
      return within(event, () => handle(event));
    };
    let result: unknown;
    try {
      result = handler.schema === undefined ? call(body.payload) : decode(handler.schema, body.payload).then(call);
      if (isThenable(result)) return Promise.resolve(result).then(returned, threw);
    } catch (thrown) {
      return threw(thrown);
    }
    return returned(result);
  });
}

function outcomeOf(report: Report | null): string {
  if (report === null) return "nothing";
  return report instanceof Failed ? "failed" : report instanceof Released ? "released" : "completed";
}

/** One line; with the stack where nobody has foreseen it. */
function log({ engineType, logger }: Settings, row: Row, report: Report, failure: { thrown: unknown } | null): void {
  const fields = row.fields({ engineType });
  const say = (level: keyof Logger, more: object, text: string): void => {
    logger[level]({ ...fields, ...more }, `${row.toString()} ${text.replace(/\s+/g, " ").slice(0, MAX_LOG_CHARS)}`);
  };
  if (report instanceof Released) {
    const hold = report.holdSeconds;
    const how = hold === null ? `for ${report.delaySeconds} s at least` : `and the engine holds off for ${hold} s`;
    say("info", {}, `goes back, ${how}: ${report.reason ?? "no reason was given"}`);
  } else if (report instanceof Failed) {
    const { type, message } = report.error;
    const thrown = failure?.thrown;
    if (report.delaySeconds !== null) {
      if (row.event?.isLastAttempt !== true)
        say("info", {}, `failed, and is retried in ${report.delaySeconds} s: ${message}`);
      else say("warn", {}, `failed, and becomes a dead letter, because no retries are left: ${type}: ${message}`);
      return;
    }
    const isForeseen = row.told !== null || thrown instanceof NotRetryable || thrown instanceof PayloadInvalid;
    say("warn", failure === null || isForeseen ? {} : { err: thrown }, `failed: ${type}: ${message}`);
  }
}
