/** Errors that show the line of the program that made the call. */

import { EventCancelled, EventFailed, EventLeaseError, ProblemError, Unavailable, problemError } from "./errors.js";

/**
 * Makes a call of a client. Its errors, thrown or in a list of results, are copies with the stack of the caller: an
 * error that was made for a request that many callers share shows none of their lines, nor does one of a long chain of
 * calls.
 */
export async function called<Result>(call: () => Promise<Result>): Promise<Result> {
  try {
    const result = await call();
    return Array.isArray(result) ? (copiesIn(result) as Result) : result;
  } catch (error) {
    throw error instanceof EventLeaseError ? copyOf(error) : error;
  }
}

/** The results, of which some may be the same error. */
function copiesIn(results: readonly unknown[]): unknown[] {
  const copies = new Map<EventLeaseError, EventLeaseError>();
  return results.map((result) => {
    if (!(result instanceof EventLeaseError)) return result;
    const copy = copies.get(result) ?? copyOf(result);
    copies.set(result, copy);
    return copy;
  });
}

function copyOf(error: EventLeaseError): EventLeaseError {
  const copy = sameAs(error);
  if (error.cause !== undefined) copy.cause = error.cause;
  Error.captureStackTrace(copy, called);
  return copy;
}

function sameAs(error: EventLeaseError): EventLeaseError {
  if (error instanceof ProblemError) return problemError(error.problem, error.status, error.requestId);
  if (error instanceof Unavailable) return new Unavailable(error.message, error);
  if (error instanceof EventFailed) return new EventFailed(error.event);
  if (error instanceof EventCancelled) return new EventCancelled(error.event);
  return new (error.constructor as typeof EventLeaseError)(error.message);
}
