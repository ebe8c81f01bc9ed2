/** How long to wait before a call is repeated. */

const FIRST_SECONDS = 0.2;
const MAX_SECONDS = 5;
const SPREAD_SECONDS = 2;
const AFTER_NOTHING_SECONDS = 0.5;

/**
 * The pause before the next try, after `repeats` pauses so far. `random` is between 0 and 1.
 *
 * With `spread` the first pause is anything up to two seconds: the server has gone away, and not all of its clients
 * should come back in the same moment. Nor should those that the server asks to come back later: the pause follows
 * `retryAfter`.
 */
export function pauseSeconds(repeats: number, random: number, spread: boolean, retryAfter: number | null): number {
  const seconds =
    spread && repeats === 0
      ? SPREAD_SECONDS * random
      : Math.min(FIRST_SECONDS * 2 ** Math.min(repeats, 10), MAX_SECONDS) * (0.5 + random / 2);
  return seconds + (retryAfter ?? 0);
}

/** A pause of up to twice as long, so that not all that were given the same seconds come back in one moment. */
export function spreadOut(seconds: number, random: number): number {
  return seconds * (1 + random);
}

/** A reply that brings nothing, and came before its time, is followed by a pause, so that nothing spins. */
export function pauseAfterNothing(
  waitedSeconds: number,
  askedSeconds: number,
  notice: { code: string; retry_after_seconds: number } | null,
  random: number,
): number {
  if (askedSeconds === 0 && notice?.code !== "engine_draining" && notice?.code !== "server_stopping") return 0;
  if (askedSeconds > 0 && waitedSeconds >= askedSeconds * 0.9) return 0;
  return spreadOut(Math.max(notice?.retry_after_seconds ?? 0, AFTER_NOTHING_SECONDS), random);
}
