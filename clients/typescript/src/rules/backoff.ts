/** Pauses between calls. */

const FIRST_SECONDS = 0.2;
const MAX_SECONDS = 5;
const SPREAD_SECONDS = 2;
const AFTER_NOTHING_SECONDS = 0.5;
const MAX_ASKED_SECONDS = 60;

/**
 * The pause before the next try, after `repeats` pauses so far. `random` is between 0 and 1.
 *
 * With `spread` the first pause is a random time of up to two seconds, so that after a restart of the server not all
 * clients call it in the same moment. For the same reason the pause is added to `retryAfter`, of which at most a minute
 * is obeyed: proxies ask for an hour where the server is back much earlier.
 */
export function pauseSeconds(repeats: number, random: number, spread: boolean, retryAfter: number | null): number {
  const seconds =
    spread && repeats === 0
      ? SPREAD_SECONDS * random
      : Math.min(FIRST_SECONDS * 2 ** Math.min(repeats, 10), MAX_SECONDS) * (0.5 + random / 2);
  return seconds + Math.min(retryAfter ?? 0, MAX_ASKED_SECONDS);
}

/**
 * The pause that a reply asks for in its body, of which at most a minute is obeyed. It is spread over up to twice as
 * long, so that clients with the same pause do not call at the same time.
 */
export function pauseAskedFor(asked: number | null, least: number, random: number): number {
  return Math.max(Math.min(asked ?? 0, MAX_ASKED_SECONDS), least) * (1 + random);
}

/** The pause after a reply without a result that came earlier than asked for, so that the caller does not spin. */
export function pauseAfterNothing(
  waitedSeconds: number,
  askedSeconds: number,
  notice: { code: string; retry_after_seconds: number } | null,
  random: number,
): number {
  if (askedSeconds === 0 && notice?.code !== "engine_draining" && notice?.code !== "server_stopping") return 0;
  if (askedSeconds > 0 && waitedSeconds >= askedSeconds * 0.9) return 0;
  return pauseAskedFor(notice?.retry_after_seconds ?? null, AFTER_NOTHING_SECONDS, random);
}
